"""Whether the rules of some packs mean something, and whether their examples hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.configuration.configuration import Configuration
from engine.configuration.rule_check import ExampleResult, check_rule, run_examples
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from engine.configuration.banks import TextBank
    from engine.configuration.rules import Rule
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
    """The world as a pack declares it: one item type, the banks, and whatever its examples name.

    Which item types a platform has is nothing that a pack could know.
    """
    data = [example.data for rule in pack.rules for example in rule.examples]
    named = dict.fromkeys(_named_types(data), pack.item_type)
    return Configuration(0, 0, item_types={**named, pack.name: pack.item_type}, banks=banks)


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
    for place, example in enumerate(rule.examples):
        for name in example.data:
            if pack.item_type.field(name) is None:
                yield Problem(
                    f"example {place + 1} gives `{name}`, which the pack does not declare",
                    f"/examples/{place}/data",
                    f"declare it under `fields`, or quote the text; declared: "
                    f"{', '.join(field.name for field in pack.item_type.fields)}",
                    slug="undeclared-field",
                )


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
        problems=(*checked.problems, *_undeclared(pack, rule)),
        examples=run_examples(checked, configuration, now) if sound else (),
        example_places=tuple(
            pack.place(f"/rules/{index}/examples/{place}") for place in range(len(rule.examples))
        ),
    )
