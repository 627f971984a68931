"""At least 200 random rules over 200 random items: the row engine and DuckDB never differ."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.language.nodes import Name, Operation, Syntax
from engine.language.registry import REGISTRY
from tests.engine.language.fuzz import accepted_rules, compare, run
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import ELEMENTS, FIELDS, NEGATABLE, Drawn, Seeded
from tests.engine.language.world import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator


def parts_of(rule: Syntax) -> Iterator[Syntax]:
    yield rule
    if isinstance(rule, Operation):
        for argument in rule.arguments:
            yield from parts_of(argument)


@pytest.fixture(scope="module")
def written() -> Counter[Syntax | str | tuple[str, ...]]:
    """How often each function and field stands in a few thousand random rules."""
    rules = accepted_rules(Seeded(random.Random(1)), 6_000)
    parts = [part for rule in rules for part in parts_of(rule)]
    functions = (part.name for part in parts if isinstance(part, Operation))
    return Counter([*functions, *(part.parts for part in parts if isinstance(part, Name))])


def test_random_rules_use_every_registered_function(written: Counter[str]) -> None:
    names = {*REGISTRY, *(f"not {name}" for name in NEGATABLE), "is not null", "is not true"}
    assert {name for name in names if written[name] < 10} == set()


def test_random_rules_read_every_field_there_is(written: Counter[tuple[str, ...]]) -> None:
    readable = {path for paths in FIELDS.values() for path in paths}
    elements = {path for under in ELEMENTS.values() for paths in under.values() for path in paths}
    assert {path for path in readable | elements if not written[path]} == set()
    assert {path[0] for path in readable | ELEMENTS.keys()} == {*SCHEMA.fields, *SCHEMA.profiles}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 10_000))
def test_random_rules_mean_the_same_in_both_engines(data: st.DataObject, seed: int) -> None:
    rules = accepted_rules(Drawn(data), 4)
    items = make_items(random.Random(seed), 200)
    assert list(compare(rules, items)) == []


def test_a_seeded_run_compares_two_hundred_rules_on_two_hundred_items() -> None:
    compared, differences = run(seed=20260301, outcomes=200 * 400)
    assert compared >= 200 * 200
    assert differences == []
