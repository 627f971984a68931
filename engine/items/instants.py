"""Points in time: read from the ISO-8601 texts that platforms send, written one way."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

_ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?"
    r"(?:Z|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_MAX_CHARACTERS: Final = 64
_END_OF_DAY: Final = 24
_LEAP_SECOND: Final = 60
_LOOSE: Final = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m",
    "%Y",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d, %Y %H:%M:%S",
    "%B %d, %Y %H:%M:%S",
    "%a %b %d %Y",
    "%a %b %d %Y %H:%M:%S",
    "%a %b %d %Y %H:%M:%S GMT%z",
)


def instant_text(text: str) -> str | None:
    """The same instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`, or None when the text names none.

    A text without an offset is UTC. Digits below the millisecond are cut off, not rounded.
    24:00:00 is the next midnight and second 60 the next minute; dates that do not exist are None.
    """
    if _read_canonical(text) is not None:
        return text
    whole_seconds = f"{text[:-1]}.000Z"
    if text.endswith("Z") and _read_canonical(whole_seconds) is not None:
        return whole_seconds
    instant = read_instant(text)
    return None if instant is None else write_instant(instant)


def read_instant(text: str) -> datetime | None:
    """The instant in UTC, cut to milliseconds."""
    parts = _ISO.fullmatch(text.strip()) if len(text) <= _MAX_CHARACTERS else None
    if parts is None:
        return None
    day, hour, minute, second, fraction = parts.group(1, 2, 3, 4, 5)
    try:
        midnight = datetime.fromisoformat(day).replace(tzinfo=_zone(*parts.group(6, 7, 8)))
        clock = _time_of_day(int(hour), int(minute), int(second), fraction or "")
        return (midnight + clock).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_loose_instant(text: str) -> datetime | None:
    """As `read_instant`, and also what browsers write: dates alone, RFC 2822, `Jan 5, 2026`."""
    said = text.partition("(")[0].strip()
    if len(said) > _MAX_CHARACTERS:
        return None
    for reading in (read_instant, _written_out, _mail_date):
        instant = reading(said)
        if instant is not None:
            return instant
    return None


def _written_out(text: str) -> datetime | None:
    for pattern in _LOOSE:
        try:
            return _in_utc(datetime.strptime(text, pattern))  # noqa: DTZ007 - UTC unless it says
        except (ValueError, OverflowError):
            continue
    return None


def _mail_date(text: str) -> datetime | None:
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def instant_of(value: object) -> datetime | None:
    """The instant that a stored value names, or None when it names none."""
    if not isinstance(value, str):
        return None
    return _read_canonical(value) or read_instant(value)


def write_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_canonical(text: str) -> datetime | None:
    """The quick way for the form we write ourselves; None for every other form."""
    if len(text) != 24 or text[7:20:3] != "-T::." or text[23] != "Z":  # noqa: PLR2004
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _time_of_day(hour: int, minute: int, second: int, fraction: str) -> timedelta:
    """Raises ValueError for a time that no clock shows."""
    clock = timedelta(
        hours=hour, minutes=minute, seconds=second, milliseconds=int(fraction[:3].ljust(3, "0"))
    )
    if hour == _END_OF_DAY and clock == timedelta(days=1):
        return clock
    if hour >= _END_OF_DAY or minute > 59 or second > _LEAP_SECOND:  # noqa: PLR2004 - a clock
        raise ValueError("no such time of day")
    return clock


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    """Raises ValueError for an offset that no place has."""
    if sign is None or hours is None:
        return UTC
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)
