"""A rule as a whole: whether its condition means something and its examples prove it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.related import example_profiles
from engine.configuration.rules import Status
from engine.errors import Problem
from engine.items import RawItem, coerce_item, row_values
from engine.language import (
    Counter,
    Diagnostic,
    Environment,
    Predicate,
    check,
    compile_ruleset,
    counter_key,
)
from engine.language.counters import counter_event
from engine.language.facts import NOTHING_KNOWN, subject_of
from engine.language.measures import Measured, of_events

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Example, Rule
    from engine.items import ItemType
    from engine.language.facts import Subject

EXAMPLE_ID = "example"


@dataclass(frozen=True)
class CheckedRule:
    """rule: its condition in canonical form. predicates: by item type id, none if it is wrong."""

    rule: Rule
    predicates: Mapping[str, Predicate]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ExampleResult:
    """outcome: what the rule said; None for unknown, or when no item type takes the data."""

    index: int
    expected: bool
    outcome: bool | None
    note: str
    problem: str = ""

    @property
    def passed(self) -> bool:
        return not self.problem and (self.outcome is True) is self.expected


def check_rule(rule: Rule, configuration: Configuration) -> CheckedRule:
    """Checks the condition against every item type the rule applies to."""
    environment = environment_of(configuration)
    predicates: dict[str, Predicate] = {}
    problems: list[Problem] = []
    for type_id in rule.item_type_ids:
        item_type = configuration.item_types[type_id]
        checked = check(rule.where, schema_of(configuration, item_type), environment)
        if checked.predicate is None:
            problems.extend(_problem(found, item_type) for found in checked.diagnostics)
        else:
            predicates[type_id] = checked.predicate
    canonical = next((p.text for p in predicates.values()), rule.where)
    return CheckedRule(replace(rule, where=canonical), predicates, tuple(problems))


def _problem(found: Diagnostic, item_type: ItemType) -> Problem:
    place = f"line {found.line}, column {found.column}"
    message = f"{found.message} ({place}, for item type `{item_type.name}`)"
    return Problem(message, "/where", found.hint, slug=found.code)


def run_examples(
    checked: CheckedRule, configuration: Configuration, now: datetime
) -> tuple[ExampleResult, ...]:
    """Each example is an item without history that arrives now.

    It matches when it does as any of the rule's item types.
    """
    environment = environment_of(configuration)
    return tuple(
        _run(index, example, checked, configuration, environment, now)
        for index, example in enumerate(checked.rule.examples)
    )


def _run(
    index: int,
    example: Example,
    checked: CheckedRule,
    configuration: Configuration,
    environment: Environment,
    now: datetime,
) -> ExampleResult:
    outcomes: list[bool | None] = []
    refusals: list[str] = []
    for type_id, predicate in checked.predicates.items():
        row = example_row(example.data, configuration.item_types[type_id], configuration)
        if isinstance(row, str):
            refusals.append(row)
        else:
            outcomes.append(_outcome(predicate, environment, row, (type_id, EXAMPLE_ID), now))
    problem = "" if outcomes else "; ".join(dict.fromkeys(refusals))
    outcome = True if True in outcomes else (False if False in outcomes else None)
    return ExampleResult(index, example.matches, outcome, example.note, problem)


def example_row(
    data: Mapping[str, object], item_type: ItemType, configuration: Configuration
) -> Mapping[str, object] | str:
    """The example as the row a rule reads, or why this item type does not take it.

    What `creator` and `thread` hold beside an id and a typeId is what is known of them.
    """
    raw = RawItem(EXAMPLE_ID, item_type.type_id, None, "partial", data)
    item = coerce_item(raw, item_type, configuration.item_types)
    if isinstance(item, tuple):
        return "; ".join(f"{problem.pointer} {problem.message}" for problem in item)
    row = row_values(item_type)(item.data)
    related = example_profiles(data, item_type, configuration.item_types)
    return related if isinstance(related, str) else {**row, **related}


def _outcome(
    predicate: Predicate,
    environment: Environment,
    row: Mapping[str, object],
    item: Subject,
    now: datetime,
) -> bool | None:
    """As if it were the first item ever, and nothing were known of anybody."""
    ruleset = compile_ruleset({EXAMPLE_ID: predicate}, environment)
    counts = [first_answer(counter, row, now) for counter in ruleset.counters]
    facts = [NOTHING_KNOWN.answer(each, subject_of(each, row, item), 0) for each in ruleset.facts]
    return ruleset.evaluate(row, [*counts, *facts], now)[0]


def first_answer(counter: Counter, row: Mapping[str, object], now: datetime) -> Measured:
    """What a counter says of the first item of its key: itself, or nothing; None without a key."""
    if counter_key(counter, row) is None:
        return None
    if counter.rate is not None:
        return False  # the first item of a key finds a full bucket
    event = counter_event(counter, row)
    return of_events(counter.measure, [event] if event else [], now)


def example_problems(results: tuple[ExampleResult, ...], rule: Rule) -> list[Problem]:
    """What keeps a rule from going LIVE: an example that fails, or none that hits or misses."""
    if rule.status is not Status.LIVE:
        return []
    problems = [
        Problem(
            _failure(result), f"/examples/{result.index}", _way_out(result), slug="example-failed"
        )
        for result in results
        if not result.passed
    ]
    for wanted, word in ((True, "must match"), (False, "must not match")):
        if all(result.expected is not wanted for result in results):
            problems.append(
                Problem(
                    f"a rule goes LIVE with at least one example that {word}",
                    "/examples",
                    "add one, or save the rule as DRAFT or SHADOW",
                    slug="example-missing",
                )
            )
    return problems


def _failure(result: ExampleResult) -> str:
    if result.problem:
        return f"no item type of the rule takes this example: {result.problem}"
    said = {True: "matches", False: "does not match", None: "is unknown"}[result.outcome]
    return f"the example {'must' if result.expected else 'must not'} match, but it {said}"


def _way_out(result: ExampleResult) -> str:
    if result.problem or result.outcome is not None:
        return ""
    return "give it every field that the condition reads; what is missing is NULL"
