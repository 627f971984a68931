"""Numbers, times and intervals as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

UNKNOWN = "\u2013"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_HUNDRED, _THOUSAND, _MILLION = 100, 1_000, 1_000_000


def count(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def compact(value: float | None) -> str:
    """1234567 → 1.2M."""
    if value is None:
        return UNKNOWN
    if abs(value) >= _MILLION:
        return f"{value / _MILLION:.1f}M"
    if abs(value) >= 10 * _THOUSAND:
        return f"{value / _THOUSAND:.0f}k"
    return count(round(value) if abs(value) >= _HUNDRED else round(value, 1))


def share(value: float | None) -> str:
    """0.1234 → 12.3%."""
    if value is None:
        return UNKNOWN
    percent = 100 * value
    digits = 0 if percent in {0, 100} else 1
    return f"{percent:.{digits}f}%"


def share_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return UNKNOWN
    if low is None or high is None:
        return share(value)
    return f"{share(value)} ({100 * low:.1f} to {100 * high:.1f})"


def count_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return UNKNOWN
    if low is None or high is None:
        return count(round(value))
    return f"{compact(round(value))} ({compact(round(low))} to {compact(round(high))})"


def span_of(duration: timedelta) -> str:
    """Two units at most: 3 d 4 h, 12 min, 40 s."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def age(since: datetime | None, now: datetime) -> str:
    return UNKNOWN if since is None else span_of(now - aware(since))


def moment(at: datetime | None) -> str:
    return UNKNOWN if at is None else aware(at).astimezone(UTC).strftime("%d %b %Y, %H:%M UTC")


def aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def parsed(at: object) -> datetime | None:
    """A time from a JSON document, or None for anything that is not one."""
    if not isinstance(at, str):
        return None
    try:
        return aware(datetime.fromisoformat(at))
    except ValueError:
        return None
