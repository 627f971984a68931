"""What the rules said of one item, and which of them may act on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    from engine.language.asking import Missing


class Held(StrEnum):
    """Why a rule does not act. UNANSWERED: it might match, but a signal had no answer."""

    SHADOW = "shadow"
    ROLLOUT = "rollout"
    CAP = "cap"
    SNOOZE = "snooze"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Match:
    """held: None when the rule acts. entries: of banks, found in what the rule asked about.

    missing: signals that the rule asked in vain. trace: what its conditions saw, as it is kept.
    """

    rule: Rule
    held: Held | None = None
    entries: frozenset[Entry] = frozenset()
    missing: tuple[Missing, ...] = ()
    trace: bytes = field(default=b"", compare=False, repr=False)

    @property
    def is_true(self) -> bool:
        return self.held is not Held.UNANSWERED


def matches(
    rules: Sequence[Rule],
    answers: Sequence[bool | None],
    target: Target,
    arrived_at: datetime,
    missing: Sequence[Missing] = (),
) -> tuple[Match, ...]:
    """answers: in the order of the rules; only TRUE matches, unknown does not.

    missing: what signals did not answer; a rule that is unknown for want of it is held.
    A rule's expiry is compared with the item's arrival, so a backlog changes nothing.
    """
    found = tuple(
        Match(rule, _held(rule, target))
        for rule, answer in zip(rules, answers, strict=True)
        if answer and not rule.has_expired(arrived_at)
    )
    return _with_missing(rules, answers, found, missing, arrived_at) if missing else found


def _with_missing(
    rules: Sequence[Rule],
    answers: Sequence[bool | None],
    found: tuple[Match, ...],
    missing: Sequence[Missing],
    arrived_at: datetime,
) -> tuple[Match, ...]:
    """In the order of the rules, those that are unknown for want of an answer among them."""
    matched = {match.rule.rule_id: match for match in found}
    told = []
    for place, (rule, answer) in enumerate(zip(rules, answers, strict=True)):
        mine = tuple(each for each in missing if place in each.rules)
        if rule.rule_id in matched:
            told.append(replace(matched[rule.rule_id], missing=mine))
        elif mine and answer is None and not rule.has_expired(arrived_at):
            told.append(Match(rule, Held.UNANSWERED, missing=mine))
    return tuple(told)


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
        "outcome": "TRUE" if match.is_true else "UNKNOWN",
    }
    if match.missing:
        document["signals"] = [
            {"name": m.signal, "version": m.version, "reason": m.reason, "count": m.count}
            for m in match.missing
        ]
    return document if match.held is None else document | {"held": match.held.value}
