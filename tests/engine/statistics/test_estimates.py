from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.statistics.estimates import Estimate, poisson, proportion, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_bounds(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(trials=st.integers(1, 5_000), share=st.floats(0, 1), confidence=st.floats(0.5, 0.999))
def test_wilson_is_scipys_and_holds_the_proportion(
    trials: int, share: float, confidence: float
) -> None:
    successes = round(share * trials)
    low, high = wilson(successes, trials, confidence)
    reference = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=1e-9)
    assert 0 <= low <= successes / trials <= high <= 1


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_wilson_covers_the_truth_about_as_often_as_it_says(share: float) -> None:
    trials = 200
    counts = np.random.default_rng(20).binomial(trials, share, size=4_000)
    covered = sum(low <= share <= high for low, high in (wilson(int(k), trials) for k in counts))
    assert 0.93 <= covered / len(counts) <= 0.98


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood's table of 95% limits.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (50, 37.11, 65.92)],
)
def test_poisson_gives_the_published_bounds(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), rel=1e-3)


def test_a_share_of_nothing_says_why() -> None:
    assert proportion(0, 0, floor=1, nothing="no hits") == Estimate.unknown("no hits")


def test_a_share_below_the_floor_is_withheld_with_its_support() -> None:
    withheld = proportion(3, 9, floor=10, nothing="no hits")
    assert withheld.value is None
    assert withheld.support == 9
    assert withheld.why == "insufficient data: 9 where 10 are asked for"
    assert proportion(3, 10, floor=10, nothing="no hits").value == pytest.approx(0.3)
