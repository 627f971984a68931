"""Actions done to items: once for each submission (or decision) and action."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.casework.appeals import Done
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.actions.execution import Execution

INSERT = """
INSERT INTO action_executions (org_id, execution_id, seq, arrived_at, submission_id, action_id,
                               action_version, type_id, item_id, source, rules, policies, actor,
                               dedupe_key, parameters, note, created_at)
SELECT current_setting('app.org_id')::int, e.*, %(now)s
FROM unnest(%(execution_id)s::uuid[], %(seq)s::bigint[], %(arrived_at)s::timestamptz[],
            %(submission_id)s::uuid[], %(action_id)s::text[], %(action_version)s::int[],
            %(type_id)s::text[], %(item_id)s::text[], %(source)s::text[], %(rules)s::jsonb[],
            %(policies)s::jsonb[], %(actor)s::text[], %(dedupe_key)s::text[],
            %(parameters)s::jsonb[], %(note)s::text[]) AS e
ON CONFLICT (org_id, dedupe_key) DO NOTHING
RETURNING execution_id::text
"""


TAKEN = """
SELECT DISTINCT e.type_id, e.item_id, e.action_id
FROM unnest(%(types)s::text[], %(items)s::text[], %(actions)s::text[]) AS q(t, i, a)
JOIN action_executions AS e ON e.type_id = q.t AND e.item_id = q.i AND e.action_id = q.a
"""


def taken(tx: Connection, executions: Sequence[Execution]) -> set[tuple[str, str, str]]:
    """Type id, item id and action id of those whose action was ever done to their item."""
    if not executions:
        return set()
    asked = {
        "types": [each.target.type_id for each in executions],
        "items": [each.target.item_id for each in executions],
        "actions": [each.action.action_id for each in executions],
    }
    return {(row[0], row[1], row[2]) for row in cursor(tx).execute(TAKEN, asked)}


def insert(tx: Connection, executions: Sequence[Execution], now: datetime) -> set[str]:
    """The ids of those that are new; the others were done before and have no effect."""
    if not executions:
        return set()
    rows = [_row(execution) for execution in executions]
    columns: dict[str, object] = {name: [row[name] for row in rows] for name in rows[0]}
    found = cursor(tx).execute(INSERT, columns | {"now": now})
    return {row[0] for row in found}


def _row(execution: Execution) -> dict[str, object]:
    target = execution.target
    return {
        "execution_id": execution.execution_id,
        "seq": target.seq,
        "arrived_at": target.arrived_at,
        "submission_id": target.submission_id,
        "action_id": execution.action.action_id,
        "action_version": execution.action.version,
        "type_id": target.type_id,
        "item_id": target.item_id,
        "source": execution.source.value,
        "rules": json.dumps(
            [{"id": r.rule_id, "name": r.name, "version": r.version} for r in execution.rules]
        ),
        "policies": json.dumps([{"id": p.policy_id, "name": p.name} for p in execution.policies]),
        "actor": execution.actor or "system:rules",
        "dedupe_key": execution.dedupe_key,
        "parameters": json.dumps(dict(execution.parameters)),
        "note": execution.actor_note,
    }


# What a decision did and took back in time was never done. A decision's executions begin their
# dedupe key with its id.
DONE_TO = text("""
SELECT e.execution_id::text, e.action_id, e.actor, e.created_at,
       d.decision_id::text, e.rules, e.policies, e.seq, e.arrived_at
FROM action_executions AS e
LEFT JOIN decisions AS d ON d.decision_id = CASE
    WHEN e.source = 'mrt-decision' THEN CAST(split_part(e.dedupe_key, ':', 1) AS uuid)
END
WHERE e.type_id = :type_id AND e.item_id = :item_id AND e.action_id = ANY(:action_ids)
  AND d.undone_at IS NULL
ORDER BY e.created_at DESC, e.action_id
""")


def done_to(tx: Connection, type_id: str, item_id: str, action_ids: Sequence[str]) -> list[Done]:
    """These actions, each time that one was done to the item; latest first."""
    asked = {"type_id": type_id, "item_id": item_id, "action_ids": list(action_ids)}
    return [
        Done(
            execution_id=row[0],
            action_id=row[1],
            actor=row[2],
            at=row[3],
            decision_id=row[4],
            rule_ids=tuple(rule["id"] for rule in row[5]),
            policy_ids=tuple(policy["id"] for policy in row[6]),
            seq=row[7],
            arrived_at=row[8],
        )
        for row in tx.execute(DONE_TO, asked)
    ]


EXISTING = text("""
SELECT execution_id::text FROM action_executions
WHERE execution_id = ANY(CAST(:execution_ids AS uuid[]))
""")


def existing(tx: Connection, execution_ids: Sequence[str]) -> list[str]:
    """Those of them that ever were."""
    return list(tx.execute(EXISTING, {"execution_ids": list(execution_ids)}).scalars())
