"""Reports as they came in, and what became of them: the state follows from their job's decision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.casework.reports import ReportState, Standing
from engine.items import ItemRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from engine.casework.reports import CheckedReport
    from engine.paging import PageRequest
    from store.submissions import Submission

INSERT = text("""
INSERT INTO reports (org_id, report_id, received_at, received_by, reported_at, type_id, item_id,
                     seq, arrived_at, author_type_id, author_id, reporter_type_id, reporter_id,
                     policy_id, reason, csam, thread, flagged, additional, job_id)
VALUES (current_setting('app.org_id')::int, :report_id, :received_at, :received_by, :reported_at,
        :type_id, :item_id, :seq, :arrived_at, :author_type_id, :author_id, :reporter_type_id,
        :reporter_id, :policy_id, :reason, :csam, CAST(:thread AS jsonb),
        CAST(:flagged AS jsonb), CAST(:additional AS jsonb), :job_id)
""")


@dataclass(frozen=True)
class Place:
    """Where an item that came with a report is found among the submissions."""

    type_id: str
    item_id: str
    seq: int
    arrived_at: datetime


def insert(
    tx: Connection,
    *,
    report_id: str,
    report: CheckedReport,
    at: Submission,
    thread: Sequence[Place],
    additional: Sequence[Place],
    job_id: str | None,
    received_at: datetime,
    received_by: str,
) -> None:
    """at: the submission that the reported item became."""
    request, author = report.request, report.author
    parameters = {
        "report_id": report_id,
        "received_at": received_at,
        "received_by": received_by,
        "reported_at": report.reported_at,
        "type_id": at.type_id,
        "item_id": at.item_id,
        "seq": at.seq,
        "arrived_at": at.arrived_at,
        "author_type_id": author and author.type_id,
        "author_id": author and author.item_id,
        "reporter_type_id": request.reporter.type_id,
        "reporter_id": request.reporter.item_id,
        "policy_id": request.policy_id,
        "reason": request.reason,
        "csam": request.csam,
        "thread": _places(thread),
        "flagged": json.dumps([[one.type_id, one.item_id] for one in request.flagged]),
        "additional": _places(additional),
        "job_id": job_id,
    }
    tx.execute(INSERT, parameters)


def _places(places: Sequence[Place]) -> str:
    return json.dumps([[p.type_id, p.item_id, p.seq, p.arrived_at.isoformat()] for p in places])


@dataclass(frozen=True)
class ReportRow:
    """thread, additional: [type id, item id, seq, arrival] each; flagged: [type id, item id]."""

    report_id: str
    received_at: datetime
    reported_at: datetime
    item: ItemRef
    seq: int
    arrived_at: datetime
    author: ItemRef | None
    reporter: ItemRef
    policy_id: str | None
    reason: str | None
    csam: bool
    thread: tuple[Sequence[Any], ...]
    flagged: tuple[Sequence[Any], ...]
    additional: tuple[Sequence[Any], ...]
    job_id: str | None
    invalidated_at: datetime | None
    invalidated_by: str | None
    invalidated_reason: str | None
    state: ReportState


COLUMNS = """r.report_id::text, r.received_at, r.reported_at, r.type_id, r.item_id, r.seq,
       r.arrived_at, r.author_type_id, r.author_id, r.reporter_type_id, r.reporter_id, r.policy_id,
       r.reason, r.csam, r.thread, r.flagged, r.additional, r.job_id::text, r.invalidated_at,
       r.invalidated_by, r.invalidated_reason"""

# What the job's standing decision says of the report. Without a job, nobody has looked at it.
STATE = """CASE
    WHEN r.invalidated_at IS NOT NULL THEN 'invalidated'
    WHEN d.kind = 'IGNORE' THEN 'dismissed'
    WHEN d.kind IS NOT NULL THEN 'upheld'
    WHEN j.state <> 'open' THEN 'closed'
    ELSE 'open' END"""
JOINED = """reports AS r LEFT JOIN jobs AS j ON j.job_id = r.job_id
    LEFT JOIN LATERAL (
        SELECT kind FROM decisions WHERE job_id = r.job_id AND undone_at IS NULL
        ORDER BY decided_at DESC LIMIT 1
    ) AS d ON true"""


def _report(row: Row[Any]) -> ReportRow:
    values = row._asdict()
    author = values.pop("author_type_id"), values.pop("author_id")
    return ReportRow(
        **values
        | {
            "item": ItemRef(values.pop("type_id"), values.pop("item_id")),
            "author": None if author[1] is None else ItemRef(*author),
            "reporter": ItemRef(values.pop("reporter_type_id"), values.pop("reporter_id")),
            "state": ReportState(values["state"]),
            **{key: tuple(values[key]) for key in ("thread", "flagged", "additional")},
        }
    )


ONE = text(f"SELECT {COLUMNS}, {STATE} AS state FROM {JOINED} WHERE r.report_id = :report_id")


def find(tx: Connection, report_id: str) -> ReportRow | None:
    row = tx.execute(ONE, {"report_id": report_id}).one_or_none()
    return None if row is None else _report(row)


@dataclass(frozen=True)
class ReportFilter:
    """child_safety: whether reports of it are among what is looked for."""

    item: ItemRef | None = None
    reporter: ItemRef | None = None
    policy_id: str | None = None
    state: ReportState | None = None
    child_safety: bool = True


LISTED = text(f"""
SELECT * FROM (
    SELECT {COLUMNS}, {STATE} AS state FROM {JOINED}
    WHERE (CAST(:item_id AS text) IS NULL OR (r.type_id = :type_id AND r.item_id = :item_id))
      AND (CAST(:reporter_id AS text) IS NULL
           OR (r.reporter_type_id = :reporter_type_id AND r.reporter_id = :reporter_id))
      AND (CAST(:policy_id AS text) IS NULL OR r.policy_id = :policy_id)
      AND (:child_safety OR NOT r.csam)
      AND (CAST(:at AS timestamptz) IS NULL
           OR (r.received_at, r.report_id) < (:at, CAST(:id AS uuid)))
) AS found
WHERE CAST(:state AS text) IS NULL OR state = :state
ORDER BY received_at DESC, report_id DESC
LIMIT :limit
""")


def listed(tx: Connection, wanted: ReportFilter, page: PageRequest) -> list[ReportRow]:
    """Latest first; one more than the limit if there is."""
    parameters = {
        "type_id": wanted.item and wanted.item.type_id,
        "item_id": wanted.item and wanted.item.item_id,
        "reporter_type_id": wanted.reporter and wanted.reporter.type_id,
        "reporter_id": wanted.reporter and wanted.reporter.item_id,
        "policy_id": wanted.policy_id,
        "state": wanted.state and wanted.state.value,
        "child_safety": wanted.child_safety,
        "at": page.after and page.after.at,
        "id": page.after and page.after.id,
        "limit": page.limit + 1,
    }
    return [_report(row) for row in tx.execute(LISTED, parameters)]


OF_JOB = text(f"""
SELECT {COLUMNS}, {STATE} AS state FROM {JOINED} WHERE r.job_id = :job_id
ORDER BY r.received_at DESC, r.report_id DESC LIMIT :limit
""")


def of_job(tx: Connection, job_id: str, limit: int) -> list[ReportRow]:
    """Latest first."""
    return [_report(row) for row in tx.execute(OF_JOB, {"job_id": job_id, "limit": limit})]


STANDING = text(f"""
SELECT {STATE} AS state, count(*) FROM {JOINED}
WHERE r.reporter_type_id = :type_id AND r.reporter_id = :item_id
  AND (CAST(:since AS timestamptz) IS NULL OR r.received_at >= :since)
GROUP BY 1
""")


def standing(tx: Connection, reporter: ItemRef, since: datetime | None = None) -> Standing:
    who = {"type_id": reporter.type_id, "item_id": reporter.item_id, "since": since}
    counted: dict[str, int] = {row[0]: row[1] for row in tx.execute(STANDING, who)}
    return Standing(
        reports=sum(counted.values()),
        open=counted.get(ReportState.OPEN, 0),
        upheld=counted.get(ReportState.UPHELD, 0),
        dismissed=counted.get(ReportState.DISMISSED, 0),
        invalidated=counted.get(ReportState.INVALIDATED, 0),
    )


OPEN_OF = text(f"""
SELECT r.report_id::text, r.job_id::text FROM {JOINED}
WHERE r.reporter_type_id = :type_id AND r.reporter_id = :item_id AND {STATE} = 'open'
  AND (:child_safety OR NOT r.csam)
""")

INVALIDATE = text("""
UPDATE reports SET invalidated_at = :now, invalidated_by = :actor, invalidated_reason = :reason,
    xid = pg_current_xact_id()
WHERE report_id = ANY(CAST(:report_ids AS uuid[])) AND invalidated_at IS NULL
""")


def open_of(
    tx: Connection, reporter: ItemRef, *, child_safety: bool = True
) -> dict[str, str | None]:
    """The reporter's open reports, each with its job."""
    who: Mapping[str, object] = {
        "type_id": reporter.type_id,
        "item_id": reporter.item_id,
        "child_safety": child_safety,
    }
    return {row[0]: row[1] for row in tx.execute(OPEN_OF, who)}


def invalidate(
    tx: Connection, report_ids: Sequence[str], *, actor: str, reason: str, now: datetime
) -> int:
    """How many had not been invalidated before."""
    given: Mapping[str, object] = {
        "report_ids": list(report_ids),
        "actor": actor,
        "reason": reason,
        "now": now,
    }
    return tx.execute(INVALIDATE, given).rowcount
