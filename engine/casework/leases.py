"""A claim on a job is a lease: it names one holder by a token, and it runs out by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.errors import Conflict

if TYPE_CHECKING:
    from datetime import datetime

LEASE = timedelta(minutes=5)


class JobState(StrEnum):
    OPEN = "open"
    DECIDED = "decided"
    CLOSED = "closed"


@dataclass(frozen=True)
class Hold:
    """What a job says about its claim: who holds it, by which token, until when."""

    state: JobState
    holder: str | None
    token: str | None
    until: datetime | None

    def is_held(self, now: datetime) -> bool:
        return self.until is not None and self.until > now


def check_hold(hold: Hold, token: str, holder: str, now: datetime) -> None:
    """Raises Conflict unless the token is this holder's lease, still running, on an open job."""
    if hold.state is not JobState.OPEN:
        raise Conflict("this job has been decided already", hint="take the next job")
    if hold.token != token or hold.holder != holder:
        raise Conflict(
            "somebody else holds this job, or it was claimed anew",
            hint="claim the job again and look at it afresh",
        )
    if not hold.is_held(now):
        raise Conflict("the claim on this job has run out", hint="claim the job again")


def check_free(hold: Hold, holder: str, now: datetime) -> None:
    """Raises Conflict unless `holder` may claim the job; a person may claim his own anew."""
    if hold.state is not JobState.OPEN:
        raise Conflict("this job has been decided already", hint="take the next job")
    if hold.is_held(now) and hold.holder != holder:
        raise Conflict("somebody else is reviewing this job", hint="take the next job")
