"""Why each job went to its queue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.paging import PageRequest

INSERT = text("""
INSERT INTO routings (org_id, job_id, at, kind, queue_id, rule_id, config_version, trail,
                      queue_named)
VALUES (current_setting('app.org_id')::int, :job_id, :at, :kind, :queue_id, :rule_id,
        :config_version, CAST(:trail AS jsonb), :queue_named)
""")
COLUMNS = "job_id::text, at, kind, queue_id, rule_id, config_version, trail, queue_named"
OF_JOB = text(f"SELECT {COLUMNS} FROM routings WHERE job_id = CAST(:job_id AS uuid)")
LIST = text(f"""
SELECT {COLUMNS} FROM routings
WHERE (CAST(:queue_id AS text) IS NULL OR queue_id = :queue_id)
  AND (CAST(:rule_id AS text) IS NULL OR rule_id = :rule_id)
  AND (:child_safety OR kind <> 'NCMEC')
  AND (CAST(:at AS timestamptz) IS NULL OR (at, job_id) < (:at, CAST(:id AS uuid)))
ORDER BY at DESC, job_id DESC LIMIT :limit
""")


@dataclass(frozen=True)
class Routing:
    """rule_id: None when no rule decided. trail: what each rule said, in order.

    queue_named: by the action that opened the job, so that no rule was asked.
    """

    job_id: str
    at: datetime
    kind: str
    queue_id: str
    rule_id: str | None
    config_version: int
    trail: Sequence[Mapping[str, Any]]
    queue_named: bool


def insert(tx: Connection, found: Sequence[Routing]) -> None:
    if found:
        rows = [vars(one) | {"trail": json.dumps(list(one.trail))} for one in found]
        tx.execute(INSERT, rows)


def of_job(tx: Connection, job_id: str) -> Routing | None:
    row = tx.execute(OF_JOB, {"job_id": job_id}).one_or_none()
    return None if row is None else Routing(*row)


def page(
    tx: Connection,
    queue_id: str | None,
    rule_id: str | None,
    request: PageRequest,
    *,
    child_safety: bool = True,
) -> list[Routing]:
    """Latest first; one more than the limit if there is.

    child_safety: whether jobs about it are among them.
    """
    asked = {
        "child_safety": child_safety,
        "queue_id": queue_id,
        "rule_id": rule_id,
        "at": request.after and request.after.at,
        "id": request.after and request.after.id,
        "limit": request.limit + 1,
    }
    return [Routing(*row) for row in tx.execute(LIST, asked)]
