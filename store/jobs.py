"""Review jobs: one open job per item; a lease says who is looking at it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

# A job that is open already keeps its queue and its place in it, and gains the new source and
# policies. It keeps the first and the latest sources, never more than a thousand.
OPEN_JOB = text("""
INSERT INTO jobs (org_id, job_id, queue_id, kind, type_id, item_id, seq, arrived_at, state,
                  enqueued_at, sources, policy_ids, skipped_by)
VALUES (current_setting('app.org_id')::int, :job_id, :queue_id, :kind, :type_id, :item_id, :seq,
        :arrived_at, 'open', :now, jsonb_build_array(CAST(:source AS jsonb)),
        CAST(:policy_ids AS jsonb), '[]')
ON CONFLICT (org_id, type_id, item_id) WHERE state = 'open' DO UPDATE SET
    seq = coalesce(greatest(jobs.seq, excluded.seq), jobs.seq),
    arrived_at = coalesce(greatest(jobs.arrived_at, excluded.arrived_at), jobs.arrived_at),
    sources = (CASE WHEN jsonb_array_length(jobs.sources) >= 1000
                    THEN jobs.sources - 1 ELSE jobs.sources END) || excluded.sources,
    policy_ids = (
        SELECT coalesce(jsonb_agg(DISTINCT p), '[]')
        FROM jsonb_array_elements(jobs.policy_ids || excluded.policy_ids) AS p
    )
RETURNING job_id::text
""")


def open_job(
    tx: Connection,
    *,
    job_id: str,
    queue_id: str,
    type_id: str,
    item_id: str,
    seq: int | None,
    arrived_at: datetime | None,
    source: Mapping[str, object],
    policy_ids: Sequence[str],
    now: datetime,
    kind: str = "DEFAULT",
) -> str:
    """Opens a job for an item, or adds the source to the one that is open; returns its id.

    source: why the item should be looked at, `{"kind": "RULE_EXECUTION", "ruleId": ..., ...}`.
    """
    parameters = {
        "job_id": job_id,
        "queue_id": queue_id,
        "kind": kind,
        "type_id": type_id,
        "item_id": item_id,
        "seq": seq,
        "arrived_at": arrived_at,
        "now": now,
        "source": json.dumps(source),
        "policy_ids": json.dumps(list(policy_ids)),
    }
    return str(tx.execute(OPEN_JOB, parameters).scalar_one())
