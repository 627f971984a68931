"""Why a job is open, changed afterwards: reports lose their weight, and places become known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.items import ItemRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

POINT_AT = text("""
UPDATE jobs SET seq = :seq, arrived_at = :arrived_at, xid = pg_current_xact_id()
WHERE job_id = :job_id
""")


def point_at(tx: Connection, job_id: str, seq: int, arrived_at: datetime) -> None:
    """The job is about the item as it was at this place."""
    tx.execute(POINT_AT, {"job_id": job_id, "seq": seq, "arrived_at": arrived_at})


@dataclass(frozen=True)
class OpenJob:
    job_id: str
    item: ItemRef
    sources: tuple[Mapping[str, Any], ...]
    policy_ids: tuple[str, ...]


# In the order in which everybody takes the jobs of several items.
LOCK_OPEN = text("""
SELECT job_id::text, type_id, item_id, sources, policy_ids FROM jobs
WHERE job_id = ANY(CAST(:job_ids AS uuid[])) AND state = 'open'
ORDER BY type_id, item_id, kind FOR UPDATE
""")


def lock_open(tx: Connection, job_ids: Sequence[str]) -> list[OpenJob]:
    """Those that are open, held against other writers until the transaction ends."""
    rows = tx.execute(LOCK_OPEN, {"job_ids": list(job_ids)})
    return [OpenJob(row[0], ItemRef(row[1], row[2]), tuple(row[3]), tuple(row[4])) for row in rows]


REWRITE = text("""
UPDATE jobs SET sources = CAST(:sources AS jsonb), policy_ids = CAST(:policy_ids AS jsonb),
    xid = pg_current_xact_id()
WHERE job_id = :job_id
""")


def rewrite(
    tx: Connection, job_id: str, sources: Sequence[Mapping[str, Any]], policy_ids: Sequence[str]
) -> None:
    parameters = {
        "job_id": job_id,
        "sources": json.dumps([dict(source) for source in sources]),
        "policy_ids": json.dumps(list(policy_ids)),
    }
    tx.execute(REWRITE, parameters)


# What an undone decision had added to open jobs; one that is left without any reason is closed.
WITHDRAW_SOURCES = text("""
WITH touched AS (
    SELECT job_id, (
        SELECT coalesce(jsonb_agg(s ORDER BY n), '[]')
        FROM jsonb_array_elements(sources) WITH ORDINALITY AS each(s, n)
        WHERE NOT coalesce(s ->> 'executionId' = ANY(:execution_ids), false)
    ) AS kept
    FROM jobs
    WHERE state = 'open' AND sources @> ANY(
        SELECT jsonb_build_array(jsonb_build_object('executionId', e))
        FROM unnest(CAST(:execution_ids AS text[])) AS e
    )
    FOR UPDATE
)
UPDATE jobs SET
    sources = touched.kept,
    state = CASE WHEN touched.kept = '[]' THEN 'closed' ELSE 'open' END,
    decided_at = CASE WHEN touched.kept = '[]' THEN CAST(:now AS timestamptz) END,
    xid = pg_current_xact_id()
FROM touched WHERE jobs.job_id = touched.job_id
RETURNING jobs.job_id::text
""")


def withdraw_sources(tx: Connection, execution_ids: Sequence[str], now: datetime) -> list[str]:
    """Takes these executions out of the reasons of open jobs; the jobs they were in."""
    if not execution_ids:
        return []
    asked = {"execution_ids": list(execution_ids), "now": now}
    return list(tx.execute(WITHDRAW_SOURCES, asked).scalars())
