"""What counters say of events, in whole numbers, so that no order of adding changes an answer."""

from __future__ import annotations

from datetime import datetime
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.language.nodes import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST: Final = 9_000_000_000_000
"""A number beyond it, in either direction, does not count."""

_LARGEST_TOTAL: Final = 2**63 - 1

Measured = int | float | datetime | None


class Event(NamedTuple):
    """An item as one counter counts it. number or member: what the counter's events carry."""

    key: str
    number: float | None = None
    member: str | None = None


def countable(value: object) -> float | None:
    """The number as it counts; NULL, a number that is too large and what is none do not."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    number = float(value)
    return number if abs(number) <= LARGEST else None


def millionths(number: float) -> int:
    """Six decimal places, halves up."""
    return floor(number * 1e6 + 0.5)


def total(units: int) -> float | None:
    """A sum of millionths as a number; without decimals where 64 bits do not hold them."""
    if abs(units) <= _LARGEST_TOTAL:
        return float(units) / 1e6
    whole = abs(units) // 1_000_000
    if whole > _LARGEST_TOTAL:
        return None
    return float(whole if units > 0 else -whole)


def of_numbers(
    measure: Measure, events: int, units: int, largest: float | None
) -> float | int | None:
    """units: the sum of the events' millionths."""
    match measure:
        case Measure.MAX:
            return largest
        case Measure.AVG:
            summed = total(units)
            return None if summed is None or not events else summed / events
        case Measure.SUM:
            return total(units)
        case _:
            return events


def of_events(measure: Measure, events: Sequence[Event], first: datetime | None) -> Measured:
    """first: when the first of them arrived."""
    match measure:
        case Measure.FIRST:
            return first
        case Measure.COUNT:
            return len(events)
        case Measure.DISTINCT:
            return len({event.member for event in events})
        case _:
            numbers = [event.number for event in events if event.number is not None]
            units = sum(map(millionths, numbers))
            return of_numbers(measure, len(numbers), units, max(numbers, default=None))
