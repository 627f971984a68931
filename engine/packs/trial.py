"""Whether the rules of some packs mean something, and whether their examples hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.configuration.configuration import Configuration
from engine.configuration.rule_check import ExampleResult, check_rule, run_examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.configuration.banks import TextBank
    from engine.configuration.rules import Rule
    from engine.errors import Problem
    from engine.packs.pack import Pack


@dataclass(frozen=True)
class RuleTrial:
    """place: file and line. canonical: the condition as it would be stored."""

    name: str
    place: str
    canonical: str
    problems: tuple[Problem, ...]
    examples: tuple[ExampleResult, ...]
    example_places: tuple[str, ...]

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
    return tuple(
        PackTrial(
            pack.name,
            tuple(_try(pack, index, rule, banks, now) for index, rule in enumerate(pack.rules)),
        )
        for pack in packs
    )


def declared(pack: Pack, banks: dict[str, TextBank]) -> Configuration:
    """The world as a pack declares it: one item type, and the banks."""
    return Configuration(0, 0, item_types={pack.name: pack.item_type}, banks=banks)


def _try(
    pack: Pack, index: int, rule: Rule, banks: dict[str, TextBank], now: datetime
) -> RuleTrial:
    configuration = declared(pack, banks)
    checked = check_rule(replace(rule, item_type_ids=(pack.name,)), configuration)
    sound = not checked.problems
    return RuleTrial(
        name=rule.name,
        place=pack.place(f"/rules/{index}"),
        canonical=checked.rule.where,
        problems=checked.problems,
        examples=run_examples(checked, configuration, now) if sound else (),
        example_places=tuple(
            pack.place(f"/rules/{index}/examples/{place}") for place in range(len(rule.examples))
        ),
    )
