"""What was decided, and taking it back in time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented, paging
from engine.casework.decisions import DecisionKind
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import decisions
from services.context import Caller
from services.decisions import DecisionView, Undone
from store.decisions import DecisionFilter

router = APIRouter(
    prefix="/decisions",
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)


class Wanted:
    """The filters of the list, as query parameters; an empty one is none."""

    def __init__(
        self,
        queueId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        kind: Annotated[DecisionKind | None, Query()] = None,
        decidedBy: str | None = None,  # noqa: N803 - the parameter's name on the wire
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self.filter = DecisionFilter(
            queue_id=queueId or None,
            kind=kind.value if kind else None,
            decided_by=decidedBy or None,
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
    return Reply(decisions.listed(context_of(request), caller, wanted.filter, page))


@router.post("/{decision_id}/undo", summary="Take a decision back, within ten seconds of making it")
def undo_decision(
    request: Request,
    decision_id: str,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))],
) -> Reply[Undone]:
    return Reply(decisions.undo(context_of(request), caller, decision_id))
