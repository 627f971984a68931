from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader, write_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_WHERE = 100_000
MAX_EXAMPLES = 100
MAX_ROLLOUT = 100


class Status(StrEnum):
    DRAFT = "DRAFT"
    SHADOW = "SHADOW"
    LIVE = "LIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


ACCEPTED_STATUSES = {
    "BACKGROUND": Status.SHADOW,
    "EXPIRED": Status.PAUSED,
    "DEPRECATED": Status.ARCHIVED,
}
EVALUATED = frozenset({Status.SHADOW, Status.LIVE})


@dataclass(frozen=True)
class Example:
    """data: an item's fields, as a platform would send them; matches: what the rule must say."""

    data: Mapping[str, object]
    matches: bool
    note: str = ""


@dataclass(frozen=True)
class Rule:
    """where: one SQL predicate, canonical text. action_parameters: by action id, their values.

    rollout_percent: share of creators a LIVE rule acts on. max_daily_actions: per UTC day;
    None means no cap.
    """

    rule_id: str
    version: int
    name: str
    where: str
    description: str = ""
    status: Status = Status.DRAFT
    rollout_percent: int = MAX_ROLLOUT
    item_type_ids: tuple[str, ...] = ()
    action_ids: tuple[str, ...] = ()
    policy_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    max_daily_actions: int | None = None
    expires_at: datetime | None = None
    examples: tuple[Example, ...] = ()
    action_parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def is_evaluated(self, now: datetime) -> bool:
        return self.status in EVALUATED and not self.has_expired(now)

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def parse_rule(rule_id: str, version: int, document: object) -> Rule:
    """Raises InvalidConfiguration. Whether `where` means anything is for the language to say."""
    reader = Reader(document)
    rollout = reader.whole("rolloutPercent", default=MAX_ROLLOUT, high=MAX_ROLLOUT)
    rule = Rule(
        rule_id=rule_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        where=reader.text("where", limit=MAX_WHERE, required=True),
        description=reader.text("description", limit=10_000),
        status=reader.choice("status", Status, Status.DRAFT, ACCEPTED_STATUSES),
        rollout_percent=MAX_ROLLOUT if rollout is None else rollout,
        item_type_ids=reader.texts("itemTypeIds"),
        action_ids=reader.texts("actionIds", most=100),
        policy_ids=reader.texts("policyIds", most=100),
        tags=reader.texts("tags", most=100),
        max_daily_actions=reader.whole("maxDailyActions", default=None),
        expires_at=reader.moment("expiresAt"),
        examples=tuple(_example(inner) for inner in reader.records("examples", most=MAX_EXAMPLES)),
        action_parameters=reader.mappings("actionParameters"),
    )
    reader.finish("rule")
    return rule


def _example(reader: Reader) -> Example:
    if reader.get("matches") is None:
        reader.wrong("matches", "say whether the example must match", "`true` or `false`")
    example = Example(
        data=reader.mapping("data", most=1000),
        matches=reader.boolean("matches"),
        note=reader.text("note", limit=2000),
    )
    reader.unknown()
    return example


def rule_document(rule: Rule) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": rule.name,
        "description": rule.description,
        "status": rule.status.value,
        "rolloutPercent": rule.rollout_percent,
        "itemTypeIds": list(rule.item_type_ids),
        "where": rule.where,
        "actionIds": list(rule.action_ids),
        "actionParameters": {key: dict(each) for key, each in rule.action_parameters.items()},
        "policyIds": list(rule.policy_ids),
        "tags": list(rule.tags),
        "maxDailyActions": rule.max_daily_actions,
        "expiresAt": None if rule.expires_at is None else write_moment(rule.expires_at),
        "examples": [
            {"data": dict(example.data), "matches": example.matches, "note": example.note}
            for example in rule.examples
        ],
    }
