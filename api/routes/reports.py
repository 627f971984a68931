"""Reports by a platform's users: taken in, listed, and taken back from bad faith."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.errors import COOP_TAG
from api.once import Asked
from api.once_route import OnceRoute
from api.report_body import read_report
from api.routes.items import ITEM_SCHEMA
from api.wire import Body, Reply, Text, Words, documented, paging
from engine.casework.decisions import MAX_REASON
from engine.casework.reports import ReportRequest, ReportState
from engine.errors import (
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Problem,
)
from engine.items import ItemRef
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import reports
from services.context import Caller
from services.report_views import ReportView
from services.reports import Invalidated, StandingView
from store.reports import ReportFilter

coop = APIRouter(tags=[COOP_TAG])
router = APIRouter(
    prefix="/reports",
    route_class=OnceRoute,
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Reviewer = Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))]
Manager = Annotated[Caller, Depends(Needs(Permission.EDIT_MRT_QUEUES))]
Sender = Annotated[Caller, Depends(Needs(Permission.SUBMIT_ITEMS))]
Id = Annotated[str | None, Query(max_length=512)]

REF_SCHEMA = {
    "type": "object",
    "required": ["typeId", "id"],
    "properties": {"typeId": {"type": "string"}, "id": {"type": "string"}},
}
REPORT_SCHEMA = {
    "type": "object",
    "required": ["reporter", "reportedAt", "reportedItem"],
    "properties": {
        "reporter": {
            "type": "object",
            "required": ["kind", "typeId", "id"],
            "properties": {
                "kind": {"enum": ["user"]},
                "typeId": {"type": "string"},
                "id": {"type": "string"},
            },
        },
        "reportedAt": {"type": "string", "example": "2026-01-05T09:00:00Z"},
        "reportedItem": ITEM_SCHEMA,
        "reportedForReason": {
            "type": "object",
            "properties": {
                "policyId": {"type": ["string", "null"]},
                "reason": {"type": ["string", "null"]},
                "csam": {"type": ["boolean", "null"]},
            },
        },
        "reportedItemThread": {"type": "array", "items": ITEM_SCHEMA},
        "reportedItemsInThread": {"type": "array", "items": REF_SCHEMA},
        "additionalItems": {"type": "array", "items": ITEM_SCHEMA},
    },
}
BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": REPORT_SCHEMA}}}
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body, or an item in it, is wrong; nothing was kept."},
    401: {"description": "The key is missing or not valid."},
    413: {"description": "The body is over the limit."},
    503: {"description": "Nothing was kept; Retry-After says when to try again."},
}


async def report_sent(request: Request) -> ReportRequest:
    """Read before the key is looked at: a body of the wrong shape is 400 without one too."""
    return read_report(await request.body())


@coop.post(
    "/report",
    status_code=201,
    summary="Report an item on behalf of a user",
    openapi_extra=BODY,
    responses=REFUSALS,
)
def submit_report(
    request: Request,
    sent: Annotated[ReportRequest, Depends(report_sent)],
    caller: Sender,
    once: Asked,
) -> dict[str, str]:
    return {"reportId": reports.submit(context_of(request), caller, sent, once)}


EXAMPLE: JsonDict = {
    "reporter": {"typeId": "<id of User>", "id": "u-17"},
    "reason": "reports everybody who beats him",
}


class Reporter(Body):
    type_id: Words
    id: Annotated[Text, Field(min_length=1, max_length=512)]


class Invalidation(Body):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    reporter: Reporter
    reason: Annotated[Text, Field(min_length=1, max_length=MAX_REASON)]


def pair(type_id: str | None, identity: str | None, name: str) -> ItemRef | None:
    """Raises InvalidInput for one without the other."""
    if type_id is None and identity is None:
        return None
    if type_id is None or identity is None:
        lacking = Problem(f"`{name}TypeId` and `{name}Id` are given together")
        raise InvalidInput(lacking.message, problems=(lacking,))
    return ItemRef(type_id, identity)


@router.get("", summary="Reports, latest first: of an item, by a reporter, for a policy")
def list_reports(
    request: Request,
    caller: Reviewer,
    page: Annotated[PageRequest, Depends(paging)],
    itemTypeId: Id = None,  # noqa: N803 - the parameters' names on the wire
    itemId: Id = None,  # noqa: N803
    reporterTypeId: Id = None,  # noqa: N803
    reporterId: Id = None,  # noqa: N803
    policyId: Id = None,  # noqa: N803
    state: ReportState | None = None,
) -> Reply[Page[ReportView]]:
    wanted = ReportFilter(
        item=pair(itemTypeId, itemId, "item"),
        reporter=pair(reporterTypeId, reporterId, "reporter"),
        policy_id=policyId,
        state=state,
    )
    return Reply(reports.listed(context_of(request), caller, wanted, page))


@router.get("/standing", summary="What became of a reporter's reports so far")
def read_standing(
    request: Request,
    caller: Reviewer,
    reporterTypeId: Annotated[str, Query(max_length=512)],  # noqa: N803
    reporterId: Annotated[str, Query(max_length=512)],  # noqa: N803
) -> Reply[StandingView]:
    reporter = ItemRef(reporterTypeId, reporterId)
    return Reply(reports.standing(context_of(request), caller, reporter))


@router.post("/invalidate", summary="Take back every open report of a reporter in bad faith")
def invalidate_reports(request: Request, body: Invalidation, caller: Manager) -> Reply[Invalidated]:
    reporter = ItemRef(body.reporter.type_id, body.reporter.id)
    return Reply(reports.invalidate(context_of(request), caller, reporter, body.reason))


@router.get("/{report_id}", summary="One report")
def read_report_of_id(request: Request, report_id: str, caller: Reviewer) -> Reply[ReportView]:
    return Reply(reports.one(context_of(request), caller, report_id))
