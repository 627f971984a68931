from __future__ import annotations

import pytest

from engine.statistics.estimates import poisson
from engine.statistics.volume import dispersion, per_day


def test_volume_is_the_count_over_the_days_with_garwoods_limits() -> None:
    volume = per_day(100, 10)
    low, high = poisson(100)
    assert (volume.value, volume.low, volume.high) == pytest.approx((10.0, low / 10, high / 10))


def test_no_hits_still_have_an_upper_bound() -> None:
    volume = per_day(0, 30)
    assert volume.value == 0
    assert volume.low == 0
    assert volume.high == pytest.approx(3.689 / 30, rel=1e-3)


def test_no_days_is_unknown() -> None:
    assert per_day(3, 0).why == "no days in the range"


@pytest.mark.parametrize(
    ("counts", "scale"),
    [
        ([5, 5, 5, 5, 5, 5, 5], 1.0),
        ([0, 100], 1.0),
        ([0, 0, 0, 0, 0, 0, 0], 1.0),
        ([0, 0, 0, 0, 0, 0, 70], 70.0),
    ],
)
def test_bursty_days_scale_the_interval_and_steady_or_few_days_do_not(
    counts: list[int], scale: float
) -> None:
    assert dispersion(counts) == pytest.approx(scale)


def test_a_wider_scale_widens_both_sides_and_never_goes_below_nothing() -> None:
    plain, bursty = per_day(70, 7), per_day(70, 7, scale=70.0)
    assert plain.low is not None
    assert plain.high is not None
    assert bursty.high is not None
    assert bursty.low == 0.0
    assert bursty.high > plain.high
