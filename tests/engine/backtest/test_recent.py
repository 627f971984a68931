from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.recent import Event, recent_counts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3_600_000_000


def at(minutes: float, key: str | None = "a", *, counts: bool = True) -> Event:
    return Event(key, counts, NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([at(0), at(30), at(59)], [1, 2, 3]),
        ([at(0), at(60)], [1, 1]),
        ([at(0), at(60 - 1e-6 / 60)], [1, 2]),
        ([at(30), at(0)], [2, 1]),
        ([at(5), at(5)], [2, 2]),
        ([at(0), at(1, "b"), at(2, None)], [1, 1, None]),
        ([at(0, counts=False), at(1), at(2, counts=False)], [0, 1, 1]),
        ([Event("a", counts=True, arrived_at=None), at(0)], [None, 1]),
    ],
)
def test_a_count_is_exclusive_below_and_inclusive_above(
    events: list[Event], expected: list[int | None]
) -> None:
    assert recent_counts(events, HOUR) == expected


EVENTS = st.lists(
    st.builds(
        at,
        st.integers(0, 200),
        st.sampled_from(["a", "b", None]),
        counts=st.booleans(),
    ),
    max_size=40,
)


@given(past=EVENTS, future=EVENTS)
def test_what_arrives_later_changes_no_count(past: list[Event], future: list[Event]) -> None:
    last = max((event.arrived_at for event in past if event.arrived_at), default=NOON)
    later = [
        Event(event.key, event.counts, last + timedelta(seconds=index + 1))
        for index, event in enumerate(future)
    ]
    assert recent_counts([*past, *later], HOUR)[: len(past)] == recent_counts(past, HOUR)
