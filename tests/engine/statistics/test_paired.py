from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.statistics.paired import mcnemar


@pytest.mark.parametrize(
    ("candidate", "baseline", "p"),
    [(0, 5, 0.0625), (1, 9, 0.021484375), (5, 5, 1.0), (10, 2, 0.03857421875)],
)
def test_mcnemar_gives_the_exact_binomial_p(candidate: int, baseline: int, p: float) -> None:
    assert mcnemar(candidate, baseline).p == pytest.approx(p)


def test_rules_that_never_differ_have_no_p() -> None:
    assert mcnemar(0, 0).p is None


@given(candidate=st.integers(0, 400), baseline=st.integers(0, 400))
def test_mcnemar_is_scipys_binomial_test_and_has_no_favourite(
    candidate: int, baseline: int
) -> None:
    p = mcnemar(candidate, baseline).p
    assert p == mcnemar(baseline, candidate).p
    if candidate + baseline:
        assert p == pytest.approx(stats.binomtest(candidate, candidate + baseline).pvalue)
