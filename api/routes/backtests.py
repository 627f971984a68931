"""What a rule would have done: asked for, watched, read, stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, documented, paging
from engine.backtest.request import parse_request
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services import backtests, people
from services.context import Caller
from services.jobs import known_id
from store.backtests import BacktestRow

router = APIRouter(
    prefix="/backtests",
    route_class=OnceRoute,
    tags=["Backtests"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Analyst = Annotated[Caller, Depends(Needs(Permission.RUN_BACKTEST))]

EXAMPLE: JsonDict = {
    "where": "matches(text, 'crypto-scams')",
    "baselineWhere": "text ILIKE '%crypto%'",
    "itemTypeId": "<id of Post>",
    "from": "2026-01-01T00:00:00Z",
    "to": None,
    "truth": "labels",
}


class Asked(Body):
    """The request as its own parser reads it: every mistake comes with a pointer."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": EXAMPLE})


@dataclass(frozen=True)
class Queued:
    backtest_id: str


@dataclass(frozen=True)
class BacktestView:
    """report: once it is done; error: why it failed."""

    backtest_id: str
    state: str
    request: Mapping[str, Any]
    progress: Mapping[str, Any] | None
    report: Mapping[str, Any] | None
    digest: str | None
    error: str | None
    requested_by: str
    requested_by_name: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class FlipView:
    """added: the candidate alone matches it; otherwise the baseline alone does."""

    item_id: str
    submission_id: str
    arrived_at: datetime
    added: bool
    truth: bool | None
    data: Mapping[str, Any]


def _view(row: BacktestRow, names: Mapping[str, str]) -> BacktestView:
    return BacktestView(
        backtest_id=row.backtest_id,
        state=row.state.value,
        request=row.request,
        progress=row.progress,
        report=row.report,
        digest=row.digest,
        error=row.error,
        requested_by=row.requested_by,
        requested_by_name=names[row.requested_by],
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _flip_view(flip: backtests.Flip) -> FlipView:
    return FlipView(
        item_id=flip.item_id,
        submission_id=flip.submission_id,
        arrived_at=flip.arrived_at,
        added=flip.added,
        truth=flip.truth,
        data=flip.data,
    )


@router.post("", status_code=202, summary="Ask for a backtest")
def request_backtest(request: Request, body: Asked, caller: Analyst) -> Reply[Queued]:
    asked = parse_request(body.model_extra or {})
    return Reply(Queued(backtests.request_backtest(context_of(request), caller, asked)))


@router.get("", summary="Backtests, latest first")
def list_backtests(
    request: Request, caller: Analyst, page: Annotated[PageRequest, Depends(paging)]
) -> Reply[Page[BacktestView]]:
    rows = backtests.list_backtests(
        context_of(request),
        caller,
        limit=page.limit + 1,
        after=(page.after.at, page.after.id) if page.after else None,
    )
    found = page_of(rows, page, lambda row: Position(row.created_at, row.backtest_id))
    names = people.names(context_of(request), caller, {row.requested_by for row in rows})
    return Reply(map_page(found, lambda row: _view(row, names)))


@router.get("/{backtest_id}", summary="How a backtest stands, and its report")
def read_backtest(request: Request, backtest_id: str, caller: Analyst) -> Reply[BacktestView]:
    found = backtests.get_backtest(context_of(request), caller, known_id(backtest_id))
    names = people.names(context_of(request), caller, [found.requested_by])
    return Reply(_view(found, names))


@router.get("/{backtest_id}/flips", summary="The items on which candidate and baseline differ")
def list_flips(
    request: Request,
    backtest_id: str,
    caller: Analyst,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{0,18}$")] = None,
) -> Reply[Page[FlipView]]:
    found = backtests.flips(
        context_of(request),
        caller,
        known_id(backtest_id),
        limit=limit + 1,
        after=int(cursor) if cursor else None,
    )
    shown = found[:limit]
    more = len(found) > limit
    views = tuple(_flip_view(flip) for flip in shown)
    return Reply(Page(views, str(shown[-1].seq) if more else None))


@router.post("/{backtest_id}/cancel", status_code=202, summary="Stop a backtest")
def cancel_backtest(request: Request, backtest_id: str, caller: Analyst) -> dict[str, str]:
    identity = known_id(backtest_id)
    backtests.cancel_backtest(context_of(request), caller, identity)
    return {"backtestId": identity, "state": "cancelled"}
