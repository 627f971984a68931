from __future__ import annotations

import random
from datetime import timedelta

import duckdb
import pytest

from engine.language import Counter, check, to_duckdb
from engine.language.counters import (
    LONGEST_KEY,
    compile_counters,
    counter_applies,
    counter_event,
    counter_key,
    parse_counter,
)
from engine.language.measures import Event
from engine.language.nodes import Carries
from tests.engine.language.item_maker import make_items
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    SCHEMA,
    Placed,
    by_duckdb,
    naive_answers,
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


def test_a_long_key_of_several_values_is_known_by_its_digest() -> None:
    counter = counter_of("count_recent(text, other, link, '1 hour')")
    short = dict.fromkeys(("text", "other", "link"), "x" * LONGEST_KEY)
    assert counter_key(counter, short) == "\x1f".join(short.values())
    key = counter_key(counter, dict.fromkeys(short, "😀" * LONGEST_KEY))
    assert key is not None
    assert key.startswith("sha256:")


def test_a_key_may_be_made_from_fields() -> None:
    counter = counter_of("count_recent(lower(text), creator, '1 hour')")
    assert counter.key_fields == ("lower(text)", "author")
    assert counter_key(counter, {"text": "ABC", "author": AUTHOR}) == "abc\x1fuser\x1fu1"
    assert counter_key(counter, {"author": AUTHOR}) is None
    assert predicate_of("count_recent(lower(text), '1 hour') > 1").fields == ("text",)


IMPURE_KEYS = [
    "count_recent(matches(text, 'scam'), '1 hour')",
    "count_recent(strikes(creator), '1 hour')",
    "count_recent(age(created_at), '1 hour')",
    "first_seen(count_recent(creator, '1 hour'))",
    "count_recent(coalesce(author, creator), '1 hour')",
]


@pytest.mark.parametrize("text", IMPURE_KEYS)
def test_a_key_is_known_when_the_place_is_given(text: str) -> None:
    checked = check(f"{text} IS NOT NULL", SCHEMA, BANKS)
    assert {each.code for each in checked.diagnostics} <= {"bad-condition", "bad-key"}
    assert checked.predicate is None


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


EVENTS: list[tuple[str, dict[str, object], Event | None]] = [
    ("sum_recent(text, score, '1 day')", {"text": "a", "score": 2.5}, Event("a", 2.5)),
    ("sum_recent(text, score, '1 day')", {"text": "a"}, None),
    ("sum_recent(text, score, '1 day')", {"text": "a", "score": 9.1e12}, None),
    ("max_recent(text, length(text), '1 day')", {"text": "abc"}, Event("abc", 3.0)),
    ("distinct_recent(text, creator, '1 day')", {"text": "a"}, None),
    (
        "distinct_recent(text, creator, '1 day')",
        {"text": "a", "author": AUTHOR},
        Event("a", None, "user\x1fu1"),
    ),
    ("first_seen(text)", {"text": "a"}, Event("a")),
    ("count_recent(text, score, '1 day')", {"text": "a", "score": 1.0}, Event("a\x1f1.0")),
    ("count_recent(text, score, '1 day')", {"text": "a"}, None),
]


@pytest.mark.parametrize(("text", "row", "expected"), EVENTS)
def test_an_event_carries_what_its_counter_needs(
    text: str, row: dict[str, object], expected: Event | None
) -> None:
    counter = predicate_of(f"{text} IS NOT NULL").counters[0]
    assert counter_event(counter, row) == expected


def test_windows_and_measures_of_the_same_numbers_share_their_events() -> None:
    predicate = predicate_of(
        "sum_recent(creator, score, '1 hour') > 1 AND avg_recent(creator, score, '1 day') > 1 "
        "AND max_recent(creator, score, '1 day') > 1"
    )
    assert len({counter.identity for counter in predicate.counters}) == 1
    others = predicate_of(
        "sum_recent(creator, size, '1 hour') > count_recent(creator, '1 hour') "
        "AND distinct_recent(creator, score, '1 hour') > 1 AND first_seen(creator) IS NOT NULL"
    )
    assert len({c.identity for c in (*others.counters, *predicate.counters)}) == 5


@pytest.mark.parametrize(
    "text",
    [
        "count_recent(creator, text, '1 hour', verified)",
        "sum_recent(creator, score + 1, '1 hour')",
        "distinct_recent(creator, lower(text), '2 days', score > 1)",
        "first_seen(creator, text)",
        "count_recent(lower(text), creator, '2 days', score > 1)",
        "count_recent(near_duplicate_key(text, 2), '1 day')",
        "first_seen(round(score), creator)",
    ],
)
def test_every_kind_of_stored_counter_is_read_back(text: str) -> None:
    counter = predicate_of(f"{text} IS NOT NULL").counters[0]
    carries = counter.measure.carries
    again = parse_counter(
        counter.key_fields, counter.where, counter.window_us, SCHEMA, carries, counter.value
    )
    assert again == counter
    assert isinstance(again, Counter)
    assert again.identity == counter.identity


def test_a_first_event_is_kept_apart_from_counted_ones() -> None:
    assert counter_of_time("first_seen(creator)").measure.carries is Carries.FIRST


def counter_of_time(text: str) -> Counter:
    return predicate_of(f"age({text}) > INTERVAL '1 day'").counters[0]


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
    assert naive_answers(counter, items) == [1, 2, 2]
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
        "count_recent(creator, verified, '1 hour')",
        "count_recent(creator, text, verified, '1 day', score > 0)",
        "distinct_recent(creator, text, '1 hour')",
        "distinct_recent(verified, creator, '1 day')",
        "distinct_recent(creator, size, '1 day', score > 0)",
        "distinct_recent(creator.id, verified, '2 hours')",
        "distinct_recent(verified, created_at, '3 hours')",
        "distinct_recent(creator, verified, lower(text), '5 hours')",
        "sum_recent(creator, score, '1 hour')",
        "sum_recent(verified, score * 0.1 + length(text), '1 day', size IS NOT NULL)",
        "sum_recent(creator, verified, 1e300, '1 day')",
        "avg_recent(creator, score, '1 hour')",
        "avg_recent(verified, 9e12, '1 day')",
        "max_recent(creator, score, '1 day')",
        "max_recent(verified, -score, '2 hours', score > 1)",
        "first_seen(creator)",
        "first_seen(text, verified)",
        "count_recent(lower(text), '1 day')",
        "count_recent(near_duplicate_key(text), verified, '1 day', score > 0)",
        "distinct_recent(substr(text, 1, 1), creator, '1 day')",
        "sum_recent(length(text) % 3, size, '1 hour')",
        "rate_limited(creator, 2, '1 hour')",
        "rate_limited(creator, 3, '1 day', 1)",
        "rate_limited(verified, lower(text), 1, '1 minute', 2)",
        "rate_limited(verified, 7, '3 hours', 4)",
        "rate_limited(creator.id, 1, '7 days')",
    ],
)
def test_windows_in_duckdb_count_what_a_naive_count_does(text: str, seed: int) -> None:
    items = make_items(random.Random(seed), 150)
    counter = predicate_of(f"{text} IS NOT NULL").counters[0]
    expected = [(answer,) for answer in naive_answers(counter, items)]
    assert by_duckdb([tree_of(text)], items) == expected


def test_a_plan_keeps_the_columns_of_its_relation() -> None:
    items = make_items(random.Random(1), 5)
    plan = to_duckdb([predicate_of("count_recent(creator, '1 day') > 1")], BANKS, "items")
    with duckdb.connect() as connection:
        connection.register("items", table_of(items))
        query = f"SELECT _seq, {plan.expressions[0]} FROM {plan.source} ORDER BY _seq"
        assert len(connection.execute(query).fetchall()) == 5
