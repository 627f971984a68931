"""`/org/settings`: one versioned document an organisation."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Words, documented, listed
from engine.configuration.reader import write_moment
from engine.configuration.settings import OrgSettings, settings_document
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page
from engine.permissions import Permission
from services import people, settings
from services.context import Caller
from store.config import Revision

router = APIRouter(
    prefix="/org/settings",
    route_class=OnceRoute,
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, Conflict),
)
Manager = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
ENVELOPE = frozenset({"version", "updatedAt", "updatedBy", "updatedByName", "schema"})
EXAMPLE: JsonDict = {
    "strikeTtlDays": 90,
    "strikeThresholds": [{"threshold": 3, "actionIds": [], "target": "USER"}],
    "liveNeedsSecondPerson": True,
    "reason": "Rules go live with a second pair of eyes.",
}


class SettingsBody(Body):
    """What was read may be sent back: its envelope is ignored."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE]})

    expected_version: int | None = None
    reason: Words | None = None

    def content(self) -> dict[str, Any]:
        values = self.model_extra or {}
        return {key: value for key, value in values.items() if key not in ENVELOPE}


class SettingsRollback(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"version": 1, "reason": "as before"}})

    version: int
    reason: Words = ""


def _shown(document: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if key != "schema"}


def _view(request: Request, caller: Caller, revision: Revision | None) -> dict[str, object]:
    """Version 0: nothing was saved yet, and every setting has its default."""
    if revision is None:
        usual = settings_document(OrgSettings())
        envelope = {"version": 0, "updatedAt": None, "updatedBy": None, "updatedByName": None}
        return {**_shown(usual), **envelope}
    names = people.names(context_of(request), caller, {revision.author})
    complete = settings_document(OrgSettings()) | dict(revision.document)
    return {
        **_shown(complete),
        "version": revision.version,
        "updatedAt": write_moment(revision.created_at),
        "updatedBy": revision.author,
        "updatedByName": names[revision.author],
    }


@router.get("", summary="The organisation's settings, defaults included", response_model=None)
def read_settings(request: Request, caller: Manager) -> dict[str, object]:
    return _view(request, caller, settings.settings_of(context_of(request), caller))


@router.put("", summary="Save every setting as a new version", response_model=None)
def write_settings(request: Request, caller: Manager, body: SettingsBody) -> dict[str, object]:
    saved = settings.save_settings(
        context_of(request),
        caller,
        body.content(),
        reason=body.reason or "",
        expected_version=body.expected_version,
    )
    return _view(request, caller, saved)


@router.get("/versions", summary="Every version, newest first", response_model=None)
def list_settings_versions(request: Request, caller: Manager) -> dict[str, Any]:
    found = settings.versions(context_of(request), caller)
    names = people.names(context_of(request), caller, {one.author for one in found})
    return listed(
        Page(tuple(found)),
        lambda one: {
            "version": one.version,
            "author": one.author,
            "authorName": names[one.author],
            "reason": one.reason,
            "createdAt": write_moment(one.created_at),
            "document": _shown(one.document),
        },
    )


@router.post(
    "/rollback",
    summary="Save an earlier version anew",
    response_model=None,
    responses=documented(NotFound),
)
def roll_back_settings(
    request: Request, caller: Manager, body: SettingsRollback
) -> dict[str, object]:
    saved = settings.rollback(context_of(request), caller, body.version, body.reason)
    return _view(request, caller, saved)
