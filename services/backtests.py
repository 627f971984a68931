"""Backtests: asked for, run by whoever is free, looked at, stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from engine.audit import Entry, Event
from engine.backtest.document import report_document
from engine.backtest.preparation import prepare
from engine.backtest.request import request_document
from engine.errors import Conflict, WinnowError
from engine.permissions import Permission
from services.backtest_execution import Progress, execute, inputs_digest, load
from services.context import require
from services.rulesets import known_configuration, load_configuration
from store import audit, backtests
from store.backtest_runs import Interrupted, run_folder
from store.backtests import BacktestRow, BacktestState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.backtest.request import BacktestRequest
    from services.context import Caller, Context

LEASE: Final = timedelta(seconds=60)
MOST_FLIPS: Final = 200
_META: Final = frozenset(
    {
        "_candidate",
        "_baseline",
        "_truth",
        "_seq",
        "_arrived_at",
        "_submission_id",
        "_item_id",
        "_type_version",
        "_creator_type_id",
        "_creator_id",
        "_rest",
        "_part",
    }
)


@dataclass(frozen=True)
class Flip:
    """An item on which candidate and baseline differ. added: only the candidate matches it.

    data: without the item type's hidden fields.
    """

    seq: int
    item_id: str
    submission_id: str
    arrived_at: datetime
    added: bool
    truth: bool | None
    data: Mapping[str, Any]


def request_backtest(context: Context, caller: Caller, request: BacktestRequest) -> str:
    """The id under which it will run. Raises InvalidInput with what is wrong in its rules."""
    require(caller, Permission.RUN_BACKTEST)
    backtest_id, now = context.new_id(), context.clock()
    with context.database.transaction(caller.org_id) as tx:
        prepare(request, load_configuration(tx))
        document = request_document(request)
        backtests.insert(tx, backtest_id, document, requested_by=caller.actor, now=now)
        event = Event.BACKTEST_REQUEST
        audit.append(tx, Entry(now, caller.actor, event, "backtest", backtest_id, document))
    return backtest_id


def get_backtest(context: Context, caller: Caller, backtest_id: str) -> BacktestRow:
    """Raises NotFound."""
    require(caller, Permission.RUN_BACKTEST)
    with context.database.transaction(caller.org_id) as tx:
        return backtests.get(tx, backtest_id)


def list_backtests(
    context: Context,
    caller: Caller,
    *,
    limit: int = 50,
    after: tuple[datetime, str] | None = None,
) -> list[BacktestRow]:
    """Newest first; after: (created_at, id) of the last one seen."""
    require(caller, Permission.RUN_BACKTEST)
    with context.database.transaction(caller.org_id) as tx:
        return backtests.latest(tx, limit=limit, after=after)


def cancel_backtest(context: Context, caller: Caller, backtest_id: str) -> None:
    """It stops within a second; what it has counted is kept. Raises Conflict when it has ended."""
    require(caller, Permission.RUN_BACKTEST)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        backtests.get(tx, backtest_id)
        if not backtests.cancel(tx, backtest_id, now):
            raise Conflict("The backtest has ended already.")
        event = Event.BACKTEST_CANCEL
        audit.append(tx, Entry(now, caller.actor, event, "backtest", backtest_id))


def resume_backtest(context: Context, caller: Caller, backtest_id: str) -> None:
    """Queues a stopped one again; it goes on from the steps it had finished."""
    require(caller, Permission.RUN_BACKTEST)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        backtests.get(tx, backtest_id)
        if not backtests.requeue(tx, backtest_id):
            raise Conflict("Only a cancelled or failed backtest can be resumed.")
        event = Event.BACKTEST_REQUEST
        detail = {"resumed": True}
        audit.append(tx, Entry(now, caller.actor, event, "backtest", backtest_id, detail))


def flips(
    context: Context,
    caller: Caller,
    backtest_id: str,
    *,
    limit: int = MOST_FLIPS,
    after: int | None = None,
) -> list[Flip]:
    """Items whose verdict changes, in the order of arrival; after: the `seq` of the last seen."""
    require(caller, Permission.RUN_BACKTEST)
    with context.database.transaction(caller.org_id) as tx:
        row = backtests.get(tx, backtest_id)
        item_type = known_configuration(tx).item_types.get(row.request["itemTypeId"])
    if row.state is not BacktestState.DONE or row.digest is None:
        return []
    folder = run_folder(context.lake_root, caller.org_id, backtest_id, row.digest)
    unseen = _META | (item_type.hidden_fields if item_type else frozenset())
    return [_flip(each, unseen) for each in folder.read_flips(limit=limit, after=after)]


def _flip(row: Mapping[str, Any], unseen: frozenset[str]) -> Flip:
    return Flip(
        seq=row["_seq"],
        item_id=row["_item_id"],
        submission_id=row["_submission_id"],
        arrived_at=row["_arrived_at"],
        added=row["_candidate"],
        truth=row["_truth"],
        data={name: value for name, value in row.items() if name not in unseen},
    )


def run_next(context: Context, org_id: int) -> str | None:
    """Runs the oldest one that waits, to its end; None when none waits."""
    return _claim_and_run(context, org_id, None)


def run_backtest(context: Context, org_id: int, backtest_id: str) -> BacktestRow:
    """Runs this one now if nobody else does, and says how it stands. Raises NotFound."""
    _claim_and_run(context, org_id, backtest_id)
    with context.database.transaction(org_id) as tx:
        return backtests.get(tx, backtest_id)


def _claim_and_run(context: Context, org_id: int, wanted: str | None) -> str | None:
    now = context.clock()
    with context.database.transaction(org_id) as tx:
        row = backtests.claim(tx, now=now, until=now + LEASE, wanted=wanted)
    if row is None:
        return None
    try:
        _run(context, org_id, row)
    except Interrupted:
        return row.backtest_id
    except WinnowError as failed:
        _fail(context, org_id, row.backtest_id, failed)
    return row.backtest_id


def _run(context: Context, org_id: int, row: BacktestRow) -> None:
    prepared, sources = load(context, org_id, row)
    started = context.clock()

    def tell(progress: Progress) -> bool:
        document = _progress_document(progress, (context.clock() - started).total_seconds())
        document["leasedUntil"] = (context.clock() + LEASE).isoformat()
        with context.database.transaction(org_id) as tx:
            return backtests.advance(tx, row.backtest_id, document)

    report = execute(context.lake_root, org_id, row.backtest_id, prepared, sources, tell)
    with context.database.transaction(org_id) as tx:
        backtests.finish(
            tx,
            row.backtest_id,
            BacktestState.DONE,
            now=context.clock(),
            report=report_document(report),
            digest=inputs_digest(prepared, sources),
        )


def _fail(context: Context, org_id: int, backtest_id: str, failed: WinnowError) -> None:
    error = f"{failed.message} {failed.hint}".strip()
    with context.database.transaction(org_id) as tx:
        backtests.finish(tx, backtest_id, BacktestState.FAILED, now=context.clock(), error=error)


def _progress_document(progress: Progress, seconds: float) -> dict[str, object]:
    rate = progress.rows_done / seconds if seconds > 0 else 0.0
    left = progress.rows - progress.rows_done
    return {
        "files": progress.files,
        "filesDone": progress.files_done,
        "rows": progress.rows,
        "rowsDone": progress.rows_done,
        "rowsPerSecond": round(rate),
        "etaSeconds": round(left / rate, 1) if rate else None,
        "versions": dict(progress.versions),
    }
