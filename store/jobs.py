"""Review jobs: one open job per item and kind; a lease says who is looking at it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

from engine.casework.leases import Hold, JobState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.paging import PageRequest

# A job that is open already keeps its queue and its place in it, and gains the new source and
# policies. At a thousand sources one from the middle makes room.
OPEN_JOB = text("""
INSERT INTO jobs (org_id, job_id, queue_id, kind, type_id, item_id, seq, arrived_at, state,
                  enqueued_at, sources, policy_ids, skipped_by, barred)
VALUES (current_setting('app.org_id')::int, :job_id, :queue_id, :kind, :type_id, :item_id, :seq,
        :arrived_at, 'open', :now, jsonb_build_array(CAST(:source AS jsonb)),
        CAST(:policy_ids AS jsonb), '[]', CAST(:barred AS jsonb))
ON CONFLICT (org_id, type_id, item_id, kind) WHERE state = 'open' DO UPDATE SET
    seq = coalesce(greatest(jobs.seq, excluded.seq), jobs.seq),
    arrived_at = coalesce(greatest(jobs.arrived_at, excluded.arrived_at), jobs.arrived_at),
    sources = (CASE WHEN jsonb_array_length(jobs.sources) >= 1000
                    THEN jobs.sources - 500 ELSE jobs.sources END) || excluded.sources,
    policy_ids = (
        SELECT coalesce(jsonb_agg(DISTINCT p), '[]')
        FROM jsonb_array_elements(jobs.policy_ids || excluded.policy_ids) AS p
    ),
    barred = (
        SELECT coalesce(jsonb_agg(DISTINCT b), '[]')
        FROM jsonb_array_elements(jobs.barred || excluded.barred) AS b
    ),
    xid = pg_current_xact_id()
RETURNING job_id::text
""")


@dataclass(frozen=True)
class NewJob:
    """source: why the item should be looked at, `{"kind": "RULE_EXECUTION", "ruleId": ..., ...}`.

    job_id: taken only when no job of this kind is open for the item. barred: the actors who may
    not take it, added to those it has.
    """

    job_id: str
    queue_id: str
    type_id: str
    item_id: str
    seq: int | None
    arrived_at: datetime | None
    source: Mapping[str, object]
    policy_ids: Sequence[str]
    now: datetime
    kind: str = "DEFAULT"
    barred: Sequence[str] = ()

    def parameters(self) -> dict[str, object]:
        return vars(self) | {
            "source": json.dumps(self.source),
            "policy_ids": json.dumps(list(self.policy_ids)),
            "barred": json.dumps(list(self.barred)),
        }


def open_job(tx: Connection, job: NewJob) -> str:
    """Opens a job, or adds the source to the item's open one of the same kind; returns its id."""
    return str(tx.execute(OPEN_JOB, job.parameters()).scalar_one())


def open_jobs(tx: Connection, jobs: Sequence[NewJob]) -> None:
    """As `open_job` for each, in order, sent to the server in one go."""
    if jobs:
        tx.execute(OPEN_JOB, [job.parameters() for job in jobs])


OPEN_IDS = text("""
SELECT j.type_id, j.item_id, j.kind, j.job_id::text
FROM unnest(CAST(:types AS text[]), CAST(:items AS text[]), CAST(:kinds AS text[]))
     AS asked(type_id, item_id, kind)
JOIN jobs AS j USING (type_id, item_id, kind) WHERE j.state = 'open'
""")


def open_ids(
    tx: Connection, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], str]:
    """Of items that have an open job, by type id, item id and kind: its id."""
    if not keys:
        return {}
    asked = {
        "types": [key[0] for key in keys],
        "items": [key[1] for key in keys],
        "kinds": [key[2] for key in keys],
    }
    return {(row[0], row[1], row[2]): row[3] for row in tx.execute(OPEN_IDS, asked)}


@dataclass(frozen=True)
class JobRow:
    """sources, policy_ids: as stored JSON lists. lease_token: the current claim's.

    barred: the actors who may not take the job, because it is about what they decided.
    """

    job_id: str
    queue_id: str
    kind: str
    type_id: str
    item_id: str
    seq: int | None
    arrived_at: datetime | None
    state: JobState
    enqueued_at: datetime
    sources: tuple[Mapping[str, Any], ...]
    policy_ids: tuple[str, ...]
    leased_by: str | None
    lease_token: str | None
    leased_until: datetime | None
    decided_at: datetime | None
    claimed_at: datetime | None
    barred: tuple[str, ...] = ()

    @property
    def hold(self) -> Hold:
        return Hold(self.state, self.leased_by, self.lease_token, self.leased_until)


COLUMNS = """job_id::text, queue_id, kind, type_id, item_id, seq, arrived_at, state, enqueued_at,
       sources, policy_ids, leased_by, lease_token::text, leased_until, decided_at, claimed_at,
       barred"""


def _job(row: Row[Any]) -> JobRow:
    values = row._asdict()
    return JobRow(
        **values
        | {
            "state": JobState(values["state"]),
            "sources": tuple(values["sources"]),
            "policy_ids": tuple(values["policy_ids"]),
            "barred": tuple(values["barred"]),
        }
    )


# The oldest free job of the queue that this reviewer has not skipped. Rows that another claim is
# taking at this moment are passed over, so two reviewers never get the same one.
CLAIM_NEXT = text(f"""
UPDATE jobs
SET leased_by = :holder, lease_token = :token, leased_until = :until, claimed_at = :now
WHERE job_id = (
    SELECT job_id FROM jobs
    WHERE state = 'open' AND queue_id = :queue_id
      AND (leased_until IS NULL OR leased_until <= :now)
      AND (:again OR NOT jsonb_exists(skipped_by, :holder))
      AND NOT (:independent AND jsonb_exists(barred, :holder))
      AND (:child_safety OR kind <> 'NCMEC')
    ORDER BY enqueued_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING {COLUMNS}
""")


def claim_next(
    tx: Connection,
    *,
    queue_id: str,
    holder: str,
    token: str,
    now: datetime,
    until: datetime,
    independent: bool = True,
    child_safety: bool = True,
) -> JobRow | None:
    """Leases the next job; one that the holder skipped comes only when no other is left.

    independent: not one that is about the holder's own decision. child_safety: whether it may be
    one about child safety.
    """
    parameters = {
        "independent": independent,
        "child_safety": child_safety,
        "queue_id": queue_id,
        "holder": holder,
        "token": token,
        "now": now,
        "until": until,
    }
    for again in (False, True):
        row = tx.execute(CLAIM_NEXT, {**parameters, "again": again}).one_or_none()
        if row is not None:
            return _job(row)
    return None


JOB = text(f"SELECT {COLUMNS} FROM jobs WHERE job_id = :job_id")
LOCKED_JOB = text(f"""
SELECT {COLUMNS} FROM jobs WHERE job_id = :job_id FOR UPDATE
""")


def job(tx: Connection, job_id: str) -> JobRow | None:
    row = tx.execute(JOB, {"job_id": job_id}).one_or_none()
    return None if row is None else _job(row)


def lock_job(tx: Connection, job_id: str) -> JobRow | None:
    """The job, held against other writers until the transaction ends."""
    row = tx.execute(LOCKED_JOB, {"job_id": job_id}).one_or_none()
    return None if row is None else _job(row)


SET_LEASE = text("""
UPDATE jobs
SET leased_by = :holder, lease_token = :token, leased_until = :until, claimed_at = :now
WHERE job_id = :job_id
""")
EXTEND_LEASE = text("UPDATE jobs SET leased_until = :until WHERE job_id = :job_id")


def lease(
    tx: Connection, job_id: str, *, holder: str, token: str, now: datetime, until: datetime
) -> None:
    """Gives the job to a holder until a time."""
    parameters = {"job_id": job_id, "holder": holder, "token": token, "now": now, "until": until}
    tx.execute(SET_LEASE, parameters)


def extend(tx: Connection, job_id: str, until: datetime) -> None:
    tx.execute(EXTEND_LEASE, {"job_id": job_id, "until": until})


def release(tx: Connection, job_id: str) -> None:
    """Gives the job back to everybody."""
    nobody = {"holder": None, "token": None, "now": None, "until": None}
    tx.execute(SET_LEASE, {"job_id": job_id} | nobody)


REMEMBER_SKIP = text("""
UPDATE jobs
SET skipped_by = skipped_by || to_jsonb(CAST(:holder AS text)),
    leased_by = NULL, lease_token = NULL, leased_until = NULL, claimed_at = NULL
WHERE job_id = :job_id AND NOT jsonb_exists(skipped_by, :holder)
""")


def skip(tx: Connection, job_id: str, holder: str) -> None:
    """Gives the job back and remembers who did not want it."""
    if not tx.execute(REMEMBER_SKIP, {"job_id": job_id, "holder": holder}).rowcount:
        release(tx, job_id)


SET_STATE = text("""
UPDATE jobs
SET state = :state, decided_at = :decided_at, leased_by = :holder, lease_token = :token,
    leased_until = :until, claimed_at = :claimed_at, xid = pg_current_xact_id()
WHERE job_id = :job_id
""")


def finish(tx: Connection, job_id: str, *, state: JobState, now: datetime) -> None:
    nobody = {"holder": None, "token": None, "until": None, "claimed_at": None}
    parameters = {"job_id": job_id, "state": state.value, "decided_at": now}
    tx.execute(SET_STATE, parameters | nobody)


def reopen(
    tx: Connection, job_id: str, *, holder: str, token: str, now: datetime, until: datetime
) -> None:
    """Opens a decided job again, in the hands of the one who decided it."""
    parameters = {
        "job_id": job_id,
        "state": JobState.OPEN.value,
        "decided_at": None,
        "holder": holder,
        "token": token,
        "until": until,
        "claimed_at": now,
    }
    tx.execute(SET_STATE, parameters)


MOVE = text("""
UPDATE jobs
SET queue_id = :queue_id, sources = sources || jsonb_build_array(CAST(:source AS jsonb)),
    leased_by = NULL, lease_token = NULL, leased_until = NULL, claimed_at = NULL,
    xid = pg_current_xact_id()
WHERE job_id = :job_id
""")


def move(tx: Connection, job_id: str, queue_id: str, source: Mapping[str, object]) -> None:
    """To another queue, with everything it holds, its place in time and why it moved."""
    asked = {"job_id": job_id, "queue_id": queue_id, "source": json.dumps(source)}
    tx.execute(MOVE, asked)


OPEN_SINCE = text("""
SELECT newer.job_id::text
FROM jobs AS old JOIN jobs AS newer USING (org_id, type_id, item_id, kind)
WHERE old.job_id = :job_id AND newer.state = 'open'
FOR UPDATE OF newer
""")


def open_since(tx: Connection, job_id: str) -> str | None:
    """The open job of the same item and kind as this finished one."""
    return tx.execute(OPEN_SINCE, {"job_id": job_id}).scalar_one_or_none()


@dataclass(frozen=True)
class JobFilter:
    """child_safety: whether jobs about child safety are among what is looked for."""

    state: JobState = JobState.OPEN
    queue_id: str | None = None
    kind: str | None = None
    type_id: str | None = None
    item_id: str | None = None
    child_safety: bool = True


WANTED = """(CAST(:queue_id AS text) IS NULL OR queue_id = :queue_id)
  AND (CAST(:kind AS text) IS NULL OR kind = :kind)
  AND (CAST(:type_id AS text) IS NULL OR type_id = :type_id)
  AND (CAST(:item_id AS text) IS NULL OR item_id = :item_id)
  AND (:child_safety OR kind <> 'NCMEC')"""
OPEN_JOBS = text(f"""
SELECT {COLUMNS} FROM jobs
WHERE state = 'open' AND {WANTED}
  AND (CAST(:at AS timestamptz) IS NULL OR (enqueued_at, job_id) > (:at, CAST(:id AS uuid)))
ORDER BY enqueued_at, job_id
LIMIT :limit
""")
FINISHED_JOBS = text(f"""
SELECT {COLUMNS} FROM jobs
WHERE state = :state AND {WANTED}
  AND (CAST(:at AS timestamptz) IS NULL OR (decided_at, job_id) < (:at, CAST(:id AS uuid)))
ORDER BY decided_at DESC, job_id DESC
LIMIT :limit
""")


def jobs(tx: Connection, wanted: JobFilter, page: PageRequest) -> list[JobRow]:
    """Open jobs oldest first, finished ones latest first; one more than the limit if there is."""
    statement = OPEN_JOBS if wanted.state is JobState.OPEN else FINISHED_JOBS
    parameters = vars(wanted) | {
        "state": wanted.state.value,
        "at": page.after and page.after.at,
        "id": page.after and page.after.id,
        "limit": page.limit + 1,
    }
    return [_job(row) for row in tx.execute(statement, parameters)]


JOBS_OF_ITEM = text(f"""
SELECT {COLUMNS} FROM jobs
WHERE type_id = :type_id AND item_id = :item_id AND (:child_safety OR kind <> 'NCMEC')
ORDER BY enqueued_at DESC LIMIT :limit
""")


def jobs_of_item(
    tx: Connection, type_id: str, item_id: str, limit: int, *, child_safety: bool = True
) -> list[JobRow]:
    """Latest first. child_safety: whether jobs about it are among them."""
    parameters = {"type_id": type_id, "item_id": item_id, "limit": limit}
    parameters |= {"child_safety": child_safety}
    return [_job(row) for row in tx.execute(JOBS_OF_ITEM, parameters)]
