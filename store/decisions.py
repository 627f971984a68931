"""What reviewers decided, and the labels their decisions give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.casework.decisions import Label, Verdict
    from engine.paging import PageRequest


@dataclass(frozen=True)
class DecisionRow:
    decision_id: str
    job_id: str
    queue_id: str
    type_id: str
    item_id: str
    kind: str
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]
    parameters: Mapping[str, Any]
    reason: str
    decided_by: str
    decided_at: datetime
    claimed_at: datetime | None
    undone_at: datetime | None
    withdrew: tuple[str, ...] = ()
    job_kind: str = "DEFAULT"


INSERT_DECISION = text("""
INSERT INTO decisions (org_id, decision_id, job_id, kind, action_ids, policy_ids, parameters,
                       reason, decided_by, decided_at, claimed_at, withdrew)
VALUES (current_setting('app.org_id')::int, :decision_id, :job_id, :kind,
        CAST(:action_ids AS jsonb), CAST(:policy_ids AS jsonb), CAST(:parameters AS jsonb),
        :reason, :decided_by, :decided_at, :claimed_at, CAST(:withdrew AS jsonb))
""")


def insert(
    tx: Connection,
    *,
    decision_id: str,
    job_id: str,
    verdict: Verdict,
    decided_by: str,
    decided_at: datetime,
    claimed_at: datetime | None,
    withdrew: Sequence[str] = (),
) -> None:
    """withdrew: ids of the strikes that this decision takes back."""
    parameters = {
        "withdrew": json.dumps(list(withdrew)),
        "decision_id": decision_id,
        "job_id": job_id,
        "kind": verdict.kind.value,
        "action_ids": json.dumps(verdict.action_ids),
        "policy_ids": json.dumps(verdict.policy_ids),
        "parameters": json.dumps(verdict.parameters),
        "reason": verdict.reason,
        "decided_by": decided_by,
        "decided_at": decided_at,
        "claimed_at": claimed_at,
    }
    tx.execute(INSERT_DECISION, parameters)


COLUMNS = """d.decision_id::text, d.job_id::text, j.queue_id, j.type_id, j.item_id, d.kind,
       d.action_ids, d.policy_ids, d.parameters, d.reason, d.decided_by, d.decided_at,
       d.claimed_at, d.undone_at, d.withdrew, j.kind AS job_kind"""


def _decision(row: Row[Any]) -> DecisionRow:
    values = row._asdict()
    lists = {key: tuple(values[key]) for key in ("action_ids", "policy_ids", "withdrew")}
    return DecisionRow(**values | lists)


DECISION = text(f"""
SELECT {COLUMNS} FROM decisions d JOIN jobs j USING (org_id, job_id)
WHERE d.decision_id = :decision_id
""")


def decision(tx: Connection, decision_id: str) -> DecisionRow | None:
    row = tx.execute(DECISION, {"decision_id": decision_id}).one_or_none()
    return None if row is None else _decision(row)


LOCKED_DECISION = text(f"""
SELECT {COLUMNS} FROM decisions d JOIN jobs j USING (org_id, job_id)
WHERE d.decision_id = :decision_id
FOR UPDATE
""")


def lock_decision(tx: Connection, decision_id: str) -> DecisionRow | None:
    row = tx.execute(LOCKED_DECISION, {"decision_id": decision_id}).one_or_none()
    return None if row is None else _decision(row)


UNDO = text("""
UPDATE decisions SET undone_at = :now, xid = pg_current_xact_id()
WHERE decision_id = :decision_id
""")


def mark_undone(tx: Connection, decision_id: str, now: datetime) -> None:
    tx.execute(UNDO, {"decision_id": decision_id, "now": now})


@dataclass(frozen=True)
class DecisionFilter:
    """child_safety: whether decisions on it are among what is looked for."""

    queue_id: str | None = None
    kind: str | None = None
    decided_by: str | None = None
    policy_id: str | None = None
    action_id: str | None = None
    type_id: str | None = None
    item_id: str | None = None
    job_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    child_safety: bool = True


DECISIONS = text(f"""
SELECT {COLUMNS} FROM decisions d JOIN jobs j USING (org_id, job_id)
WHERE (CAST(:queue_id AS text) IS NULL OR j.queue_id = :queue_id)
  AND (CAST(:kind AS text) IS NULL OR d.kind = :kind)
  AND (CAST(:decided_by AS text) IS NULL OR d.decided_by = :decided_by)
  AND (CAST(:policy_id AS text) IS NULL OR jsonb_exists(d.policy_ids, :policy_id))
  AND (CAST(:action_id AS text) IS NULL OR jsonb_exists(d.action_ids, :action_id))
  AND (CAST(:type_id AS text) IS NULL OR j.type_id = :type_id)
  AND (CAST(:item_id AS text) IS NULL OR j.item_id = :item_id)
  AND (CAST(:job_id AS uuid) IS NULL OR d.job_id = CAST(:job_id AS uuid))
  AND (:child_safety OR j.kind <> 'NCMEC')
  AND (CAST(:since AS timestamptz) IS NULL OR d.decided_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR d.decided_at < :until)
  AND (CAST(:at AS timestamptz) IS NULL
       OR (d.decided_at, d.decision_id) < (:at, CAST(:id AS uuid)))
ORDER BY d.decided_at DESC, d.decision_id DESC
LIMIT :limit
""")


def decisions(tx: Connection, wanted: DecisionFilter, page: PageRequest) -> list[DecisionRow]:
    """Latest first; one more than the limit if there is."""
    parameters = vars(wanted) | {
        "at": page.after and page.after.at,
        "id": page.after and page.after.id,
        "limit": page.limit + 1,
    }
    return [_decision(row) for row in tx.execute(DECISIONS, parameters)]


DECISIONS_OF_ITEM = text(f"""
SELECT {COLUMNS} FROM jobs j JOIN decisions d USING (org_id, job_id)
WHERE j.type_id = :type_id AND j.item_id = :item_id AND (:child_safety OR j.kind <> 'NCMEC')
ORDER BY d.decided_at DESC LIMIT :limit
""")


def decisions_of_item(
    tx: Connection, type_id: str, item_id: str, limit: int, *, child_safety: bool = True
) -> list[DecisionRow]:
    """Latest first. child_safety: whether decisions on it are among them."""
    parameters = {"type_id": type_id, "item_id": item_id, "limit": limit}
    parameters |= {"child_safety": child_safety}
    return [_decision(row) for row in tx.execute(DECISIONS_OF_ITEM, parameters)]


INSERT_LABEL = text("""
INSERT INTO labels (org_id, label_id, type_id, item_id, seq, policy_id, violating, source,
                    reviewer, inclusion_probability, created_at)
VALUES (current_setting('app.org_id')::int, :label_id, :type_id, :item_id, :seq, :policy_id,
        :violating, :source, :reviewer, NULL, :now)
""")


def insert_labels(
    tx: Connection,
    labels: Sequence[tuple[str, Label]],
    *,
    type_id: str,
    item_id: str,
    seq: int | None,
    reviewer: str,
    now: datetime,
    source: str = "review",
) -> None:
    """labels: each with the id it is to have."""
    item = {
        "type_id": type_id,
        "item_id": item_id,
        "seq": seq,
        "reviewer": reviewer,
        "now": now,
        "source": source,
    }
    rows = [
        {"label_id": label_id, "policy_id": label.policy_id, "violating": label.violating, **item}
        for label_id, label in labels
    ]
    tx.execute(INSERT_LABEL, rows)


DELETE_LABELS = text("""
DELETE FROM labels
WHERE type_id = :type_id AND item_id = :item_id AND source IN ('review', 'appeal')
  AND reviewer = :reviewer AND created_at = :decided_at
""")


def delete_labels(
    tx: Connection, *, type_id: str, item_id: str, reviewer: str, decided_at: datetime
) -> None:
    """Takes back the labels that one decision gave."""
    parameters = {
        "type_id": type_id,
        "item_id": item_id,
        "reviewer": reviewer,
        "decided_at": decided_at,
    }
    tx.execute(DELETE_LABELS, parameters)
