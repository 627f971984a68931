"""How far behind an organisation's queues are, by the server's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

OLDEST_DUE = text("""
SELECT extract(epoch FROM clock_timestamp() - min(next_attempt_at))::float8 FROM outbox
WHERE state = 'pending' AND next_attempt_at <= clock_timestamp()
""")
# Each item type has been copied up to a place, also where it had nothing new; the least counts.
LAKE = text("""
WITH reached AS (
    SELECT timestamptz 'epoch'
           + min(split_part(watermark, '@', 1)::bigint) * interval '1 microsecond' AS place
    FROM lake_exports WHERE table_name LIKE 'items/%'
)
SELECT reached.place IS NOT NULL AS is_there, (
    SELECT extract(epoch FROM clock_timestamp() - arrived_at)::float8 FROM submissions
    WHERE arrived_at > reached.place ORDER BY arrived_at LIMIT 1
) AS behind_s
FROM reached
""")


def oldest_due_s(tx: Connection) -> float | None:
    """How long the webhook due longest has been due; None when none is."""
    found: float | None = tx.execute(OLDEST_DUE).scalar_one()
    return found


def lake_behind_s(tx: Connection) -> float | None:
    """For how long the oldest item that the lake lacks has been here, 0 when it lacks none.

    None when nothing was ever copied.
    """
    found = tx.execute(LAKE).one()
    return (found.behind_s or 0.0) if found.is_there else None
