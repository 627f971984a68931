"""Counters answer (mine - window, mine], whatever the batch they are asked in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from store import window_events
from store.window_events import Ask

if TYPE_CHECKING:
    from store.database import Database
    from tests.world import Organisation

START = datetime(2026, 3, 1, 12, 0, 0, 500_001, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
US = timedelta(microseconds=1)


def moment(offset_us: int) -> datetime:
    return START + offset_us * US


def ask(counter_id: int, key: str, widths_us: tuple[int, ...], offset_us: int) -> Ask:
    return Ask(counter_id, key, widths_us, (moment(offset_us) - EPOCH) // US)


OFFSETS = st.integers(0, 60)
EVENTS = st.sets(st.tuples(st.integers(1, 2), st.sampled_from("ab"), OFFSETS), max_size=60)
WIDTHS = st.sampled_from([(1,), (5,), (70,), (3, 40), (60, 2, 20)])
ASKS = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from("abc"), WIDTHS, OFFSETS), max_size=20
).map(lambda asks: sorted(asks, key=lambda ask: ask[3]))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS, asks=ASKS, most=st.sampled_from([1, 4, 100]))
def test_every_answer_is_the_plain_count(
    database: Database,
    org: Organisation,
    events: set[tuple[int, str, int]],
    asks: list[tuple[int, str, tuple[int, ...], int]],
    most: int,
) -> None:
    """Whether a key counts as busy changes how it is asked, never the answer."""
    with (
        mock.patch.object(window_events, "MOST_NEWEST", most),
        database.transaction(org.org_id) as tx,
    ):
        tx.execute(text("DELETE FROM window_events"))
        for n, (counter_id, key, offset) in enumerate(sorted(events)):
            window_events.insert(tx, counter_id, [(key, moment(offset), n)])
        answers = window_events.counts(tx, [ask(*each) for each in asks])
    assert answers == [
        tuple(
            sum(1 for c, k, t in events if (c, k) == (counter, key) and at - width < t <= at)
            for width in widths
        )
        for counter, key, widths, at in asks
    ]


def test_events_older_than_the_longest_window_are_forgotten(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        counter_id = window_events.register(tx, "identity", "t-post", {}, 10)
        window_events.insert(tx, counter_id, [("k", moment(n), n) for n in range(20)])
        window_events.insert(tx, counter_id, [("k", moment(3), 3)])
        assert window_events.forget(tx, moment(15)) == 5
        assert window_events.counts(tx, [ask(counter_id, "k", (10,), 15)]) == [(10,)]


def test_counters_are_numbered_and_widened(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        first = window_events.register(tx, "one", "t-post", {"where": "x"}, 5)
        second = window_events.register(tx, "two", "t-post", {}, 5)
        window_events.widen(tx, first, 50)
        found = window_events.registered(tx)
    assert [c.counter_id for c in found] == [first, second] == [1, 2]
    assert (found[0].window_us, found[0].definition) == (50, {"where": "x"})
