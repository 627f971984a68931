"""Items take the next places in one statement, or none when what they were made for has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from engine.language.nodes import Measure
from store import clock, placing, window_alone
from store.placing import Counted, MadeFor, Unplaced
from store.window_groups import EPOCH, Ask, Part, Series

if TYPE_CHECKING:
    from store.database import Database
    from store.submissions import Submission
    from tests.world import Organisation

THREADS, EACH = 6, 25
SECOND = 1_000_000
PER_KEY = (Series(1, (Part(SECOND, Measure.COUNT), Part(3_600 * SECOND, Measure.COUNT))),)


def waiting(item_id: str = "a", *, judged: bool = True) -> Unplaced:
    events = (Counted(1, f"key-{item_id}", 2.5, None), Counted(2, "all", None, "m"))
    return Unplaced(str(uuid4()), "post", 1, item_id, ("user", "u"), '{"b":1}', events, judged)


def made_for(database: Database, org: Organisation) -> MadeFor:
    with database.at_once(org.org_id) as tx:
        version = tx.execute(text("SELECT config_version FROM orgs")).scalar_one()
        return MadeFor(clock.read(tx).counters_version, (-1, version))


def test_items_and_their_events_are_at_the_places_that_are_told(
    database: Database, org: Organisation
) -> None:
    known = made_for(database, org)
    with database.at_once(org.org_id) as tx:
        placed = placing.place_if(
            tx, known, [waiting("a"), waiting("b", judged=False)], source="test"
        )
        assert placed is not None
        assert [each.seq for each in placed] == [1, 2]
        told = [(each.seq, each.arrived_at) for each in placed]
        rows = tx.execute(text("SELECT seq, arrived_at FROM submissions ORDER BY seq")).all()
        assert [tuple(row) for row in rows] == told
        events = tx.execute(
            text("SELECT seq, arrived_at, key, value, member FROM window_events ORDER BY seq, key")
        ).all()
        assert [tuple(row) for row in events] == [
            (*told[0], "all", None, "m"),
            (*told[0], "key-a", 2.5, None),
            (*told[1], "all", None, "m"),
            (*told[1], "key-b", 2.5, None),
        ]
        assert tx.execute(text("SELECT seq FROM pending")).scalars().all() == [1]
        last = tx.execute(text("SELECT seq, at FROM org_clock")).one()
        assert tuple(last) == told[1]


def test_nothing_is_placed_when_counters_or_configuration_have_changed(
    database: Database, org: Organisation
) -> None:
    known = made_for(database, org)
    for stale in (
        MadeFor(known.counters_version + 1, known.config_versions),
        MadeFor(known.counters_version, (-1,)),
    ):
        with database.at_once(org.org_id) as tx:
            assert placing.place_if(tx, stale, [waiting()], source="test") is None
            for table in ("submissions", "window_events", "pending"):
                assert tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
            assert clock.read(tx).seq == 0


def test_places_are_dense_and_in_order_however_many_place_at_once(
    database: Database, org: Organisation
) -> None:
    known = made_for(database, org)

    def place_some(thread: int) -> list[Submission]:
        found: list[Submission] = []
        for number in range(EACH):
            items = [waiting(f"{thread}-{number}"), waiting(f"{thread}-{number}+")]
            if number % 2:
                with database.at_once(org.org_id) as tx:
                    placed = placing.place_if(tx, known, items, source="test")
            else:
                with database.transaction(org.org_id) as tx:
                    placed = placing.place(tx, clock.lock(tx), items, source="test")
            assert placed is not None
            found += placed
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        placed = [each for found in threads.map(place_some, range(THREADS)) for each in found]
    ordered = sorted(placed, key=lambda each: each.arrived_at)
    assert [each.seq for each in ordered] == list(range(1, 2 * THREADS * EACH + 1))
    assert len({each.arrived_at for each in ordered}) == len(ordered)
    with database.at_once(org.org_id) as tx:
        rows = tx.execute(text("SELECT seq, item_id FROM submissions ORDER BY arrived_at")).all()
        assert [tuple(row) for row in rows] == [(each.seq, each.item_id) for each in ordered]


def ahead(*keys: str) -> list[Ask]:
    """Of the nth item, the key at this place."""
    return [Ask(PER_KEY, key, number) for number, key in enumerate(keys, 1)]


def test_what_is_read_with_the_places_is_what_is_read_after_them(
    database: Database, org: Organisation
) -> None:
    known = made_for(database, org)
    with database.at_once(org.org_id) as tx:
        for item_id in ("a", "b", "a", "c", "a"):
            asks = ahead(f"key-{item_id}", "key-b")
            found = placing.place_and_read(
                tx,
                known,
                [waiting(item_id), waiting("b")],
                window_alone.questions_of(asks, 100),
                source="test",
            )
            assert found is not None
            placed, read = found
            told = [
                Ask(each.series, each.key, (item.arrived_at - EPOCH) // timedelta(microseconds=1))
                for each, item in zip(asks, placed, strict=True)
            ]
            assert window_alone.answers_read(told, 100, read) == window_alone.answers(tx, told, 100)
        counted = window_alone.answers_read(told, 100, read)
        assert counted is not None
        assert [answer[1] for answer in counted] == [3, 6]


def test_keys_with_more_events_than_are_read_are_left_to_others(
    database: Database, org: Organisation
) -> None:
    known = made_for(database, org)
    with database.at_once(org.org_id) as tx:
        for _ in range(4):
            questions = window_alone.questions_of(ahead("key-a"), 3)
            found = placing.place_and_read(tx, known, [waiting("a")], questions, source="test")
    assert found is not None
    assert window_alone.answers_read(ahead("key-a"), 3, found[1]) is None


def test_nothing_is_read_where_nothing_is_placed(database: Database, org: Organisation) -> None:
    stale = MadeFor(made_for(database, org).counters_version + 1)
    questions = window_alone.questions_of(ahead("key-a"), 3)
    with database.at_once(org.org_id) as tx:
        assert placing.place_and_read(tx, stale, [waiting()], questions, source="test") is None
        assert clock.read(tx).seq == 0


def test_when_the_reading_fails_nothing_is_placed(database: Database, org: Organisation) -> None:
    known = made_for(database, org)
    [question] = window_alone.questions_of(ahead("key-a"), 3)
    with database.at_once(org.org_id) as tx:
        with pytest.raises(psycopg.Error):
            placing.place_and_read(
                tx, known, [waiting()], [question._replace(most=-1)], source="test"
            )
        assert clock.read(tx).seq == 0
        assert placing.place_if(tx, known, [waiting()], source="test") is not None
