"""The question a backtest answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from engine.statistics.estimates import CONFIDENCE

if TYPE_CHECKING:
    from datetime import datetime

FLOOR: Final = 10
"""Fewer labelled items than this give no figure: any share of them would be noise."""


class TruthSource(StrEnum):
    NONE = "none"
    LABELS = "labels"
    FIELD = "field"


@dataclass(frozen=True)
class Truth:
    """field: the boolean field that says whether an item is violating, when the source is FIELD."""

    source: TruthSource = TruthSource.NONE
    field: str = ""


@dataclass(frozen=True)
class Period:
    """Arrivals from `start` on and before `end`; None is open."""

    start: datetime | None = None
    end: datetime | None = None


EVER: Final = Period()
NO_TRUTH: Final = Truth()


@dataclass(frozen=True)
class Spec:
    """candidate and baseline are canonical rule texts. segment: a field to break figures down by.

    floor: fewest labelled items for a figure to be given.
    """

    candidate: str
    baseline: str | None = None
    period: Period = EVER
    truth: Truth = NO_TRUTH
    segment: str | None = None
    floor: int = FLOOR
    confidence: float = CONFIDENCE
