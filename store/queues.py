"""How much waits in each queue, and who works on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, TextClause


@dataclass(frozen=True)
class QueueCounts:
    """decided, enqueued: in the last hour. reviewers: who holds a job now."""

    queue_id: str
    pending: int
    leased: int
    oldest_enqueued_at: datetime | None
    decided_last_hour: int
    enqueued_last_hour: int
    reviewers: tuple[str, ...]


def _counts(seen: str) -> TextClause:
    return text(f"""
WITH open AS (
    SELECT queue_id, count(*) AS pending, min(enqueued_at) AS oldest
    FROM jobs WHERE state = 'open' AND {seen} GROUP BY queue_id
), held AS (
    SELECT queue_id, count(*) AS leased, array_agg(DISTINCT leased_by) AS reviewers
    FROM jobs WHERE leased_until > :now AND state = 'open' AND {seen} GROUP BY queue_id
), decided AS (
    SELECT queue_id, count(*) AS decided FROM jobs
    WHERE state = 'decided' AND decided_at > :since AND {seen} GROUP BY queue_id
), enqueued AS (
    SELECT queue_id, count(*) AS enqueued FROM jobs
    WHERE enqueued_at > :since AND {seen} GROUP BY queue_id
)
SELECT queue_id, coalesce(pending, 0) AS pending, coalesce(leased, 0) AS leased, oldest,
       coalesce(decided, 0) AS decided, coalesce(enqueued, 0) AS enqueued,
       coalesce(reviewers, '{{}}') AS reviewers
FROM open FULL JOIN held USING (queue_id) FULL JOIN decided USING (queue_id)
     FULL JOIN enqueued USING (queue_id)
""")


# Counting all that is open reads an index alone; who works on what is a handful of rows.
QUEUE_COUNTS = _counts("true")
QUEUE_COUNTS_BUT_CHILD_SAFETY = _counts("kind <> 'NCMEC'")


def queue_counts(
    tx: Connection, *, now: datetime, since: datetime, child_safety: bool = True
) -> dict[str, QueueCounts]:
    """By queue id; a queue without jobs is absent. child_safety: whether jobs about it count."""
    statement = QUEUE_COUNTS if child_safety else QUEUE_COUNTS_BUT_CHILD_SAFETY
    return {
        row.queue_id: QueueCounts(
            queue_id=row.queue_id,
            pending=row.pending,
            leased=row.leased,
            oldest_enqueued_at=row.oldest,
            decided_last_hour=row.decided,
            enqueued_last_hour=row.enqueued,
            reviewers=tuple(row.reviewers),
        )
        for row in tx.execute(statement, {"now": now, "since": since})
    }
