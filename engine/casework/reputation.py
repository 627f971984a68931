"""How good a user's name is, from 1 to 5: what happened, and how long ago.

Each event costs points, which halve every `HALF_LIFE`; what a user is thanked for gives some back.
The score is `1 + 4 * 2^(-points / POINTS_TO_HALVE)`: 5 for a user of whom nothing is known, 3 at
four points, close to 1 beyond twenty. So a name mends by itself when nothing is added.

| event | points |
|---|---|
| a strike that was not revoked, expired or not | its number of strikes |
| a decision that acted on something of the user's | by its most severe policy: 0.5, 1, 2, 4, 8 |
| a report by the user that was invalidated | 0.5 |
| a report by the user that was dismissed | 0.1 |
| a report by the user that was upheld | -0.2 |

Below zero, points count as zero. A decision that was undone, and a strike that was revoked, never
happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from engine.configuration.policies import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

BEST: Final = 5.0
WORST: Final = 1.0
HALF_LIFE: Final = timedelta(days=60)
POINTS_TO_HALVE: Final = 4.0


class Deed(StrEnum):
    """What a score is made of."""

    STRIKE = "strike"
    DECISION = "decision"
    REPORT_INVALIDATED = "report-invalidated"
    REPORT_DISMISSED = "report-dismissed"
    REPORT_UPHELD = "report-upheld"


@dataclass(frozen=True)
class Happening:
    """amount: of a strike, how many; of a decision, its severity's points; else 1."""

    deed: Deed
    at: datetime
    amount: float = 1.0


@dataclass(frozen=True)
class Reputation:
    """score: from 1 to 5. points: what it was made of, decayed."""

    score: float
    points: float
    happenings: int

    @property
    def whole(self) -> int:
        """The nearest whole number from 1 to 5, as platforms read it."""
        return int(self.score + 0.5)


WEIGHTS: Final[Mapping[Deed, float]] = {
    Deed.STRIKE: 1.0,
    Deed.DECISION: 1.0,
    Deed.REPORT_INVALIDATED: 0.5,
    Deed.REPORT_DISMISSED: 0.1,
    Deed.REPORT_UPHELD: -0.2,
}
SEVERITY_POINTS: Final[Mapping[Severity, float]] = {
    Severity.NONE: 0.5,
    Severity.LOW: 1.0,
    Severity.MEDIUM: 2.0,
    Severity.HIGH: 4.0,
    Severity.SEVERE: 8.0,
}


def reputation(happenings: Iterable[Happening], now: datetime) -> Reputation:
    """What lies in the future counts as if it were now."""
    every = list(happenings)
    points = max(sum(points_of(each, now) for each in every), 0.0)
    score = WORST + (BEST - WORST) * 2 ** (-points / POINTS_TO_HALVE)
    return Reputation(score, points, len(every))


def points_of(happening: Happening, now: datetime) -> float:
    age = max(now - happening.at, timedelta())
    remaining: float = 0.5 ** (age / HALF_LIFE)
    return WEIGHTS[happening.deed] * happening.amount * remaining


def severity_points(severities: Iterable[Severity]) -> float:
    """Of a decision: by the most severe of its policies, as if NONE without any."""
    return max(
        (SEVERITY_POINTS[each] for each in severities), default=SEVERITY_POINTS[Severity.NONE]
    )
