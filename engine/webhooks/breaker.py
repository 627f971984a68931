"""When to leave an endpoint alone for a while, so that its trouble costs it and us nothing.

After a number of failures in a row the breaker opens: nothing is sent, and no message loses one of
its attempts. When the pause is over one message goes as a probe; its success closes the breaker,
its failure begins the next, longer pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Breaker:
    failures: int = 10
    first_pause: timedelta = timedelta(seconds=15)
    factor: int = 2
    longest_pause: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Health:
    """failures: in a row. opens: in a row, too. probe: the message that may go through meanwhile.

    open_until: None while closed; past it, probes are sent.
    """

    failures: int = 0
    opens: int = 0
    open_until: datetime | None = None
    probe: str | None = None


HEALTHY = Health()


@dataclass(frozen=True)
class Outcome:
    message_id: str
    alive: bool


def is_alive(status: int | None) -> bool:
    """Whether an answer shows a working endpoint, even if it refuses this one message."""
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    return status not in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


def after(breaker: Breaker, health: Health, outcomes: Iterable[Outcome], now: datetime) -> Health:
    """outcomes: in the order in which they came."""
    for outcome in outcomes:
        health = HEALTHY if outcome.alive else _failed(breaker, health, outcome, now)
    return health


def _failed(breaker: Breaker, health: Health, outcome: Outcome, now: datetime) -> Health:
    """What was on its way when the breaker opened changes nothing; a failed probe opens it anew."""
    failed = replace(health, failures=health.failures + 1)
    if health.open_until is None:
        return _opened(breaker, failed, now) if failed.failures >= breaker.failures else failed
    return _opened(breaker, failed, now) if outcome.message_id == health.probe else failed


def _opened(breaker: Breaker, health: Health, now: datetime) -> Health:
    pause = breaker.first_pause * breaker.factor ** min(health.opens, 30)
    until = now + min(pause, breaker.longest_pause)
    return replace(health, opens=health.opens + 1, open_until=until, probe=None)
