"""People of the platform: what is known of one, and erasing it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath

from api.auth import Needs, context_of
from api.wire import Reply, documented
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.items import ItemRef
from engine.permissions import Permission
from services import erasures, person_export
from services.context import Caller
from services.erasures import Erasure
from services.person_export import PersonRecords

router = APIRouter(
    tags=["People"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
TypeId = Annotated[str, InPath(max_length=255)]
PersonId = Annotated[str, InPath(min_length=1, max_length=512)]


@router.get("/people/{typeId}/{id}/export", summary="Everything that is known of one person")
def export_person(
    request: Request,
    typeId: TypeId,  # noqa: N803 - its name on the wire
    id: PersonId,  # noqa: A002 - likewise
    caller: Administrator,
) -> Reply[PersonRecords]:
    """Their items and profile, what was decided and done, reports, appeals, strikes, labels."""
    person = ItemRef(typeId, id)
    return Reply(person_export.export_person(context_of(request), caller, person))


@router.delete("/people/{typeId}/{id}", status_code=202, summary="Erase a person's data")
def erase_person(
    request: Request,
    typeId: TypeId,  # noqa: N803
    id: PersonId,  # noqa: A002
    caller: Administrator,
) -> Reply[Erasure]:
    """A worker does it, within seconds as a rule; asked again meanwhile, it is the same erasure."""
    person = ItemRef(typeId, id)
    return Reply(erasures.erase_person(context_of(request), caller, person))


@router.get("/erasures/{erasure_id}", summary="How far an erasure has come")
def read_erasure(request: Request, erasure_id: str, caller: Administrator) -> Reply[Erasure]:
    return Reply(erasures.read_erasure(context_of(request), caller, erasure_id))
