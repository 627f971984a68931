"""What saving some packs would change, told before anything is saved.

Objects are known by their names. What is live and in no pack is left alone, as is a policy that
exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from engine.configuration.banks import TextBank, bank_document
from engine.configuration.policies import Policy
from engine.configuration.rule_check import check_rule, example_problems, run_examples
from engine.configuration.rules import Rule, rule_document
from engine.packs.names import Names, field_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.configuration.configuration import Configuration
    from engine.errors import Problem
    from engine.packs.pack import Pack

T = TypeVar("T", Policy, TextBank, Rule)
NEW: Final = "new:"
"""Begins the id by which a plan refers to what does not exist yet."""


class Noun(StrEnum):
    POLICY = "policy"
    BANK = "bank"
    RULE = "rule"


@dataclass(frozen=True)
class Difference:
    """One key of an object's document, in the words of packs. before: None for a new object."""

    key: str
    before: object
    after: object


@dataclass(frozen=True)
class Change:
    """object_id, version: of what is live; None for what is new. value: its ids hold names."""

    noun: Noun
    name: str
    place: str
    value: Policy | TextBank | Rule
    differences: tuple[Difference, ...]
    object_id: str | None = None
    version: int | None = None


@dataclass(frozen=True)
class Waiting:
    """A rule whose change is kept until a second person approves it."""

    rule: str
    approval_id: str


@dataclass(frozen=True)
class Plan:
    """changes: in the order in which they can be saved. left_alone: rules and banks in no pack.

    waiting: of a plan that was carried out, the changes that have yet to be approved.
    """

    changes: tuple[Change, ...]
    unchanged: int
    left_alone: tuple[str, ...]
    problems: tuple[Problem, ...]
    waiting: tuple[Waiting, ...] = ()


def plan(packs: Sequence[Pack], live: Configuration, now: datetime) -> Plan:
    """now: when the examples arrive."""
    planning = _Planning(live, now)
    for pack in packs:
        planning.policies(pack)
        planning.banks(pack)
    future = planning.future()
    for pack in packs:
        planning.rules(pack, future)
    return Plan(
        tuple(planning.changes),
        planning.unchanged,
        tuple(_left_alone(packs, live)),
        tuple(planning.problems),
    )


def _left_alone(packs: Sequence[Pack], live: Configuration) -> Iterator[str]:
    banks = {bank.name for pack in packs for bank in pack.banks}
    rules = {rule.name for pack in packs for rule in pack.rules}
    yield from (f"bank `{b.name}`" for b in live.banks.values() if b.name not in banks)
    yield from (f"rule `{r.name}`" for r in live.rules.values() if r.name not in rules)


@dataclass
class _Planning:
    live: Configuration
    now: datetime
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0

    def policies(self, pack: Pack) -> None:
        known = {policy.name for policy in self.live.policies.values()}
        known |= {change.name for change in self.changes if change.noun is Noun.POLICY}
        for index, policy in enumerate(pack.policies):
            if policy.name in known:
                self.unchanged += 1
            else:
                place = pack.place(f"/policies/{index}")
                made = (Difference("text", None, policy.text),)
                self.changes.append(Change(Noun.POLICY, policy.name, place, policy, made))

    def banks(self, pack: Pack) -> None:
        known = {bank.name: bank for bank in self.live.banks.values()}
        for index, bank in enumerate(pack.banks):
            found = known.get(bank.name)
            differences = _differences(
                None if found is None else bank_document(found), bank_document(bank)
            )
            change = Change(Noun.BANK, bank.name, pack.place(f"/banks/{index}"), bank, differences)
            if found is not None:
                change = replace(change, object_id=found.bank_id, version=found.version)
            self.note(change, is_new=found is None)

    def note(self, change: Change, *, is_new: bool) -> None:
        if change.differences or is_new:
            self.changes.append(change)
        else:
            self.unchanged += 1

    def future(self) -> Configuration:
        """What would be configured once policies and banks were saved."""
        policies, banks = dict(self.live.policies), dict(self.live.banks)
        for change in self.changes:
            object_id = change.object_id or NEW + change.name
            if isinstance(change.value, Policy):
                policies[object_id] = replace(change.value, policy_id=object_id)
            elif isinstance(change.value, TextBank):
                banks[object_id] = replace(change.value, bank_id=object_id)
        return replace(self.live, policies=policies, banks=banks)

    def rules(self, pack: Pack, future: Configuration) -> None:
        names = Names.of(future)
        known = {rule.name: rule for rule in self.live.rules.values()}
        for index, rule in enumerate(pack.rules):
            place = pack.place(f"/rules/{index}")
            found = known.get(rule.name)
            before = None if found is None else names.named(found)
            wanted = rule if rule.item_type_ids else _everywhere(rule, pack, future, before)
            if before is not None and not _rule_differences(before, wanted):
                self.unchanged += 1
                continue
            settled = self.settled(wanted, future, names, place)
            if settled is None:
                continue
            differences = _rule_differences(before, settled)
            change = Change(Noun.RULE, rule.name, place, settled, differences)
            if found is not None:
                change = replace(change, object_id=found.rule_id, version=found.version)
            self.note(change, is_new=found is None)

    def settled(self, rule: Rule, future: Configuration, names: Names, place: str) -> Rule | None:
        """The rule with its condition as it will be stored; None where something is wrong."""
        resolved, problems = names.resolved(rule)
        if not problems:
            checked = check_rule(resolved, future)
            problems = checked.problems
            if not problems:
                results = run_examples(checked, future, self.now)
                problems = tuple(example_problems(results, resolved))
                rule = replace(rule, where=checked.rule.where)
        self.problems.extend(
            replace(each, message=f"{place}, rule `{rule.name}`: {each.message}", pointer="")
            for each in problems
        )
        return None if problems else rule


def _everywhere(rule: Rule, pack: Pack, configuration: Configuration, before: Rule | None) -> Rule:
    """For every item type that has the fields; in the order it has them already."""
    names = fitting(pack, configuration)
    if before is not None and set(before.item_type_ids) == set(names):
        names = before.item_type_ids
    return replace(rule, item_type_ids=names)


def fitting(pack: Pack, configuration: Configuration) -> tuple[str, ...]:
    """The names of the item types that have every field the pack declares, of the same type."""
    declared = [field_of(each) for each in pack.item_type.fields]
    return tuple(
        sorted(
            item_type.name
            for item_type in configuration.item_types.values()
            if set(declared) <= {field_of(each) for each in item_type.fields}
        )
    )


def _rule_differences(before: Rule | None, after: Rule) -> tuple[Difference, ...]:
    return _differences(None if before is None else rule_document(before), rule_document(after))


def _differences(
    before: Mapping[str, object] | None, after: Mapping[str, object]
) -> tuple[Difference, ...]:
    known = before or {}
    return tuple(
        Difference(key, known.get(key), after[key])
        for key in after
        if before is None or known.get(key) != after[key]
    )


def named_changes(changes: Iterable[Change], noun: Noun) -> frozenset[str]:
    return frozenset(change.name for change in changes if change.noun is noun)
