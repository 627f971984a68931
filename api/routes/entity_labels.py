"""Labels of users, items and threads: put on, looked at, taken off."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Text, Words, documented, paging
from engine.casework.decisions import MAX_REASON
from engine.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Problem,
)
from engine.items import ItemRef
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import entity_labels
from services.context import Caller
from services.entity_labels import EntityLabel

router = APIRouter(
    prefix="/entity-labels",
    route_class=OnceRoute,
    tags=["Investigation"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Investigator = Annotated[Caller, Depends(Needs(Permission.VIEW_INVESTIGATION))]
Actor = Annotated[Caller, Depends(Needs(Permission.MANUALLY_ACTION_CONTENT))]
Reason = Annotated[Text, Field(max_length=MAX_REASON)]

EXAMPLE: JsonDict = {
    "entity": {"typeId": "<id of User>", "id": "user-17"},
    "name": "trusted",
    "expiresAt": "2027-01-01T00:00:00Z",
    "reason": "moderates the chess forum",
}


class Entity(Body):
    type_id: Words
    id: Annotated[Text, Field(min_length=1, max_length=entity_labels.MAX_ID)]


class NewLabel(Body):
    """Rules ask for it with has_label(); expiresAt null: until it is withdrawn."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    entity: Entity
    name: Annotated[Words, Field(min_length=1, max_length=entity_labels.MAX_NAME)]
    expires_at: Annotated[AwareDatetime, Field(strict=False)] | None = None
    reason: Reason = ""


class Withdrawal(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"reason": "no longer so"}})

    reason: Reason = ""


@router.get("", summary="Labels of one entity, or of all, latest first; those that are over too")
def list_entity_labels(
    request: Request,
    caller: Investigator,
    page: Annotated[PageRequest, Depends(paging)],
    typeId: Annotated[str | None, Query(max_length=255)] = None,  # noqa: N803 - its name on the wire
    id: Annotated[str | None, Query(max_length=entity_labels.MAX_ID)] = None,  # noqa: A002 - likewise
) -> Reply[Page[EntityLabel]]:
    if (typeId is None) is not (id is None):
        problem = Problem("give `typeId` and `id`, or neither", "")
        raise InvalidInput(problem.message, problems=(problem,))
    entity = ItemRef(typeId, id) if typeId is not None and id is not None else None
    return Reply(entity_labels.labels(context_of(request), caller, entity, page))


@router.post("", status_code=201, summary="Put a label on a user, an item or a thread")
def add_entity_label(request: Request, body: NewLabel, caller: Actor) -> Reply[EntityLabel]:
    return Reply(
        entity_labels.add_label(
            context_of(request),
            caller,
            ItemRef(body.entity.type_id, body.entity.id),
            body.name,
            expires_at=body.expires_at,
            reason=body.reason,
        )
    )


@router.post("/{label_id}/withdraw", summary="Take a label off; items of before keep it")
def withdraw_entity_label(
    request: Request, label_id: str, body: Withdrawal, caller: Actor
) -> Reply[EntityLabel]:
    return Reply(entity_labels.withdraw_label(context_of(request), caller, label_id, body.reason))
