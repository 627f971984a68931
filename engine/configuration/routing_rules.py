"""Rules that decide which queue a new job goes to: an ordered list for each kind of job."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader
from engine.configuration.rules import ACCEPTED_STATUSES, MAX_WHERE, Status

if TYPE_CHECKING:
    from collections.abc import Iterable


class RoutingKind(StrEnum):
    """NCMEC: child safety, whose jobs no rule for other jobs may send among those."""

    DEFAULT = "DEFAULT"
    APPEAL = "APPEAL"
    NCMEC = "NCMEC"


@dataclass(frozen=True)
class RoutingRule:
    """where: one SQL predicate over the item, canonical text. queue_id: where it sends a job.

    status: LIVE sends, SHADOW only writes down that it would have. position: the lower comes first;
    None puts a new rule last.
    """

    rule_id: str
    version: int
    name: str
    where: str
    queue_id: str
    description: str = ""
    status: Status = Status.LIVE
    item_type_ids: tuple[str, ...] = ()
    kind: RoutingKind = RoutingKind.DEFAULT
    position: int | None = None

    @property
    def place(self) -> tuple[int, str]:
        return self.position or 0, self.rule_id


def ordered(rules: Iterable[RoutingRule], kind: RoutingKind) -> list[RoutingRule]:
    return sorted((rule for rule in rules if rule.kind is kind), key=lambda rule: rule.place)


def parse_routing_rule(rule_id: str, version: int, document: object) -> RoutingRule:
    """Raises InvalidConfiguration. Whether `where` means anything is for the language to say."""
    reader = Reader(document)
    rule = RoutingRule(
        rule_id=rule_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        where=reader.text("where", limit=MAX_WHERE, required=True),
        queue_id=reader.text("queueId", limit=MAX_NAME, required=True),
        description=reader.text("description", limit=10_000),
        status=reader.choice("status", Status, Status.LIVE, ACCEPTED_STATUSES),
        item_type_ids=reader.texts("itemTypeIds"),
        kind=reader.choice("kind", RoutingKind, RoutingKind.DEFAULT),
        position=reader.whole("position", default=None, low=1, high=1_000_000),
    )
    reader.finish("routing rule")
    return rule


def routing_rule_document(rule: RoutingRule) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": rule.name,
        "description": rule.description,
        "status": rule.status.value,
        "kind": rule.kind.value,
        "position": rule.position,
        "itemTypeIds": list(rule.item_type_ids),
        "where": rule.where,
        "queueId": rule.queue_id,
    }
