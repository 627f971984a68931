"""Token buckets: exact, in whole numbers, whichever engine asks."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.recent import Seen, counter_answers
from engine.language.buckets import MOST, PERIODS, Rate, over_rate
from engine.language.check import check
from engine.language.duckdb_sql import plan_values
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    SCHEMA,
    Placed,
    by_duckdb,
    naive_answers,
    predicate_of,
    tree_of,
)

SECOND = 1_000_000
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND


def plain(rate: Rate, arrivals: list[int]) -> list[bool]:
    """Tokens counted in fractions."""
    answers, tokens, last = [], Fraction(rate.burst), arrivals[0] if arrivals else 0
    for now in arrivals:
        assert rate.period_us is not None
        gained = Fraction((now - last) * rate.limit, rate.interval_us)
        fresh = now // rate.period_us != last // rate.period_us
        tokens = Fraction(rate.burst) if fresh else min(tokens + gained, Fraction(rate.burst))
        answers.append(tokens < 1)
        tokens, last = (tokens if tokens < 1 else tokens - 1), now
    return answers


RATES = st.builds(
    Rate,
    limit=st.integers(1, 7),
    interval_us=st.sampled_from([1, 3, 7, SECOND, 60 * SECOND, HOUR]),
    burst=st.integers(1, 9),
)
ARRIVALS = st.lists(
    st.one_of(st.integers(0, 40), st.integers(0, 3 * HOUR), st.integers(0, 3 * DAY)), max_size=40
).map(sorted)


@given(rate=RATES, arrivals=ARRIVALS)
def test_whole_numbers_say_what_fractions_do(rate: Rate, arrivals: list[int]) -> None:
    assert over_rate(rate, arrivals)[0] == plain(rate, arrivals)


@given(rate=RATES, arrivals=ARRIVALS, split=st.integers(0, 40))
def test_a_bucket_goes_on_from_what_an_earlier_arrival_left(
    rate: Rate, arrivals: list[int], split: int
) -> None:
    first, left = over_rate(rate, arrivals[:split])
    second, _ = over_rate(rate, arrivals[split:], left)
    assert [*first, *second] == plain(rate, arrivals)


def test_a_burst_empties_the_bucket_and_time_refills_it() -> None:
    rate = Rate(limit=2, interval_us=60 * SECOND, burst=2)
    moments = [0, 0, 0, 29_999_999, 30 * SECOND, 31 * SECOND, 300 * SECOND]
    assert over_rate(rate, moments)[0] == [False, False, True, True, False, True, False]


def test_who_finds_no_token_takes_none() -> None:
    rate = Rate(limit=1, interval_us=10, burst=1)
    assert over_rate(rate, list(range(31)))[0] == [n % 10 != 0 for n in range(31)]


def test_buckets_are_full_again_at_the_start_of_a_period() -> None:
    rate = Rate(limit=1, interval_us=600 * SECOND, burst=1)
    assert rate.period_us == HOUR
    answers, _ = over_rate(rate, [HOUR - 2, HOUR - 1, HOUR, HOUR + 1])
    assert answers == [False, True, False, True]


PERIOD_CASES = [
    (Rate(10, 60 * SECOND, 10), HOUR),
    (Rate(4, HOUR, 1), HOUR),
    (Rate(3, HOUR, 1), DAY),
    (Rate(5, DAY, 5), 7 * DAY),
    (Rate(1, 7 * DAY, 1), 28 * DAY),
    (Rate(1, 91 * DAY, 1), 364 * DAY),
    (Rate(1, 92 * DAY, 1), None),
]


@pytest.mark.parametrize(("rate", "period_us"), PERIOD_CASES)
def test_a_period_is_the_shortest_in_which_a_bucket_fills_four_times(
    rate: Rate, period_us: int | None
) -> None:
    assert rate.period_us == period_us
    assert sorted(PERIODS) == list(PERIODS)


def test_rows_at_hand_may_come_in_any_order_and_at_once() -> None:
    [counter] = predicate_of("rate_limited(text, 2, '1 hour')").counters
    seen = [
        Seen(key, None, ARRIVAL + timedelta(minutes=minute) if minute is not None else None)
        for key, minute in (("a", 2), ("a", 0), ("b", 0), ("a", 0), (None, 1), ("a", None))
    ]
    assert counter_answers(counter, seen) == [True, False, False, False, None, None]


def test_a_row_whose_time_is_not_known_is_in_no_bucket() -> None:
    items = [Placed({"text": "a"}, ARRIVAL + timedelta(seconds=n)) for n in range(3)]
    [counter] = predicate_of("rate_limited(text, 2, '1 hour')").counters
    expected = [False, False, True]
    assert naive_answers(counter, items) == expected
    found = by_duckdb([tree_of("rate_limited(text, 2, '1 hour')")], items)
    assert found == [(each,) for each in expected]


def test_buckets_and_counts_of_a_key_share_their_events() -> None:
    predicate = predicate_of(
        "rate_limited(creator, 2, '1 hour') OR rate_limited(creator, 5, '1 day') "
        "OR count_recent(creator, '1 hour') > 3"
    )
    assert len({counter.identity for counter in predicate.counters}) == 1
    assert len(predicate.counters) == 3


def test_many_buckets_are_planned_side_by_side() -> None:
    """A query that names its relation twice for each would double with each of them."""
    keys, limits = ("text", "lower(text)", "score"), (1, 2, 3, 4, 5, 6)
    texts = [f"rate_limited({key}, {limit}, '1 hour')" for key in keys for limit in limits]
    trees = [tree_of(text) for text in texts]
    times = [ARRIVAL + timedelta(seconds=n) for n in range(9)]
    items = [Placed({"text": "aAb"[n % 3], "score": n % 2}, time) for n, time in enumerate(times)]
    plan = plan_values(trees, SCHEMA, BANKS, "items")
    assert plan.source.count("FROM items") == 1
    found = by_duckdb(trees, items)
    for place, text in enumerate(texts):
        [counter] = predicate_of(text).counters
        assert [row[place] for row in found] == naive_answers(counter, items)


WRONG = [
    ("rate_limited(creator, 0, '1 hour')", "bad-rate"),
    ("rate_limited(creator, 1.5, '1 hour')", "bad-rate"),
    (f"rate_limited(creator, {MOST + 1}, '1 hour')", "bad-rate"),
    ("rate_limited(creator, 1, '300 days')", "bad-rate"),
    ("rate_limited(creator, score, '1 hour')", "bad-rate"),
    ("rate_limited(creator, 1, 'soon')", "bad-window"),
    ("rate_limited(creator, 1)", "wrong-count"),
    ("rate_limited(1, '1 hour')", "wrong-count"),
    ("rate_limited(tags, 1, '1 hour')", "wrong-type"),
    ("rate_limited(strikes(creator), 1, '1 hour')", "bad-key"),
]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_what_is_no_rate_is_refused(text: str, code: str) -> None:
    assert [each.code for each in check(text, SCHEMA, BANKS).diagnostics] == [code]
