"""An estimate and the intervals around counted things."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import gammaincinv, ndtri

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with the two-sided interval around it, or the reason why there is none.

    support: how many counted things the figure rests on (the denominator).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    support: int = 0
    why: str = ""

    @staticmethod
    def unknown(why: str, support: int = 0) -> Estimate:
        return Estimate(None, None, None, support, why)


def normal_quantile(confidence: float) -> float:
    return float(ndtri(0.5 + confidence / 2))


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson score interval without continuity correction (E. B. Wilson, JASA 22, 1927).

    trials must be above zero. The bounds stay inside [0, 1] and always hold the proportion.
    """
    z = normal_quantile(confidence)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == trials else (centre + spread) / scale
    return low, high


def proportion(
    successes: int, trials: int, *, floor: int, nothing: str, confidence: float = CONFIDENCE
) -> Estimate:
    """A share of `trials`; unknown with no trials (`nothing` says why) or fewer than `floor`."""
    if trials == 0:
        return Estimate.unknown(nothing)
    if trials < floor:
        return Estimate.unknown(insufficient(trials, floor), trials)
    low, high = wilson(successes, trials, confidence)
    return Estimate(successes / trials, low, high, trials)


def insufficient(support: int, floor: int) -> str:
    return f"insufficient data: {support} where {floor} are asked for"


def poisson(count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Exact interval for the mean of a Poisson count (F. Garwood, Biometrika 28, 1936)."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammaincinv(count + 1, 1 - tail))
