"""When to try again: exponential, with jitter, over hours, and never before the receiver asked.

The delays before jitter are 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, then 4 h three times: ten
attempts over about fourteen hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus


@dataclass(frozen=True)
class Backoff:
    first_s: float = 5.0
    factor: float = 4.0
    longest_s: float = 4 * 3600.0
    attempts: int = 10
    longest_wish_s: float = 24 * 3600.0


def delay_s(backoff: Backoff, attempt: int, chance: float, wish_s: float | None = None) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    chance: uniform in [0, 1); it moves the delay within its upper half, so that a thousand
    webhooks that failed together do not come back together.
    wish_s: what `Retry-After` asked for; a floor, bounded by `longest_wish_s`.
    """
    plain = min(backoff.first_s * backoff.factor ** (attempt - 1), backoff.longest_s)
    jittered = plain * (0.5 + chance / 2)
    return max(jittered, min(wish_s or 0.0, backoff.longest_wish_s))


def is_last(backoff: Backoff, attempt: int) -> bool:
    return attempt >= backoff.attempts


def is_final(status: int | None) -> bool:
    """410 says that the endpoint is gone for good; everything else may pass."""
    return status == HTTPStatus.GONE


def is_success(status: int | None) -> bool:
    return status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Reads `Retry-After`: seconds or an HTTP date; anything else is no wish at all."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - now) / timedelta(seconds=1), 0.0)
