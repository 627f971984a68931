"""How many a day: a Poisson rate, widened when the days differ more than chance would have them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from engine.statistics.estimates import CONFIDENCE, Estimate, poisson

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_DAYS_FOR_DISPERSION: Final = 7


def dispersion(counts: Sequence[int]) -> float:
    """Variance over mean of daily counts, at least 1; 1 with too few days to tell.

    The quasi-Poisson scale (McCullagh & Nelder, Generalized Linear Models, 1989, 6.2.4).
    """
    days, total = len(counts), sum(counts)
    if days < FEWEST_DAYS_FOR_DISPERSION or total == 0:
        return 1.0
    mean = total / days
    return max(1.0, sum((count - mean) ** 2 for count in counts) / (days - 1) / mean)


def per_day(
    total: int, days: float, scale: float = 1.0, confidence: float = CONFIDENCE
) -> Estimate:
    """`total` events over `days` days of exposure; `scale` comes from `dispersion`."""
    if days <= 0:
        return Estimate.unknown("no days in the range")
    low, high = poisson(total, confidence)
    widen = math.sqrt(scale)
    rate = total / days
    return Estimate(
        rate,
        max(0.0, rate - widen * (rate - low / days)),
        rate + widen * (high / days - rate),
        total,
    )
