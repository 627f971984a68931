from __future__ import annotations

import random
from datetime import timedelta

import duckdb
import pytest

from engine.language import Counter, to_duckdb
from engine.language.counters import (
    LONGEST_KEY,
    compile_counters,
    counter_applies,
    counter_key,
    parse_counter,
)
from tests.engine.language.item_maker import make_items
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    SCHEMA,
    Placed,
    by_duckdb,
    naive_counts,
    predicate_of,
    table_of,
    tree_of,
)


def counter_of(text: str) -> Counter:
    return predicate_of(f"{text} > 0").counters[0]


AUTHOR = {"id": "u1", "typeId": "user"}
KEYS: list[tuple[str, dict[str, object], str | None]] = [
    ("creator", {"author": AUTHOR}, "user\x1fu1"),
    ("author", {"author": AUTHOR | {"name": "Ann"}}, "user\x1fu1"),
    ("creator", {}, None),
    ("creator", {"author": {"id": "u1", "typeId": None}}, None),
    ("creator.id", {"author": AUTHOR}, "u1"),
    ("text", {"text": ""}, ""),
    ("size", {"size": 2.0}, "2.0"),
    ("size", {"size": -0.0}, "0.0"),
    ("verified", {"verified": True}, "true"),
]


@pytest.mark.parametrize(("key", "row", "expected"), KEYS)
def test_a_key_is_one_text(key: str, row: dict[str, object], expected: str | None) -> None:
    assert counter_key(counter_of(f"count_recent({key}, '1 hour')"), row) == expected


def test_a_long_key_is_known_by_its_digest() -> None:
    counter = counter_of("count_recent(text, '1 hour')")
    key = counter_key(counter, {"text": "x" * (LONGEST_KEY + 1)})
    assert key is not None
    assert key.startswith("sha256:")
    assert len(key) < LONGEST_KEY


def test_an_item_counts_only_where_the_condition_is_true() -> None:
    counter = counter_of("count_recent(creator, '1 hour', score > 1)")
    assert counter_applies(counter, {"author": AUTHOR, "score": 2.0})
    assert not counter_applies(counter, {"author": AUTHOR, "score": 1.0})
    assert not counter_applies(counter, {"author": AUTHOR})
    assert not counter_applies(counter, {"score": 2.0})


def test_all_counters_of_an_item_are_probed_at_once() -> None:
    counters = [
        counter_of("count_recent(creator, '1 hour', score > 1)"),
        counter_of("count_recent(text, '1 day')"),
        counter_of("count_recent(creator, '1 day')"),
    ]
    probe = compile_counters(counters)
    assert probe({"author": AUTHOR, "text": "a", "score": 0.5}) == (None, "a", "user\x1fu1")


def test_a_stored_counter_is_read_back() -> None:
    counter = counter_of("count_recent(creator, '90 minutes', lower(text) = 'it''s' AND verified)")
    again = parse_counter(counter.key_fields, counter.where, counter.window_us, SCHEMA)
    assert again == counter
    assert isinstance(again, Counter)
    assert again.identity == counter.identity
    assert counter_applies(again, {"author": AUTHOR, "text": "IT'S", "verified": True})


def test_a_stored_counter_whose_field_is_gone_says_so() -> None:
    found = parse_counter(("gone",), "", 1_000_000, SCHEMA)
    assert not isinstance(found, Counter)
    assert [each.code for each in found] == ["unknown-field"]


def test_the_window_is_open_below_and_closed_above() -> None:
    hour = timedelta(hours=1)
    moments = [ARRIVAL, ARRIVAL + hour - timedelta(microseconds=1), ARRIVAL + hour]
    items = [Placed({"author": AUTHOR}, moment) for moment in moments]
    counter = counter_of("count_recent(creator, '1 hour')")
    assert naive_counts(counter, items) == [1, 2, 2]
    assert by_duckdb([tree_of("count_recent(creator, '1 hour')")], items) == [
        (1.0,),
        (2.0,),
        (2.0,),
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "text",
    [
        "count_recent(creator, '1 hour')",
        "count_recent(creator.id, '90 seconds', score > 0)",
        "count_recent(size, '1 microsecond', NOT verified)",
        "count_recent(text, '1 day', length(other) > 2 OR labels['k'] IS NOT NULL)",
    ],
)
def test_windows_in_duckdb_count_what_a_naive_count_does(text: str, seed: int) -> None:
    items = make_items(random.Random(seed), 150)
    expected = [(count,) for count in naive_counts(counter_of(text), items)]
    assert by_duckdb([tree_of(text)], items) == expected


def test_a_plan_keeps_the_columns_of_its_relation() -> None:
    items = make_items(random.Random(1), 5)
    plan = to_duckdb([predicate_of("count_recent(creator, '1 day') > 1")], BANKS, "items")
    with duckdb.connect() as connection:
        connection.register("items", table_of(items))
        query = f"SELECT _seq, {plan.expressions[0]} FROM {plan.source} ORDER BY _seq"
        assert len(connection.execute(query).fetchall()) == 5
