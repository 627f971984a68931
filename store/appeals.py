"""Appeals against what was done to an item, each kept, and how they ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.paging import PageRequest


@dataclass(frozen=True)
class AppealRow:
    """id: ours; appeal_id: the platform's.

    item: `{"typeVersion", "data"}`, as it was sent with the appeal. additional_items: the same,
    each with `id` and `typeId`. against: what was done, one `{"executionId", "actionId", "actor",
    "decisionId", "ruleIds", "policyIds"}` each. earlier_id: the appeal about the same item before.
    outcome: ACCEPT or REJECT; None while it waits.
    """

    id: str
    appeal_id: str
    type_id: str
    item_id: str
    seq: int | None
    arrived_at: datetime | None
    appealed_by_type_id: str
    appealed_by_id: str
    appealed_at: datetime
    received_at: datetime
    reason: str
    action_ids: Sequence[str]
    policy_ids: Sequence[str]
    item: Mapping[str, Any]
    additional_items: Sequence[Mapping[str, Any]]
    against: Sequence[Mapping[str, Any]]
    earlier_id: str | None
    job_id: str
    outcome: str | None = None
    decision_id: str | None = None
    resolved_at: datetime | None = None


COLUMNS = """id::text, appeal_id, type_id, item_id, seq, arrived_at, appealed_by_type_id,
       appealed_by_id, appealed_at, received_at, reason, action_ids, policy_ids, item,
       additional_items, against, earlier_id::text, job_id::text, outcome, decision_id::text,
       resolved_at"""

# Two appeals about one item are linked in the order they come in, also when they come at once.
LOCK_ITEM = text("""
SELECT pg_advisory_xact_lock(
    hashtextextended(
        concat_ws('|', 'appeal', current_setting('app.org_id'), CAST(:type_id AS text),
                  CAST(:item_id AS text)),
        0
    )
)
""")
SAME = text(f"""
SELECT {COLUMNS} FROM appeals
WHERE appeal_id = :appeal_id AND type_id = :type_id AND item_id = :item_id
""")
LATEST = text(f"""
SELECT {COLUMNS} FROM appeals WHERE type_id = :type_id AND item_id = :item_id
ORDER BY received_at DESC, id DESC LIMIT 1
""")
INSERT = text("""
INSERT INTO appeals (org_id, id, appeal_id, type_id, item_id, seq, arrived_at,
                     appealed_by_type_id, appealed_by_id, appealed_at, received_at, reason,
                     action_ids, policy_ids, item, additional_items, against, earlier_id, job_id)
VALUES (current_setting('app.org_id')::int, :id, :appeal_id, :type_id, :item_id, :seq,
        :arrived_at, :appealed_by_type_id, :appealed_by_id, :appealed_at, :received_at, :reason,
        CAST(:action_ids AS jsonb), CAST(:policy_ids AS jsonb), CAST(:item AS jsonb),
        CAST(:additional_items AS jsonb), CAST(:against AS jsonb), :earlier_id, :job_id)
""")
GET = text(f"SELECT {COLUMNS} FROM appeals WHERE id = CAST(:id AS uuid)")
OF_JOB = text(f"""
SELECT {COLUMNS} FROM appeals WHERE job_id = CAST(:job_id AS uuid) ORDER BY received_at, id
""")
OF_ITEM = text(f"""
SELECT {COLUMNS} FROM appeals WHERE type_id = :type_id AND item_id = :item_id
ORDER BY received_at DESC, id DESC LIMIT :limit
""")
RESOLVE = text("""
UPDATE appeals SET outcome = :outcome, decision_id = :decision_id, resolved_at = :now,
                   xid = pg_current_xact_id()
WHERE job_id = CAST(:job_id AS uuid) AND outcome IS NULL
""")
REOPEN = text("""
UPDATE appeals SET outcome = NULL, decision_id = NULL, resolved_at = NULL, job_id = :job_id,
                   xid = pg_current_xact_id()
WHERE decision_id = CAST(:decision_id AS uuid)
""")
LIST = text(f"""
SELECT {COLUMNS} FROM appeals
WHERE (CAST(:state AS text) IS NULL OR coalesce(outcome, 'OPEN') = :state)
  AND (CAST(:type_id AS text) IS NULL OR type_id = :type_id)
  AND (CAST(:item_id AS text) IS NULL OR item_id = :item_id)
  AND (CAST(:appealed_by_id AS text) IS NULL OR appealed_by_id = :appealed_by_id)
  AND (CAST(:appeal_id AS text) IS NULL OR appeal_id = :appeal_id)
  AND (CAST(:policy_id AS text) IS NULL OR jsonb_exists(policy_ids, :policy_id))
  AND (CAST(:since AS timestamptz) IS NULL OR received_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR received_at < :until)
  AND (CAST(:at AS timestamptz) IS NULL OR (received_at, id) < (:at, CAST(:id AS uuid)))
ORDER BY received_at DESC, id DESC LIMIT :limit
""")


@dataclass(frozen=True)
class AppealFilter:
    """state: OPEN, ACCEPT or REJECT."""

    state: str | None = None
    type_id: str | None = None
    item_id: str | None = None
    appealed_by_id: str | None = None
    appeal_id: str | None = None
    policy_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def lock_item(tx: Connection, type_id: str, item_id: str) -> None:
    """Until the transaction ends, nobody else appeals about this item."""
    tx.execute(LOCK_ITEM, {"type_id": type_id, "item_id": item_id})


def same(tx: Connection, appeal_id: str, type_id: str, item_id: str) -> AppealRow | None:
    """An appeal with the platform's own id, about this item, that came in before."""
    asked = {"appeal_id": appeal_id, "type_id": type_id, "item_id": item_id}
    return _one(tx.execute(SAME, asked).one_or_none())


def latest(tx: Connection, type_id: str, item_id: str) -> AppealRow | None:
    return _one(tx.execute(LATEST, {"type_id": type_id, "item_id": item_id}).one_or_none())


def insert(tx: Connection, appeal: AppealRow) -> None:
    """As a waiting one, whatever it says of its outcome."""
    listed = {
        name: json.dumps(getattr(appeal, name))
        for name in ("action_ids", "policy_ids", "item", "additional_items", "against")
    }
    tx.execute(INSERT, vars(appeal) | listed)


def get(tx: Connection, identity: str) -> AppealRow | None:
    return _one(tx.execute(GET, {"id": identity}).one_or_none())


def of_job(tx: Connection, job_id: str) -> list[AppealRow]:
    """Oldest first."""
    return [_appeal(row) for row in tx.execute(OF_JOB, {"job_id": job_id})]


def of_item(tx: Connection, type_id: str, item_id: str, limit: int) -> list[AppealRow]:
    """Latest first."""
    asked = {"type_id": type_id, "item_id": item_id, "limit": limit}
    return [_appeal(row) for row in tx.execute(OF_ITEM, asked)]


def resolve(tx: Connection, job_id: str, *, outcome: str, decision_id: str, now: datetime) -> None:
    """Every waiting appeal of the job."""
    asked = {"job_id": job_id, "outcome": outcome, "decision_id": decision_id, "now": now}
    tx.execute(RESOLVE, asked)


def reopen(tx: Connection, decision_id: str, job_id: str) -> None:
    """What a decision had resolved waits again, in this job."""
    tx.execute(REOPEN, {"decision_id": decision_id, "job_id": job_id})


def page(tx: Connection, wanted: AppealFilter, request: PageRequest) -> list[AppealRow]:
    """Latest first; one more than the limit if there is."""
    asked = vars(wanted) | {
        "at": request.after and request.after.at,
        "id": request.after and request.after.id,
        "limit": request.limit + 1,
    }
    return [_appeal(row) for row in tx.execute(LIST, asked)]


def _one(row: Row[Any] | None) -> AppealRow | None:
    return None if row is None else _appeal(row)


def _appeal(row: Row[Any]) -> AppealRow:
    return AppealRow(**row._asdict())
