"""Saves of rules that wait for a second person, and what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


class ApprovalState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Approval:
    """base_version: what its author saw, 0 for a new rule. document: stored JSON of the rule.

    saved_version: the version that was saved when it was approved.
    """

    approval_id: str
    rule_id: str
    base_version: int
    name: str
    document: Mapping[str, object]
    reason: str
    author: str
    created_at: datetime
    state: ApprovalState = ApprovalState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    comment: str | None = None
    saved_version: int | None = None


COLUMNS = """approval_id::text AS approval_id, rule_id, base_version, name, document, reason,
       author, created_at, state, decided_by, decided_at, comment, saved_version"""

INSERT = text("""
INSERT INTO approvals (org_id, approval_id, rule_id, base_version, name, document, reason, author,
                       created_at, state)
VALUES (current_setting('app.org_id')::int, CAST(:approval_id AS uuid), :rule_id, :base_version,
        :name, CAST(:document AS jsonb), :reason, :author, :created_at, 'waiting')
""")
SUPERSEDE = text("""
UPDATE approvals
SET state = 'withdrawn', decided_by = :actor, decided_at = :now, comment = :comment
WHERE rule_id = :rule_id AND state = 'waiting'
RETURNING approval_id::text
""")
ONE = text(f"SELECT {COLUMNS} FROM approvals WHERE approval_id = CAST(:approval_id AS uuid)")
LOCKED = text(f"{ONE.text} FOR UPDATE")
LISTED = text(f"""
SELECT {COLUMNS} FROM approvals
WHERE (CAST(:state AS text) IS NULL OR state = :state)
  AND (CAST(:rule_id AS text) IS NULL OR rule_id = :rule_id)
  AND (CAST(:at AS timestamptz) IS NULL
       OR (created_at, approval_id) < (:at, CAST(:after AS uuid)))
ORDER BY created_at DESC, approval_id DESC
LIMIT :limit
""")
DECIDE = text("""
UPDATE approvals
SET state = :state, decided_by = :actor, decided_at = :now, comment = :comment,
    saved_version = :saved_version
WHERE approval_id = CAST(:approval_id AS uuid)
""")


def insert(tx: Connection, approval: Approval) -> None:
    """At most one waits for each rule: withdraw the one before first."""
    tx.execute(
        INSERT,
        {
            "approval_id": approval.approval_id,
            "rule_id": approval.rule_id,
            "base_version": approval.base_version,
            "name": approval.name,
            "document": json.dumps(approval.document),
            "reason": approval.reason,
            "author": approval.author,
            "created_at": approval.created_at,
        },
    )


def supersede(
    tx: Connection, rule_id: str, *, actor: str, comment: str, now: datetime
) -> list[str]:
    """Withdraws whatever waits for a rule; gives its ids."""
    asked = {"rule_id": rule_id, "actor": actor, "comment": comment, "now": now}
    return list(tx.execute(SUPERSEDE, asked).scalars())


def get(tx: Connection, approval_id: str, *, lock: bool = False) -> Approval:
    """Raises NotFound."""
    row = tx.execute(LOCKED if lock else ONE, {"approval_id": approval_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no approval '{approval_id}' in this organisation.")
    return _approval(row)


def listed(
    tx: Connection,
    *,
    state: ApprovalState | None,
    rule_id: str | None,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[Approval]:
    """Newest first; after: (created_at, id) of the last one seen."""
    at, last = after or (None, None)
    asked = {"state": state, "rule_id": rule_id, "at": at, "after": last, "limit": limit}
    return [_approval(row) for row in tx.execute(LISTED, asked)]


def decide(
    tx: Connection,
    approval_id: str,
    state: ApprovalState,
    *,
    actor: str,
    comment: str,
    now: datetime,
    saved_version: int | None = None,
) -> None:
    asked = {
        "approval_id": approval_id,
        "state": state,
        "actor": actor,
        "comment": comment,
        "now": now,
        "saved_version": saved_version,
    }
    tx.execute(DECIDE, asked)


def _approval(row: Any) -> Approval:
    return Approval(**row._asdict() | {"state": ApprovalState(row.state)})
