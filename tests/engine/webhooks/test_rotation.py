"""One key takes over from another without a moment in which nobody signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Conflict, NotFound
from engine.webhooks.rotation import KeyState, KeyTimes, made_way, retired

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def states(keys: dict[str, KeyTimes], at: datetime) -> dict[str, str]:
    return {key_id: times.state(at).value for key_id, times in keys.items()}


def rotated(keys: dict[str, KeyTimes], key_id: str, now: datetime, overlap: timedelta) -> None:
    keys.update(made_way(keys, now + overlap, now))
    keys[key_id] = KeyTimes(now, now + overlap)


def test_the_next_key_waits_out_the_overlap() -> None:
    keys = {"old": KeyTimes(NOW - DAY, NOW - DAY)}
    rotated(keys, "new", NOW, DAY)
    assert states(keys, NOW) == {"old": "active", "new": "next"}
    assert states(keys, NOW + DAY) == {"old": "retired", "new": "active"}


def test_without_an_overlap_it_takes_over_at_once() -> None:
    keys = {"old": KeyTimes(NOW - DAY, NOW - DAY)}
    rotated(keys, "new", NOW, timedelta(0))
    assert states(keys, NOW) == {"old": "retired", "new": "active"}


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 72)), min_size=1, max_size=6))
def test_at_every_moment_exactly_one_key_is_active(rotations: list[tuple[int, int]]) -> None:
    """Each rotation: hours since the one before, hours of overlap."""
    keys = {"k": KeyTimes(NOW, NOW)}
    now = NOW
    for n, (pause, overlap) in enumerate(rotations):
        now += timedelta(hours=pause)
        rotated(keys, f"k{n}", now, timedelta(hours=overlap))
        for hours in range(0, 100, 3):
            found = list(states(keys, now + timedelta(hours=hours)).values())
            assert found.count("active") == 1


def test_giving_up_the_active_key_lets_the_next_one_in_early() -> None:
    keys = {"old": KeyTimes(NOW - DAY, NOW - DAY)}
    rotated(keys, "new", NOW, DAY)
    keys.update(retired(keys, "old", NOW))
    assert states(keys, NOW) == {"old": "retired", "new": "active"}


def test_giving_up_the_next_key_keeps_the_active_one_for_good() -> None:
    keys = {"old": KeyTimes(NOW - DAY, NOW - DAY)}
    rotated(keys, "new", NOW, DAY)
    keys.update(retired(keys, "new", NOW))
    assert states(keys, NOW + 9 * DAY) == {"old": "active", "new": "retired"}


def test_the_last_key_and_a_retired_one_cannot_be_given_up() -> None:
    keys = {"only": KeyTimes(NOW, NOW), "gone": KeyTimes(NOW, NOW, NOW)}
    assert keys["gone"].state(NOW) is KeyState.RETIRED
    for key_id in keys:
        with pytest.raises(Conflict):
            retired(keys, key_id, NOW)
    with pytest.raises(NotFound):
        retired(keys, "nobody", NOW)
