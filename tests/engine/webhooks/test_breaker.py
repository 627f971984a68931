"""An endpoint in trouble is left alone, longer and longer, and closes with the first success."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.webhooks.breaker import HEALTHY, Breaker, Health, Outcome, after, is_alive

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BREAKER = Breaker(failures=3, first_pause=timedelta(seconds=10), longest_pause=timedelta(minutes=1))


def outcomes(*alive: bool) -> list[Outcome]:
    return [Outcome(f"m{n}", one) for n, one in enumerate(alive)]


def test_failures_in_a_row_open_it() -> None:
    closed = after(BREAKER, HEALTHY, outcomes(False, False), NOW)
    opened = after(BREAKER, closed, outcomes(False), NOW)
    assert (closed.failures, closed.open_until) == (2, None)
    assert opened.open_until == NOW + timedelta(seconds=10)


def test_a_success_between_them_starts_the_count_again() -> None:
    assert after(BREAKER, HEALTHY, outcomes(False, False, True, False), NOW) == Health(failures=1)


def test_what_was_on_its_way_when_it_opened_does_not_lengthen_the_pause() -> None:
    opened = after(BREAKER, HEALTHY, outcomes(*[False] * 3), NOW)
    later = after(BREAKER, opened, outcomes(*[False] * 20), NOW + timedelta(seconds=2))
    assert later.open_until == opened.open_until


def test_a_failed_probe_opens_it_for_longer_up_to_a_limit() -> None:
    health, pauses = after(BREAKER, HEALTHY, outcomes(*[False] * 3), NOW), []
    for _ in range(5):
        probing = Health(health.failures, health.opens, NOW, "probe")
        health = after(BREAKER, probing, [Outcome("probe", alive=False)], NOW)
        assert health.open_until is not None
        pauses.append((health.open_until - NOW).total_seconds())
    assert pauses == [20, 40, 60, 60, 60]


@given(st.lists(st.booleans(), max_size=30))
def test_any_success_closes_it(past: list[bool]) -> None:
    assert after(BREAKER, HEALTHY, outcomes(*past, True), NOW) == HEALTHY


@pytest.mark.parametrize(
    ("status", "alive"),
    [
        (200, True), (204, True), (302, True), (400, True), (401, True), (410, True),
        (408, False), (429, False), (500, False), (503, False), (None, False),
    ],
)  # fmt: skip
def test_an_answer_that_refuses_one_message_is_a_sign_of_life(
    status: int | None, *, alive: bool
) -> None:
    assert is_alive(status) is alive
