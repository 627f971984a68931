from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.casework.leases import Hold, JobState, check_free, check_hold
from engine.errors import Conflict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
HELD = Hold(JobState.OPEN, "user:ann", "t1", LATER)


def test_the_holder_may_work_on_the_job() -> None:
    check_hold(HELD, "t1", "user:ann", NOW)
    assert HELD.is_held(NOW)


@pytest.mark.parametrize(
    ("hold", "token", "holder", "words"),
    [
        (HELD, "t2", "user:ann", "somebody else"),
        (HELD, "t1", "user:bob", "somebody else"),
        (Hold(JobState.OPEN, "user:ann", "t1", NOW), "t1", "user:ann", "run out"),
        (Hold(JobState.DECIDED, "user:ann", "t1", LATER), "t1", "user:ann", "decided already"),
        (Hold(JobState.OPEN, None, None, None), "t1", "user:ann", "somebody else"),
    ],
)
def test_nobody_else_may(hold: Hold, token: str, holder: str, words: str) -> None:
    with pytest.raises(Conflict, match=words):
        check_hold(hold, token, holder, NOW)


@pytest.mark.parametrize(
    ("hold", "free"),
    [
        (Hold(JobState.OPEN, None, None, None), True),
        (Hold(JobState.OPEN, "user:bob", "t", NOW), True),
        (Hold(JobState.OPEN, "user:ann", "t", LATER), True),
        (Hold(JobState.OPEN, "user:bob", "t", LATER), False),
        (Hold(JobState.CLOSED, None, None, None), False),
    ],
)
def test_a_job_can_be_claimed_while_nobody_else_holds_it(hold: Hold, *, free: bool) -> None:
    try:
        check_free(hold, "user:ann", NOW)
        claimed = True
    except Conflict:
        claimed = False
    assert claimed is free
