"""Appeals: taken in as platforms that speak to Coop send them, looked up, and their figures."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.auth import Needs, context_of
from api.errors import COOP_TAG
from api.once import Asked
from api.platform_body import read_appeal
from api.routes.items import ITEM_SCHEMA
from api.routes.platform_actions import REFUSALS, body_of
from api.wire import Reply, documented, paging
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import appeal_log, appeal_rates, appeals
from services.appeal_rates import AppealFigures
from services.appeal_views import AppealView
from services.appeals import AskedAppeal
from services.context import Caller
from store.appeals import AppealFilter

coop = APIRouter(tags=[COOP_TAG])
router = APIRouter(
    prefix="/appeals",
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_MRT_DATA))]
REF = {
    "type": "object",
    "required": ["typeId", "id"],
    "properties": {"typeId": {"type": "string"}, "id": {"type": "string"}},
}
APPEAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["appealId", "appealedBy", "appealedAt", "actionedItem", "actionsTaken"],
    "properties": {
        "appealId": {"type": "string", "description": "Yours; told back with the decision."},
        "appealedBy": REF,
        "appealedAt": {"type": "string", "example": "2026-01-05T09:00:00Z"},
        "actionedItem": ITEM_SCHEMA,
        "actionsTaken": {"type": "array", "items": {"type": "string"}},
        "appealReason": {"type": "string"},
        "violatingPolicies": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}},
            },
        },
        "additionalItems": {"type": "array", "items": ITEM_SCHEMA},
    },
}


async def appeal_sent(request: Request) -> AskedAppeal:
    return read_appeal(await request.body())


@coop.post(
    "/report/appeal",
    status_code=204,
    summary="Appeal on behalf of a user against what was done",
    openapi_extra=body_of(APPEAL_SCHEMA),
    responses=REFUSALS,
)
def submit_appeal(
    request: Request,
    sent: Annotated[AskedAppeal, Depends(appeal_sent)],
    caller: Annotated[Caller, Depends(Needs(Permission.SUBMIT_ITEMS))],
    once: Asked,
) -> Response:
    appeals.submit(context_of(request), caller, sent, once)
    return Response(status_code=204)


class AppealState(StrEnum):
    ANY = ""
    OPEN = "OPEN"
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"


class Wanted:
    """The filters of the list, as query parameters; an empty one is none."""

    def __init__(
        self,
        state: Annotated[AppealState, Query()] = AppealState.ANY,
        itemTypeId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        itemId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        appealedById: str | None = None,  # noqa: N803 - the parameter's name on the wire
        appealId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        policyId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self.filter = AppealFilter(
            state=state.value or None,
            type_id=itemTypeId or None,
            item_id=itemId or None,
            appealed_by_id=appealedById or None,
            appeal_id=appealId or None,
            policy_id=policyId or None,
            since=since,
            until=until,
        )


@router.get("", summary="Appeals, latest first")
def list_appeals(
    request: Request,
    caller: Viewer,
    wanted: Annotated[Wanted, Depends()],
    page: Annotated[PageRequest, Depends(paging)],
) -> Reply[Page[AppealView]]:
    return Reply(appeal_log.listed(context_of(request), caller, wanted.filter, page))


@router.get("/metrics", summary="How often appeals were accepted, by what they were against")
def read_figures(
    request: Request, caller: Viewer, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> Reply[AppealFigures]:
    return Reply(appeal_rates.figures(context_of(request), caller, days))


@router.get("/{appeal}", summary="One appeal, by our id")
def read_appeal_of(request: Request, appeal: str, caller: Viewer) -> Reply[AppealView]:
    return Reply(appeal_log.one(context_of(request), caller, appeal))
