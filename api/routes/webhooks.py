"""The log of webhooks, and sending one again."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented, paging
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import webhook_log
from services.context import Caller
from services.webhook_log import DeliveryPage, DeliveryView

router = APIRouter(
    prefix="/webhooks/deliveries",
    tags=["Webhooks"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]


class DeliveryState(StrEnum):
    ANY = ""
    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


@router.get("", summary="Webhooks sent and to be sent, latest first")
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


@router.get("/{delivery_id}", summary="One webhook with every attempt at it")
def read_delivery(request: Request, delivery_id: str, caller: Administrator) -> Reply[DeliveryPage]:
    return Reply(webhook_log.delivery(context_of(request), caller, delivery_id))


@router.post(
    "/{delivery_id}/replay",
    status_code=202,
    summary="Send a finished webhook again, under its old idempotency key",
)
def replay_delivery(request: Request, delivery_id: str, caller: Administrator) -> dict[str, Any]:
    webhook_log.replay(context_of(request), caller, delivery_id)
    return {"deliveryId": delivery_id, "state": "pending"}
