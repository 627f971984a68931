"""What was said of one submission, and what was done for it, found again by its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

EVALUATION = text("SELECT config_version, outcomes FROM evaluations WHERE seq = :seq")
# The rules did these, as against people and reports later.
EXECUTIONS = text("""
SELECT execution_id::text, action_id, rules, policies FROM action_executions
WHERE type_id = :type_id AND item_id = :item_id AND seq = :seq AND actor = 'system:rules'
ORDER BY action_id
""")


@dataclass(frozen=True)
class DoneAction:
    """rules and policies: stored JSON, each with an id."""

    execution_id: str
    action_id: str
    rules: Sequence[Mapping[str, Any]]
    policies: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Said:
    """outcomes: stored JSON, a rule that matched each."""

    config_version: int
    outcomes: Sequence[Mapping[str, Any]]


def said(tx: Connection, seq: int) -> Said | None:
    """None for a submission that has not been evaluated yet."""
    row = tx.execute(EVALUATION, {"seq": seq}).one_or_none()
    return Said(row.config_version, row.outcomes) if row else None


def done(tx: Connection, type_id: str, item_id: str, seq: int) -> list[DoneAction]:
    asked = {"type_id": type_id, "item_id": item_id, "seq": seq}
    return [DoneAction(*row) for row in tx.execute(EXECUTIONS, asked)]
