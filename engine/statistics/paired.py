"""Two rules on the same items: who is right where they differ."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import bdtr


@dataclass(frozen=True)
class McNemar:
    """Exact two-sided McNemar test (Q. McNemar, Psychometrika 12, 1947) on discordant pairs.

    p is None when the rules are right and wrong on the same items: nothing to compare.
    """

    candidate_only_right: int
    baseline_only_right: int
    p: float | None


def mcnemar(candidate_only_right: int, baseline_only_right: int) -> McNemar:
    pairs = candidate_only_right + baseline_only_right
    if pairs == 0:
        return McNemar(candidate_only_right, baseline_only_right, None)
    fewer = min(candidate_only_right, baseline_only_right)
    # Binomial(pairs, 1/2) is symmetric, so both tails are twice the smaller one.
    p = min(1.0, 2 * float(bdtr(float(fewer), pairs, 0.5)))
    return McNemar(candidate_only_right, baseline_only_right, p)
