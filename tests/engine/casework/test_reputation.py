"""A name is lost by what one does, and mends with time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.casework.reputation import (
    HALF_LIFE,
    Deed,
    Happening,
    points_of,
    reputation,
    severity_points,
)
from engine.configuration.policies import Severity

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def happening(deed: Deed, amount: float = 1.0, days: float = 0) -> Happening:
    return Happening(deed, NOW - timedelta(days=days), amount)


happenings = st.builds(happening, st.sampled_from(Deed), st.floats(0.1, 20), st.floats(-1, 1000))


def test_a_user_of_whom_nothing_is_known_has_the_best_name() -> None:
    assert reputation([], NOW).score == 5


@pytest.mark.parametrize(
    ("strikes", "score"), [(0, 5), (1, 4), (2, 4), (4, 3), (8, 2), (16, 1), (1000, 1)]
)
def test_strikes_lower_it_in_steps_that_become_smaller(strikes: int, score: int) -> None:
    assert reputation([happening(Deed.STRIKE, strikes)], NOW).whole == score


def test_points_halve_with_each_half_life() -> None:
    old = Happening(Deed.STRIKE, NOW - 3 * HALF_LIFE, 8)
    assert points_of(old, NOW) == pytest.approx(1)


@pytest.mark.parametrize(
    ("severities", "points"),
    [((), 0.5), ((Severity.NONE,), 0.5), ((Severity.LOW, Severity.SEVERE, Severity.HIGH), 8)],
)
def test_a_decision_counts_by_its_most_severe_policy(
    severities: tuple[Severity, ...], points: float
) -> None:
    assert severity_points(severities) == points


@given(st.lists(happenings, max_size=20))
def test_a_score_is_always_from_one_to_five(found: list[Happening]) -> None:
    result = reputation(found, NOW)
    assert 1 <= result.score <= 5
    assert 1 <= result.whole <= 5


@given(st.lists(happenings, max_size=20), happenings)
def test_one_more_offence_never_helps(found: list[Happening], more: Happening) -> None:
    before, after = reputation(found, NOW).score, reputation([*found, more], NOW).score
    if more.deed is Deed.REPORT_UPHELD:
        assert after >= before
    else:
        assert after <= before


@given(st.lists(happenings.filter(lambda one: one.deed is not Deed.REPORT_UPHELD), max_size=20))
def test_time_alone_mends(found: list[Happening]) -> None:
    later = NOW + timedelta(days=30)
    assert reputation(found, later).score >= reputation(found, NOW).score
