"""A rule told to leave one item or person alone for a while."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Text, Words, documented, whole
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.items import ItemRef
from engine.paging import Page
from engine.permissions import Permission
from services import people, snoozes
from services.context import Caller, Context
from services.jobs import known_id
from store.snoozes import Snooze

router = APIRouter(
    prefix="/rules/{rule_id}/snoozes",
    route_class=OnceRoute,
    tags=["Rules"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))]
Author = Annotated[Caller, Depends(Needs(Permission.MUTATE_NON_LIVE_RULES))]

EXAMPLE: JsonDict = {
    "entity": {"typeId": "<id of User>", "id": "user-17"},
    "until": "2026-12-24T00:00:00Z",
    "reason": "a journalist who quotes scams",
}


class Entity(Body):
    """An item: itself, or the person whose items are meant."""

    type_id: Words
    id: Words


class NewSnooze(Body):
    """Until then the rule matches items of the entity, or the entity itself, and does not act."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    entity: Entity
    until: Annotated[AwareDatetime, Field(strict=False)]
    reason: Annotated[Text, Field(max_length=snoozes.MAX_REASON)] = ""


@dataclass(frozen=True)
class EntityView:
    type_id: str
    id: str


@dataclass(frozen=True)
class SnoozeView:
    """running: whether the rule is held back at this moment."""

    snooze_id: str
    rule_id: str
    entity: EntityView
    until: datetime
    reason: str
    actor: str
    actor_name: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    running: bool


def _views(context: Context, caller: Caller, found: list[Snooze]) -> list[SnoozeView]:
    names = people.names(context, caller, {each.actor for each in found})
    now = context.clock()
    return [
        SnoozeView(
            snooze_id=each.snooze_id,
            rule_id=each.rule_id,
            entity=EntityView(each.entity.type_id, each.entity.item_id),
            until=each.until,
            reason=each.reason,
            actor=each.actor,
            actor_name=names[each.actor],
            created_at=each.created_at,
            ended_at=each.ended_at,
            ended_by=each.ended_by,
            running=each.ended_at is None and now < each.until,
        )
        for each in found
    ]


@router.get("", summary="Whom a rule leaves alone, newest first; what is over too")
def list_snoozes(request: Request, rule_id: str, caller: Viewer) -> Reply[Page[SnoozeView]]:
    context = context_of(request)
    found = snoozes.snoozes_of(context, caller, rule_id)
    return Reply(whole(_views(context, caller, found)))


@router.post("", status_code=201, summary="Let a rule leave one item or person alone until a time")
def create_snooze(
    request: Request, rule_id: str, body: NewSnooze, caller: Author
) -> Reply[SnoozeView]:
    context = context_of(request)
    entity = ItemRef(body.entity.type_id, body.entity.id)
    made = snoozes.snooze(context, caller, rule_id, entity, body.until, body.reason)
    return Reply(_views(context, caller, [made])[0])


@router.post("/{snooze_id}/end", summary="Let the rule act on the entity again, at once")
def end_snooze(request: Request, rule_id: str, snooze_id: str, caller: Author) -> Reply[SnoozeView]:
    context = context_of(request)
    ended = snoozes.end_snooze(context, caller, rule_id, known_id(snooze_id))
    return Reply(_views(context, caller, [ended])[0])
