"""Lengths and points of time as authors write them, in whole microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
LONGEST_INTERVAL_US: Final = 36_500 * DAY_US
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_UNITS: Final = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": SECOND_US,
    "sec": SECOND_US,
    "minute": 60 * SECOND_US,
    "min": 60 * SECOND_US,
    "hour": 3_600 * SECOND_US,
    "day": DAY_US,
    "week": 7 * DAY_US,
}
_PART: Final = re.compile(r"\s*(\d{1,18})\s*([a-z]+)\s*", re.ASCII)
_FORMAT: Final = (
    ("day", DAY_US),
    ("hour", 3_600 * SECOND_US),
    ("minute", 60 * SECOND_US),
    ("second", SECOND_US),
    ("millisecond", 1_000),
    ("microsecond", 1),
)
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)


def parse_interval(text: str) -> int | None:
    """`1 day 12 hours` in microseconds; None for months, years, and what is no interval."""
    total, position = 0, 0
    lowered = text.lower()
    while position < len(lowered):
        part = _PART.match(lowered, position)
        unit = _unit(part[2]) if part else None
        if part is None or unit is None:
            return None
        total += int(part[1]) * unit
        position = part.end()
    return total if text.strip() and total <= LONGEST_INTERVAL_US else None


def _unit(word: str) -> int | None:
    return _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))


def format_interval(microseconds: int) -> str:
    """The shortest words that parse_interval reads back to the same length."""
    parts = []
    for word, size in _FORMAT:
        amount, microseconds = divmod(microseconds, size)
        if amount:
            parts.append(f"{amount} {word}{'' if amount == 1 else 's'}")
    return " ".join(parts) or "0 seconds"


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 UTC; without an offset the time is UTC."""
    if not _TIME.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return microseconds_of(aware)


def microseconds_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def format_time(microseconds: int) -> str:
    moment = moment_of(microseconds).replace(tzinfo=None)
    return moment.isoformat(sep=" ")
