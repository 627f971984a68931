from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.recent import Seen, recent_answers
from engine.language.measures import Event, of_events
from engine.language.nodes import Measure

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3_600_000_000


def at(
    minutes: float, key: str | None = "a", *, counts: bool = True,
    number: float | None = None, member: str | None = None,
) -> Seen:  # fmt: skip
    event = Event(key, number, member) if counts and key is not None else None
    return Seen(key, event, NOON + timedelta(minutes=minutes))


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
        ([Seen("a", Event("a"), None), at(0)], [None, 1]),
    ],
)
def test_a_count_is_exclusive_below_and_inclusive_above(
    events: list[Seen], expected: list[int | None]
) -> None:
    assert recent_answers(events, Measure.COUNT, HOUR) == expected


EVENTS = st.lists(
    st.builds(
        at,
        st.integers(0, 200),
        st.sampled_from(["a", "b", None]),
        counts=st.booleans(),
        number=st.floats(-100, 100),
        member=st.sampled_from(["x", "y", "z"]),
    ),
    max_size=40,
)


@given(rows=EVENTS, measure=st.sampled_from(Measure))
def test_a_sliding_window_says_what_a_look_at_every_row_says(
    rows: list[Seen], measure: Measure
) -> None:
    window = timedelta(microseconds=HOUR)

    def looked_up(mine: Seen) -> object:
        recent = [
            (row.arrived_at, row.event)
            for row in rows
            if row.event is not None and row.event.key == mine.key
            and row.arrived_at and mine.arrived_at
            and mine.arrived_at - window < row.arrived_at <= mine.arrived_at
        ]  # fmt: skip
        first = min((moment for moment, _ in recent), default=None)
        events = [event for _, event in recent]
        return None if mine.key is None else of_events(measure, events, first)

    assert recent_answers(rows, measure, HOUR) == [looked_up(row) for row in rows]


@given(past=EVENTS, future=EVENTS, measure=st.sampled_from(Measure))
def test_what_arrives_later_changes_no_answer(
    past: list[Seen], future: list[Seen], measure: Measure
) -> None:
    last = max((row.arrived_at for row in past if row.arrived_at), default=NOON)
    later = [
        Seen(row.key, row.event, last + timedelta(seconds=index + 1))
        for index, row in enumerate(future)
    ]
    answers = recent_answers([*past, *later], measure, HOUR)
    assert answers[: len(past)] == recent_answers(past, measure, HOUR)
