"""Backtests asked for, running and done. A running one is held by a lease that it renews."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

from engine.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


class BacktestState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class BacktestRow:
    """request, progress, report: stored JSON; report is None until the run is done."""

    backtest_id: str
    request: Mapping[str, Any]
    state: BacktestState
    progress: Mapping[str, Any]
    report: Mapping[str, Any] | None
    digest: str | None
    error: str | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


COLUMNS = """backtest_id::text, request, state, progress, report, digest, error, requested_by,
       created_at, started_at, finished_at"""

INSERT = text("""
INSERT INTO backtests (org_id, backtest_id, request, state, requested_by, created_at)
VALUES (current_setting('app.org_id')::int, :backtest_id, CAST(:request AS jsonb), 'queued',
        :requested_by, :now)
""")


def insert(
    tx: Connection,
    backtest_id: str,
    request: Mapping[str, object],
    *,
    requested_by: str,
    now: datetime,
) -> None:
    parameters = {
        "backtest_id": backtest_id,
        "request": json.dumps(request),
        "requested_by": requested_by,
        "now": now,
    }
    tx.execute(INSERT, parameters)


ONE = text(f"SELECT {COLUMNS} FROM backtests WHERE backtest_id = CAST(:backtest_id AS uuid)")
LATEST = text(f"""
SELECT {COLUMNS} FROM backtests
WHERE CAST(:at AS timestamptz) IS NULL OR (created_at, backtest_id) < (:at, CAST(:id AS uuid))
ORDER BY created_at DESC, backtest_id DESC
LIMIT :limit
""")


def get(tx: Connection, backtest_id: str) -> BacktestRow:
    """Raises NotFound."""
    row = tx.execute(ONE, {"backtest_id": backtest_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no backtest '{backtest_id}' in this organisation.")
    return _backtest(row)


def latest(
    tx: Connection, *, limit: int, after: tuple[datetime, str] | None = None
) -> list[BacktestRow]:
    """Newest first; after: (created_at, id) of the last one seen."""
    at, last = after or (None, None)
    rows = tx.execute(LATEST, {"at": at, "id": last, "limit": limit})
    return [_backtest(row) for row in rows]


# A running one whose lease ran out was left by a process that died.
CLAIM = text(f"""
UPDATE backtests
SET state = 'running', started_at = coalesce(started_at, :now),
    progress = progress || jsonb_build_object('leasedUntil', CAST(:until AS text))
WHERE backtest_id = (
    SELECT backtest_id FROM backtests
    WHERE (CAST(:wanted AS uuid) IS NULL OR backtest_id = CAST(:wanted AS uuid))
      AND (state = 'queued'
           OR (state = 'running' AND (progress ->> 'leasedUntil')::timestamptz <= :now))
    ORDER BY created_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING {COLUMNS}
""")


def claim(
    tx: Connection, *, now: datetime, until: datetime, wanted: str | None = None
) -> BacktestRow | None:
    """The oldest that nobody runs, or the wanted one if it is free; it is the caller's `until`."""
    parameters = {"now": now, "until": until.isoformat(), "wanted": wanted}
    row = tx.execute(CLAIM, parameters).one_or_none()
    return None if row is None else _backtest(row)


ADVANCE = text("""
UPDATE backtests SET progress = progress || CAST(:progress AS jsonb)
WHERE backtest_id = CAST(:backtest_id AS uuid) AND state = 'running'
RETURNING state
""")


def advance(tx: Connection, backtest_id: str, progress: Mapping[str, object]) -> bool:
    """False when it is not to go on: somebody has cancelled it."""
    parameters = {"backtest_id": backtest_id, "progress": json.dumps(progress)}
    return tx.execute(ADVANCE, parameters).scalar_one_or_none() is not None


FINISH = text("""
UPDATE backtests
SET state = :state, report = CAST(:report AS jsonb), digest = :digest, error = :error,
    finished_at = :now
WHERE backtest_id = CAST(:backtest_id AS uuid) AND state = 'running'
""")


def finish(
    tx: Connection,
    backtest_id: str,
    state: BacktestState,
    *,
    now: datetime,
    report: Mapping[str, object] | None = None,
    digest: str | None = None,
    error: str | None = None,
) -> None:
    parameters = {
        "backtest_id": backtest_id,
        "state": state.value,
        "report": None if report is None else json.dumps(report),
        "digest": digest,
        "error": error,
        "now": now,
    }
    tx.execute(FINISH, parameters)


CANCEL = text("""
UPDATE backtests SET state = 'cancelled', finished_at = :now
WHERE backtest_id = CAST(:backtest_id AS uuid) AND state IN ('queued', 'running')
""")


def cancel(tx: Connection, backtest_id: str, now: datetime) -> bool:
    """False when it had ended before."""
    return tx.execute(CANCEL, {"backtest_id": backtest_id, "now": now}).rowcount > 0


REQUEUE = text("""
UPDATE backtests SET state = 'queued', error = NULL, finished_at = NULL
WHERE backtest_id = CAST(:backtest_id AS uuid) AND state IN ('cancelled', 'failed')
""")


def requeue(tx: Connection, backtest_id: str) -> bool:
    """False when it is not stopped."""
    return tx.execute(REQUEUE, {"backtest_id": backtest_id}).rowcount > 0


def _backtest(row: Row[Any]) -> BacktestRow:
    values = row._asdict()
    return BacktestRow(**values | {"state": BacktestState(values["state"])})
