"""A person's strikes: what counts against them, put right by hand."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Text, Words, documented, paging
from engine.casework.decisions import MAX_REASON
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.items import ItemRef
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import strikes
from services.context import Caller
from services.strikes import Adjusted, Record
from store.strikes import Bar

router = APIRouter(
    prefix="/strikes",
    route_class=OnceRoute,
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Investigator = Annotated[Caller, Depends(Needs(Permission.VIEW_INVESTIGATION))]
Analyst = Annotated[Caller, Depends(Needs(Permission.VIEW_INSIGHTS))]
Actor = Annotated[Caller, Depends(Needs(Permission.MANUALLY_ACTION_CONTENT))]
Reason = Annotated[Text, Field(min_length=1, max_length=MAX_REASON)]

EXAMPLE: JsonDict = {
    "userTypeId": "<id of User>",
    "userId": "u-17",
    "amount": -2,
    "reason": "two of them were for the same joke",
}


class Adjustment(Body):
    """amount: strikes to add, or below zero to take off."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    user_type_id: Words
    user_id: Annotated[Text, Field(min_length=1, max_length=512)]
    amount: Annotated[int, Field(ge=-strikes.MOST_AMOUNT, le=strikes.MOST_AMOUNT)]
    policy_id: Words | None = None
    reason: Reason


class Revocation(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"reason": "it was a joke"}})

    reason: Reason


@router.get("", summary="A person's strikes: the sum that holds, and each of them, latest first")
def read_strikes(
    request: Request,
    caller: Investigator,
    page: Annotated[PageRequest, Depends(paging)],
    userTypeId: Annotated[str, Query(max_length=255)],  # noqa: N803 - its name on the wire
    userId: Annotated[str, Query(min_length=1, max_length=512)],  # noqa: N803
) -> Reply[Record]:
    person = ItemRef(userTypeId, userId)
    return Reply(strikes.record_of(context_of(request), caller, person, page))


@router.get("/histogram", summary="How many people have how many strikes")
def read_histogram(
    request: Request,
    caller: Analyst,
    days: Annotated[int | None, Query(ge=1, le=366)] = None,
) -> Reply[Page[Bar]]:
    """Now; with `days`, the most that each person held at once in those days."""
    return Reply(strikes.histogram(context_of(request), caller, days))


@router.post("/adjust", status_code=201, summary="Add strikes by hand, or take some off")
def adjust_strikes(request: Request, body: Adjustment, caller: Actor) -> Reply[Adjusted]:
    person = ItemRef(body.user_type_id, body.user_id)
    return Reply(
        strikes.adjust(
            context_of(request),
            caller,
            person,
            body.amount,
            policy_id=body.policy_id,
            reason=body.reason,
        )
    )


@router.post("/{strike_id}/revoke", summary="Take one strike back")
def revoke_strike(
    request: Request, strike_id: str, body: Revocation, caller: Actor
) -> Reply[Adjusted]:
    return Reply(strikes.revoke(context_of(request), caller, strike_id, body.reason))


@router.post("/{strike_id}/restore", status_code=201, summary="Give a revoked strike again")
def restore_strike(
    request: Request, strike_id: str, body: Revocation, caller: Actor
) -> Reply[Adjusted]:
    return Reply(strikes.restore(context_of(request), caller, strike_id, body.reason))
