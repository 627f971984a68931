"""Whether the rules of some packs mean something, and whether their examples hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.configuration.compiled import environment_of
from engine.configuration.configuration import Configuration
from engine.configuration.rule_check import (
    CheckedRule,
    ExampleResult,
    check_rule,
    run_examples,
)
from engine.configuration.rules import EVALUATED
from engine.errors import Problem
from engine.language.lint import lint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from engine.configuration.banks import TextBank
    from engine.configuration.rules import Rule
    from engine.language import Diagnostic
    from engine.packs.pack import Pack


@dataclass(frozen=True)
class RuleTrial:
    """place: file and line. canonical: the condition as it would be stored.

    warnings: what is probably not meant, with places in the canonical text; no reason to fail.
    """

    name: str
    place: str
    canonical: str
    problems: tuple[Problem, ...]
    examples: tuple[ExampleResult, ...]
    example_places: tuple[str, ...]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems and all(example.passed for example in self.examples)


@dataclass(frozen=True)
class PackTrial:
    name: str
    rules: tuple[RuleTrial, ...]

    @property
    def passed(self) -> bool:
        return all(rule.passed for rule in self.rules)


def try_packs(packs: Sequence[Pack], now: datetime) -> tuple[PackTrial, ...]:
    """A rule sees the fields its own pack declares, and the banks of all packs given."""
    banks = {bank.name: bank for pack in packs for bank in pack.banks}
    return tuple(_try_pack(pack, banks, now) for pack in packs)


def _try_pack(pack: Pack, banks: dict[str, TextBank], now: datetime) -> PackTrial:
    configuration = declared(pack, banks)
    checked = {
        rule.name: check_rule(replace(rule, item_type_ids=(pack.name,)), configuration)
        for rule in pack.rules
    }
    trials = [_try(pack, index, checked, configuration, now) for index in range(len(pack.rules))]
    return PackTrial(pack.name, tuple(trials))


def declared(pack: Pack, banks: dict[str, TextBank]) -> Configuration:
    """The world as a pack declares it: its item type, authors and threads, the banks.

    And whatever its examples name: which item types a platform has, no pack could know. What an
    example names is as the pack's authors are, if it declares any, and else as its items.
    """
    profiles = {each.type_id: each for each in pack.profiles}
    named_as = profiles.get("creator", pack.item_type)
    data = [example.data for rule in pack.rules for example in rule.examples]
    named = dict.fromkeys(_named_types(data), named_as)
    item_types = {**named, **profiles, pack.name: pack.item_type}
    return Configuration(0, 0, item_types=item_types, banks=banks)


def _named_types(value: object) -> Iterator[str]:
    """The item types of every related item anywhere in an example."""
    if isinstance(value, Mapping):
        type_id = value.get("typeId")
        yield from (type_id,) if isinstance(type_id, str) else ()
        yield from (found for inner in value.values() for found in _named_types(inner))
    elif isinstance(value, list):
        yield from (found for inner in value for found in _named_types(inner))


def _undeclared(pack: Pack, rule: Rule) -> Iterator[Problem]:
    """What an example gives and no rule could read: a slip, such as a comma that is not quoted."""
    declared_words = {each.type_id for each in pack.profiles}
    for place, example in enumerate(rule.examples):
        for name in example.data:
            if pack.item_type.field(name) is None and name not in declared_words:
                yield Problem(
                    f"example {place + 1} gives `{name}`, which the pack does not declare",
                    f"/examples/{place}/data",
                    f"declare it under `fields`, or quote the text; declared: "
                    f"{', '.join(field.name for field in pack.item_type.fields)}",
                    slug="undeclared-field",
                )


def _warnings(
    name: str, checked: Mapping[str, CheckedRule], configuration: Configuration
) -> tuple[Diagnostic, ...]:
    """Beside the other rules of the pack, as far as they are evaluated once they are applied."""
    own = checked[name].predicates
    others = {
        other: predicate
        for other, each in checked.items()
        for predicate in each.predicates.values()
        if other != name and each.rule.status in EVALUATED
    }
    environment = environment_of(configuration)
    return tuple(finding for each in own.values() for finding in lint(each, environment, others))


def _try(
    pack: Pack,
    index: int,
    every: Mapping[str, CheckedRule],
    configuration: Configuration,
    now: datetime,
) -> RuleTrial:
    rule = pack.rules[index]
    checked = every[rule.name]
    sound = not checked.problems
    return RuleTrial(
        name=rule.name,
        place=pack.place(f"/rules/{index}"),
        canonical=checked.rule.where,
        problems=(*checked.problems, *_undeclared(pack, rule)),
        examples=run_examples(checked, configuration, now) if sound else (),
        example_places=tuple(
            pack.place(f"/rules/{index}/examples/{place}") for place in range(len(rule.examples))
        ),
        warnings=_warnings(rule.name, every, configuration),
    )
