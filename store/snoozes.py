"""Rules told to leave one item or person alone for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.errors import NotFound
from engine.items import ItemRef

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class Snooze:
    """until: exclusive, compared with an item's arrival. ended_at: when somebody took it back."""

    snooze_id: str
    rule_id: str
    entity: ItemRef
    until: datetime
    reason: str
    actor: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


COLUMNS = """snooze_id::text, rule_id, type_id, item_id, until, reason, actor, created_at,
       ended_at, ended_by"""

INSERT = text("""
INSERT INTO snoozes (org_id, snooze_id, rule_id, type_id, item_id, until, reason, actor,
                     created_at)
VALUES (current_setting('app.org_id')::int, CAST(:snooze_id AS uuid), :rule_id, :type_id,
        :item_id, :until, :reason, :actor, :created_at)
""")


def insert(tx: Connection, snooze: Snooze) -> None:
    tx.execute(
        INSERT,
        {
            "snooze_id": snooze.snooze_id,
            "rule_id": snooze.rule_id,
            "type_id": snooze.entity.type_id,
            "item_id": snooze.entity.item_id,
            "until": snooze.until,
            "reason": snooze.reason,
            "actor": snooze.actor,
            "created_at": snooze.created_at,
        },
    )


OF_RULE = text(f"""
SELECT {COLUMNS} FROM snoozes WHERE rule_id = :rule_id ORDER BY created_at DESC, snooze_id LIMIT 500
""")
ONE = text(f"""
SELECT {COLUMNS} FROM snoozes
WHERE rule_id = :rule_id AND snooze_id = CAST(:snooze_id AS uuid) FOR UPDATE
""")
END = text("""
UPDATE snoozes SET ended_at = :now, ended_by = :actor WHERE snooze_id = CAST(:snooze_id AS uuid)
""")


def of_rule(tx: Connection, rule_id: str) -> list[Snooze]:
    """Newest first, those that are over too."""
    return [_snooze(row) for row in tx.execute(OF_RULE, {"rule_id": rule_id})]


def get(tx: Connection, rule_id: str, snooze_id: str) -> Snooze:
    """Locked until the transaction ends. Raises NotFound."""
    row = tx.execute(ONE, {"rule_id": rule_id, "snooze_id": snooze_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no snooze '{snooze_id}' of this rule.")
    return _snooze(row)


def end(tx: Connection, snooze_id: str, *, actor: str, now: datetime) -> None:
    tx.execute(END, {"snooze_id": snooze_id, "actor": actor, "now": now})


RUNNING = text("""
SELECT DISTINCT s.rule_id, s.type_id, s.item_id, s.until
FROM unnest(CAST(:rules AS text[]), CAST(:types AS text[]), CAST(:items AS text[]))
     AS asked(rule_id, type_id, item_id)
JOIN snoozes AS s USING (rule_id, type_id, item_id)
WHERE s.ended_at IS NULL
""")


def running(
    tx: Connection, asked: Collection[tuple[str, ItemRef]]
) -> dict[tuple[str, ItemRef], datetime]:
    """Of these rules and entities, those that are snoozed, and until when."""
    parameters = {
        "rules": [rule_id for rule_id, _ in asked],
        "types": [entity.type_id for _, entity in asked],
        "items": [entity.item_id for _, entity in asked],
    }
    found: dict[tuple[str, ItemRef], datetime] = {}
    for rule_id, type_id, item_id, until in tx.execute(RUNNING, parameters):
        key = rule_id, ItemRef(type_id, item_id)
        found[key] = max(until, found.get(key, until))
    return found


def _snooze(row: Any) -> Snooze:
    snooze_id, rule_id, type_id, item_id, *rest = row
    return Snooze(snooze_id, rule_id, ItemRef(type_id, item_id), *rest)
