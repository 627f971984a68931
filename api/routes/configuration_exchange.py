"""A whole configuration taken out, compared and brought in."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Reply, documented
from engine.configuration.reader import storable_json
from engine.errors import Conflict, InvalidInput, NotAuthenticated, PermissionDenied
from engine.packs.render import write_yaml
from engine.packs.source import read_source
from engine.permissions import Permission
from services import configuration_export, configuration_import
from services.configuration_import import Exchange
from services.context import Caller

router = APIRouter(
    prefix="/config",
    route_class=OnceRoute,
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, Conflict),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
EXAMPLE = {
    "format": "winnow-configuration",
    "schema": 1,
    "policies": [{"name": "Scams", "severity": "HIGH"}],
    "rules": [
        {
            "name": "Scam words",
            "status": "SHADOW",
            "itemTypeIds": ["@item-type/Post"],
            "where": "matches(text, 'crypto-scams')",
            "policyIds": ["@policy/Scams"],
        }
    ],
}
YAML = "application/yaml"
DEEPEST = 64


@router.get(
    "/export",
    summary="Everything that is configured, as one document",
    responses={200: {"content": {"application/json": {"example": EXAMPLE}, YAML: {}}}},
    response_class=Response,
)
def export_configuration(
    request: Request,
    caller: Administrator,
    format: Annotated[Literal["json", "yaml"], Query()] = "json",  # noqa: A002 - on the wire
) -> Response:
    """References are by name (`@action/Remove`); the values of headers are left out."""
    document = configuration_export.export_configuration(context_of(request), caller)
    if format == "yaml":
        return Response(write_yaml(document), media_type=YAML)
    return JSONResponse(document)


@router.post("/import", summary="Bring a configuration in, all of it or nothing")
def import_configuration(
    request: Request,
    caller: Administrator,
    document: Annotated[Any, Body(examples=[EXAMPLE])],
    dryRun: Annotated[bool, Query()] = False,  # noqa: FBT002, N803 - on the wire
    prune: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    reason: Annotated[str, Query(max_length=255)] = "",
) -> Reply[Exchange]:
    """JSON, or YAML under another content type. A dry run makes every check and changes nothing.

    What the document does not name is left alone, or deleted with `prune`.
    """
    return Reply(
        configuration_import.import_configuration(
            context_of(request),
            caller,
            _read(document),
            dry_run=dryRun,
            prune=prune,
            reason=reason,
        )
    )


def _read(document: Any) -> object:
    if not isinstance(document, bytes):
        if not storable_json(document, DEEPEST):
            raise InvalidInput("the document is too deep, or holds what cannot be stored")
        return document
    try:
        return read_source(document.decode("utf-8"), "the document").value
    except UnicodeDecodeError as error:
        raise InvalidInput("the document is not UTF-8", hint="save it as UTF-8") from error
