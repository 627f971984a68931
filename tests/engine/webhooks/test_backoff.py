from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.webhooks.backoff import (
    Backoff,
    delay_s,
    is_final,
    is_last,
    is_success,
    retry_after_s,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_the_default_delays_grow_over_hours() -> None:
    delays = [delay_s(Backoff(), attempt, chance=0.999999) for attempt in range(1, 10)]
    assert [round(d) for d in delays] == [5, 20, 80, 320, 1280, 5120, 14400, 14400, 14400]


@given(attempt=st.integers(1, 60), chance=CHANCES)
def test_a_delay_stays_in_the_upper_half_of_its_step(attempt: int, chance: float) -> None:
    backoff = Backoff()
    plain = min(backoff.first_s * backoff.factor ** (attempt - 1), backoff.longest_s)
    assert plain / 2 <= delay_s(backoff, attempt, chance) <= plain


@given(chance=CHANCES)
def test_later_attempts_never_wait_less(chance: float) -> None:
    delays = [delay_s(Backoff(), attempt, chance) for attempt in range(1, 12)]
    assert all(before <= after for before, after in pairwise(delays))


@given(wish=st.floats(0, 1e9), chance=CHANCES)
def test_a_receivers_wish_is_a_bounded_floor(wish: float, chance: float) -> None:
    waited = delay_s(Backoff(), 1, chance, wish)
    assert waited >= min(wish, Backoff().longest_wish_s)
    assert waited <= max(Backoff().longest_wish_s, Backoff().first_s)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 400, float("9" * 12)),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "success", "final"),
    [
        (200, True, False),
        (204, True, False),
        (302, False, False),
        (400, False, False),
        (410, False, True),
        (429, False, False),
        (500, False, False),
        (None, False, False),
    ],
)
def test_two_hundreds_succeed_and_only_gone_is_final(
    status: int | None, *, success: bool, final: bool
) -> None:
    assert is_success(status) is success
    assert is_final(status) is final


def test_the_tenth_attempt_is_the_last() -> None:
    assert [is_last(Backoff(), n) for n in (1, 9, 10, 11)] == [False, False, True, True]
