"""What was decided, and taking it back in time."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.verdict_body import VerdictBody
from api.wire import Reply, Words, documented, paging
from engine.casework.decisions import DecisionKind
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import decision_log, decision_undo, decisions
from services.context import Caller
from services.decision_log import DecisionView
from services.decision_undo import Undone
from services.decisions import Decided
from store.decisions import DecisionFilter

router = APIRouter(
    prefix="/decisions",
    route_class=OnceRoute,
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)

EXAMPLE = {
    "requestBody": {
        "content": {
            "application/json": {
                "example": {
                    "jobId": "<id of an open job>",
                    "kind": "CUSTOM_ACTION",
                    "actionIds": ["<id of Remove post>"],
                    "policyIds": ["<id of Scams>"],
                    "reason": "asks for money up front",
                }
            }
        }
    }
}


class Submitted(VerdictBody):
    job_id: Words


class Wanted:
    """The filters of the list, as query parameters; an empty one is none."""

    def __init__(
        self,
        queueId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        kind: Annotated[DecisionKind | None, Query()] = None,
        decidedBy: str | None = None,  # noqa: N803 - the parameter's name on the wire
        policyId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        actionId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        itemTypeId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        itemId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        jobId: UUID | None = None,  # noqa: N803 - the parameter's name on the wire
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self.filter = DecisionFilter(
            queue_id=queueId or None,
            kind=kind.value if kind else None,
            decided_by=decidedBy or None,
            policy_id=policyId or None,
            action_id=actionId or None,
            type_id=itemTypeId or None,
            item_id=itemId or None,
            job_id=str(jobId) if jobId else None,
            since=since,
            until=until,
        )


@router.get("", summary="Decisions, latest first")
def list_decisions(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT_DATA))],
    wanted: Annotated[Wanted, Depends()],
    page: Annotated[PageRequest, Depends(paging)],
) -> Reply[Page[DecisionView]]:
    return Reply(decision_log.listed(context_of(request), caller, wanted.filter, page))


@router.post(
    "",
    status_code=201,
    summary="Decide an open job that nobody else has claimed",
    openapi_extra=EXAMPLE,
)
def submit_decision(
    request: Request,
    body: Submitted,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))],
) -> Reply[Decided]:
    return Reply(decisions.submit(context_of(request), caller, body.job_id, body.verdict()))


@router.get("/{decision_id}", summary="One decision")
def read_decision(
    request: Request,
    decision_id: str,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT_DATA))],
) -> Reply[DecisionView]:
    return Reply(decision_log.one(context_of(request), caller, decision_id))


@router.post("/{decision_id}/undo", summary="Take a decision back, within ten seconds of making it")
def undo_decision(
    request: Request,
    decision_id: str,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))],
) -> Reply[Undone]:
    return Reply(decision_undo.undo(context_of(request), caller, decision_id))
