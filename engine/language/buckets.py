"""Token buckets: whether an item finds a token, from the arrivals of its key alone.

A bucket holds up to `burst` tokens and gains `limit` of them in each `interval`, evenly. Every item
of the key takes one if there is a whole one, and is over the rate if there is none; then it takes
none. At the start of each period, which is the same for every key, buckets are full again: so what
a bucket holds never depends on more than one period of arrivals. All of it is whole numbers: times
are microseconds, multiplied by `limit` (the generic cell rate algorithm, ITU-T I.371).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOUR: Final = 3_600_000_000
_DAY: Final = 24 * _HOUR
PERIODS: Final = (_HOUR, _DAY, 7 * _DAY, 28 * _DAY, 364 * _DAY)
_FILLS_A_PERIOD: Final = 4
MOST: Final = 1_000_000


@dataclass(frozen=True)
class Rate:
    """limit, burst: whole tokens, 1 to MOST."""

    limit: int
    interval_us: int
    burst: int

    @property
    def period_us(self) -> int | None:
        """The shortest in which an empty bucket fills four times; None where none is that long.

        Periods are counted from 1970-01-01, in UTC.
        """
        fills = _FILLS_A_PERIOD * self.burst * self.interval_us
        return next((each for each in PERIODS if each * self.limit >= fills), None)


@dataclass(frozen=True)
class Level:
    """What is left in a bucket after the arrival at `at_us`: it is full again when `due` has come.

    due: microseconds times the rate's limit.
    """

    at_us: int
    due: int


def over_rate(
    rate: Rate, arrivals: Iterable[int], after: Level | None = None
) -> tuple[list[bool], Level | None]:
    """For each arrival whether it found no token, and what the last one leaves.

    arrivals: of one key, in order, microseconds. after: what an earlier arrival has left.
    """
    period_us = rate.period_us
    assert period_us is not None, "a rate that the checker accepted"
    slack = (rate.burst - 1) * rate.interval_us
    answers: list[bool] = []
    due, period = (after.due, after.at_us // period_us) if after else (0, -1)
    moment = 0
    for moment in arrivals:
        if moment // period_us != period:
            period, due = moment // period_us, moment * rate.limit
        now = moment * rate.limit
        over = due - now > slack
        answers.append(over)
        if not over:
            due = max(due, now) + rate.interval_us
    return answers, Level(moment, due) if answers else after
