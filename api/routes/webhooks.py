"""The log of webhooks, sending them again, trying them out, and items asked of the platform."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, ConfigDict, Field

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Words, documented, paging, whole
from engine.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from engine.items import ItemRef
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import partial_items, webhook_log, webhook_trials
from services.context import Caller
from services.partial_items import PartialItem
from services.webhook_log import DeliveryPage, DeliveryView, EndpointView, Replayed
from services.webhook_trials import CallbackName, Trial
from store.deliveries import Selection

router = APIRouter(
    route_class=OnceRoute,
    tags=["Webhooks"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
RulesManager = Annotated[Caller, Depends(Needs(Permission.MUTATE_LIVE_RULES))]
Reviewer = Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))]
MOST_PARTIAL = 500


class DeliveryState(StrEnum):
    ANY = ""
    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


class EndedState(StrEnum):
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


class ReplaySelection(Body):
    """from, to: of creation; `to` is not among them. apply: false only counts."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"state": "dead", "from": "2026-03-01T00:00:00Z"}}
    )

    state: Annotated[EndedState, Field(strict=False)] = EndedState.DEAD
    action_id: Words | None = None
    from_: Annotated[AwareDatetime | None, Field(strict=False, alias="from")] = None
    to: Annotated[AwareDatetime | None, Field(strict=False)] = None
    apply: bool = False


class WantedItem(Body):
    id: Annotated[Words, Field(min_length=1)]
    type_id: Annotated[Words, Field(min_length=1)]


class WantedItems(Body):
    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [{"id": "u1", "typeId": "user"}]}}
    )

    items: Annotated[list[WantedItem], Field(max_length=MOST_PARTIAL)]


@router.get("/webhooks/deliveries", summary="Webhooks sent and to be sent, latest first")
def list_deliveries(
    request: Request,
    caller: Administrator,
    page: Annotated[PageRequest, Depends(paging)],
    state: Annotated[DeliveryState, Query()] = DeliveryState.ANY,
    actionId: str | None = None,  # noqa: N803 - the parameter's name on the wire
) -> Reply[Page[DeliveryView]]:
    return Reply(
        webhook_log.deliveries(
            context_of(request), caller, page, state.value or None, actionId or None
        )
    )


@router.get("/webhooks/deliveries/{delivery_id}", summary="One webhook with every attempt at it")
def read_delivery(request: Request, delivery_id: str, caller: Administrator) -> Reply[DeliveryPage]:
    return Reply(webhook_log.delivery(context_of(request), caller, delivery_id))


@router.post(
    "/webhooks/deliveries/{delivery_id}/replay",
    status_code=202,
    summary="Send a finished webhook again, under its old idempotency key",
)
def replay_delivery(request: Request, delivery_id: str, caller: Administrator) -> dict[str, Any]:
    webhook_log.replay(context_of(request), caller, delivery_id)
    return {"deliveryId": delivery_id, "state": "pending"}


@router.post("/webhooks/replay", summary="Send many finished webhooks again, or count them first")
def replay_deliveries(
    request: Request, caller: Administrator, body: ReplaySelection
) -> Reply[Replayed]:
    wanted = Selection(body.state.value, body.action_id, body.from_, body.to)
    return Reply(webhook_log.replay_many(context_of(request), caller, wanted, apply=body.apply))


@router.get("/webhooks/endpoints", summary="Hosts that are called, and which are left alone")
def list_endpoints(request: Request, caller: Administrator) -> Reply[Page[EndpointView]]:
    return Reply(whole(webhook_log.endpoints(context_of(request), caller)))


@router.post("/actions/{action_id}/test", summary="Send an action's webhook with a made-up item")
def try_action(request: Request, action_id: str, caller: RulesManager) -> Reply[Trial]:
    return Reply(webhook_trials.try_action(context_of(request), caller, action_id))


@router.post("/webhooks/callbacks/{name}/test", summary="Send a callback of the settings as a test")
def try_callback(request: Request, name: CallbackName, caller: Administrator) -> Reply[Trial]:
    return Reply(webhook_trials.try_callback(context_of(request), caller, name))


@router.post(
    "/partial-items",
    summary="Items that were never sent, asked of the platform",
    responses=documented(Unavailable),
)
def read_partial_items(
    request: Request, caller: Reviewer, body: WantedItems
) -> Reply[Page[PartialItem]]:
    wanted = [ItemRef(item.type_id, item.id) for item in body.items]
    return Reply(whole(partial_items.partial_items(context_of(request), caller, wanted)))
