"""Items take the next places in one statement, or none when what they were made for has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import text

from store import clock, placing
from store.placing import Counted, MadeFor, Unplaced

if TYPE_CHECKING:
    from store.database import Database
    from store.submissions import Submission
    from tests.world import Organisation

THREADS, EACH = 6, 25


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
