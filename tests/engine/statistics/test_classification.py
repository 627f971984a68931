from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.classification import Confusion, f1, quality

WORKED = Confusion(true_positive=90, false_positive=10, false_negative=30, true_negative=870)


def test_the_figures_of_a_worked_example() -> None:
    figures = quality(WORKED, floor=1)
    assert figures.precision.value == pytest.approx(0.9)
    assert figures.recall.value == pytest.approx(0.75)
    assert figures.f1.value == pytest.approx(2 * 0.9 * 0.75 / (0.9 + 0.75))
    assert figures.false_positive_rate.value == pytest.approx(10 / 880)
    assert (figures.precision.low, figures.precision.high) == pytest.approx(
        (0.8256, 0.9448), abs=1e-4
    )


@pytest.mark.parametrize(
    ("confusion", "figure", "why"),
    [
        (Confusion(), "precision", "no item in the range has a known truth"),
        (Confusion(true_negative=5), "precision", "no labelled item matches the rule"),
        (Confusion(true_negative=5), "recall", "no labelled item is violating"),
        (Confusion(true_positive=5), "false_positive_rate", "no labelled item is clean"),
        (Confusion(true_negative=5), "f1", "no labelled item matches the rule or is violating"),
        (Confusion(true_positive=2), "recall", "insufficient data: 2 where 3 are asked for"),
        (Confusion(true_positive=2), "f1", "insufficient data: 2 where 3 are asked for"),
    ],
)
def test_a_figure_that_cannot_be_given_says_why(
    confusion: Confusion, figure: str, why: str
) -> None:
    estimate = getattr(quality(confusion, floor=3), figure)
    assert (estimate.value, estimate.low, estimate.high) == (None, None, None)
    assert estimate.why == why


def test_f1_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    cells = np.array([0.08, 0.02, 0.05, 0.85])
    truth = 2 * cells[0] / (2 * cells[0] + cells[1] + cells[2])
    draws = np.random.default_rng(4).multinomial(1_000, cells, size=3_000)
    intervals = [f1(Confusion(*(int(n) for n in draw)), floor=1) for draw in draws]
    covered = sum(e.low <= truth <= e.high for e in intervals if e.low is not None and e.high)
    assert 0.93 <= covered / len(draws) <= 0.97


def test_confusions_add_up_cell_by_cell() -> None:
    assert Confusion(1, 2, 3, 4) + Confusion(10, 20, 30, 40) == Confusion(11, 22, 33, 44)
