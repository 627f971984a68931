from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.language.check import walk
from engine.language.nodes import Apply
from engine.language.registry import REGISTRY
from tests.engine.language.conformance import FULL, LACKING, NOTHING, PRESENT
from tests.engine.language.world import Placed, by_duckdb, by_rows, tree_of

if TYPE_CHECKING:
    from engine.language.operator import Example

TABLES = [("lacking", LACKING, NOTHING), ("present", PRESENT, FULL)]
CASES = [
    pytest.param(text, expected, item, id=f"{name}: {text}")
    for name, table, item in TABLES
    for text, expected in table.items()
]
EXAMPLES = [
    pytest.param(example, id=f"{name}: {example.text}")
    for name, operator in REGISTRY.items()
    for example in operator.examples
]


@pytest.mark.parametrize(("text", "expected", "item"), CASES)
def test_a_row_gives_the_expected_value(text: str, expected: object, item: Placed) -> None:
    [(value,)] = by_rows([tree_of(text)], [item])
    assert value == expected
    assert (value is None) == (expected is None)
    assert isinstance(value, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(("table", "item"), [each[1:] for each in TABLES])
def test_duckdb_gives_the_expected_values(table: dict[str, object], item: Placed) -> None:
    [values] = by_duckdb([tree_of(text) for text in table], [item])
    assert dict(zip(table, values, strict=True)) == table


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_documented_example_is_true_in_both_engines(example: Example) -> None:
    tree = tree_of(example.text)
    assert by_rows([tree], [NOTHING]) == by_duckdb([tree], [NOTHING]) == [(example.value,)]


def test_every_operator_has_examples_and_edge_cases() -> None:
    used = {
        node.operator
        for table in (LACKING, PRESENT)
        for text in table
        for node in walk(tree_of(text))
        if isinstance(node, Apply)
    }
    quantifiers = {"any", "all", "count"}
    counters = [name for name, operator in REGISTRY.items() if operator.group == "counters"]
    facts = {name for name, operator in REGISTRY.items() if operator.group == "facts"}
    rewritten = {"ilike", "matches", "matches_variant", "arrived_at", *quantifiers, *counters}
    assert set(REGISTRY) - used - rewritten - facts == set()
    assert [n for n, o in REGISTRY.items() if not o.examples and n not in facts] == [
        "[]",
        "map_keys",
        "map_values",
        "matches",
        "matches_variant",
        *counters,
    ]
