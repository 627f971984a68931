"""What the rules said of one item, and which of them may act on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.actions.rollout import in_rollout
from engine.configuration.rules import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.actions.execution import Target
    from engine.configuration.entry_hits import Entry
    from engine.configuration.rules import Rule


class Held(StrEnum):
    """Why a rule that matched does not act."""

    SHADOW = "shadow"
    ROLLOUT = "rollout"
    CAP = "cap"
    SNOOZE = "snooze"


@dataclass(frozen=True)
class Match:
    """held: None when the rule acts. entries: of banks, found in what the rule asked about."""

    rule: Rule
    held: Held | None = None
    entries: frozenset[Entry] = frozenset()


def matches(
    rules: Sequence[Rule], answers: Sequence[bool | None], target: Target, arrived_at: datetime
) -> tuple[Match, ...]:
    """answers: in the order of the rules; only TRUE matches, unknown does not.

    A rule's expiry is compared with the item's arrival, so a backlog changes nothing.
    """
    return tuple(
        Match(rule, _held(rule, target))
        for rule, answer in zip(rules, answers, strict=True)
        if answer and not rule.has_expired(arrived_at)
    )


def _held(rule: Rule, target: Target) -> Held | None:
    if rule.status is not Status.LIVE:
        return Held.SHADOW
    subject = "\0".join(target.person or (target.type_id, target.item_id))
    return None if in_rollout(rule.rule_id, subject, rule.rollout_percent) else Held.ROLLOUT


def outcome_document(match: Match) -> dict[str, object]:
    """As it is stored with the evaluation."""
    document: dict[str, object] = {
        "ruleId": match.rule.rule_id,
        "version": match.rule.version,
        "status": match.rule.status.value,
        "outcome": "TRUE",
    }
    return document if match.held is None else document | {"held": match.held.value}
