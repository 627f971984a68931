"""Counters are registered once; their events stay as long as a window may reach them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.language.counters import LONGEST_JOINED, LONGEST_KEY
from store import window_events
from store.window_events import WindowEvent

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Database
    from tests.world import Organisation

START = datetime(2026, 3, 1, 12, 0, 0, 500_001, tzinfo=UTC)


def at(n: int, key: str = "k") -> WindowEvent:
    return WindowEvent(key, START + timedelta(microseconds=n), n)


def kept(tx: Connection) -> list[tuple[str, int]]:
    rows = tx.execute(text("SELECT key, seq FROM window_events ORDER BY key, arrived_at"))
    return [(key, seq) for key, seq in rows]


def test_the_longest_key_and_member_fit_the_index(database: Database, org: Organisation) -> None:
    rng = random.Random(1)  # of characters that do not compress
    key, member = (
        "".join(chr(rng.randrange(0x10000, 0x110000)) for _ in range(length))
        for length in (LONGEST_JOINED // 4, LONGEST_KEY)
    )
    with database.transaction(org.org_id) as tx:
        counter_id = window_events.register(tx, "identity", "t-post", {}, 10)
        window_events.insert(tx, counter_id, [WindowEvent(key, START, 1, None, member)])
        assert kept(tx) == [(key, 1)]


def test_events_older_than_the_longest_window_are_forgotten(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        counter_id = window_events.register(tx, "identity", "t-post", {}, 10)
        window_events.insert(tx, counter_id, [at(n) for n in range(20)])
        window_events.insert(tx, counter_id, [at(3)])
        assert window_events.forget(tx, at(15).arrived_at) == 5
        assert kept(tx) == [("k", n) for n in range(5, 20)]


def test_of_what_is_only_asked_for_its_first_event_the_first_is_kept(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        definition = {"carries": "first"}
        counter_id = window_events.register(tx, "identity", "t-post", definition, 10**15)
        window_events.insert(tx, counter_id, [at(n, key) for n in range(4) for key in "ab"])
        assert window_events.forget(tx, at(3).arrived_at) == 4
        assert kept(tx) == [("a", 0), ("a", 3), ("b", 0), ("b", 3)]


def test_counters_are_numbered_and_widened(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        first = window_events.register(tx, "one", "t-post", {"where": "x"}, 5)
        second = window_events.register(tx, "two", "t-post", {}, 5)
        window_events.widen(tx, first, 50)
        found = window_events.registered(tx)
    assert [c.counter_id for c in found] == [first, second] == [1, 2]
    assert (found[0].window_us, found[0].definition) == (50, {"where": "x"})
