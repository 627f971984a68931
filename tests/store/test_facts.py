"""Facts beside submissions: every instant is given once, and later than all before it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.batcher import Batcher
from engine.casework.facts import FactKind, NewFact
from engine.items.item import ItemRef
from engine.paging import PageRequest, Position
from store import clock, facts
from tests.api.test_batcher import Known, accepted
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from store.database import Database
    from tests.world import Organisation

ANN = ItemRef("t-user", "ann")
US = timedelta(microseconds=1)
PLACES = text("SELECT arrived_at AS at FROM submissions UNION ALL SELECT at FROM facts ORDER BY at")


def strike(subject: ItemRef = ANN, expires_at: datetime | None = None) -> NewFact:
    return NewFact(
        str(uuid4()), FactKind.STRIKE, subject, "p-spam", 2.0, expires_at, ItemRef("t-post", "i1")
    )


def test_an_instant_follows_every_place_given_before(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        [before] = place(tx, [{"text": "a"}])
        first, second = facts.record(tx, [strike(), strike()])
        [after] = place(tx, [{"text": "b"}])
        seq = clock.read(tx).seq
    assert before < first < second < after
    assert second - first == US
    assert seq == 2


def test_facts_recorded_beside_the_batcher_share_no_instant(
    database: Database, database_url: str, org: Organisation
) -> None:
    def record(count: int) -> list[list[datetime]]:
        given = []
        for _ in range(count):
            with database.transaction(org.org_id) as tx:
                given.append(facts.record(tx, [strike(), strike()]))
        return given

    async def submit() -> None:
        batcher = Batcher(database_url, Known())  # type: ignore[arg-type]  # all it asks of an intake
        for n in range(40):
            await batcher.submit(org.org_id, [accepted(f"i{n}-{m}") for m in range(3)])
        await batcher.close()

    with ThreadPoolExecutor(3) as pool:
        recorders = [pool.submit(record, 30) for _ in range(2)]
        pool.submit(asyncio.run, submit()).result()
        given = [each.result() for each in recorders]

    for of_one in given:
        instants = [instant for pair in of_one for instant in pair]
        assert instants == sorted(set(instants))
    with database.transaction(org.org_id) as tx:
        places = [row.at for row in tx.execute(PLACES)]
        now = clock.read(tx)
    assert len(places) == 120 + 120
    assert len(set(places)) == len(places)
    assert now.seq == 120
    assert now.at >= places[-1]


def known(tx: Connection, at: datetime | None = None) -> int:
    return len(facts.known(tx, FactKind.STRIKE, ANN, at))


def test_a_fact_is_known_from_its_instant_until_it_expires(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        expiry = clock.read(tx).at + timedelta(hours=1)
        [at] = facts.record(tx, [strike(expires_at=expiry)])
        moments = (at - US, at, expiry - US, expiry)
        assert [known(tx, moment) for moment in moments] == [0, 1, 1, 0]
        [fact] = facts.known(tx, FactKind.STRIKE, ANN)
    assert [fact.known_at(moment) for moment in moments] == [False, True, True, False]
    assert (fact.name, fact.amount, fact.cause) == ("p-spam", 2.0, ItemRef("t-post", "i1"))


def test_a_withdrawn_fact_stays_known_to_what_arrived_before(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        kept, taken_back = strike(), strike()
        facts.record(tx, [kept, taken_back])
        [between] = place(tx, [{"text": "a"}])
        assert facts.withdraw(tx, [taken_back.fact_id, str(uuid4())]) == 1
        [after] = place(tx, [{"text": "b"}])
        assert [known(tx, between), known(tx, after), known(tx)] == [2, 1, 1]
        found = facts.find(tx, taken_back.fact_id)
    assert found is not None
    assert found.withdrawn_at is not None
    assert between < found.withdrawn_at < after
    assert (found.known_at(between), found.known_at(after)) == (True, False)


def test_withdrawing_twice_changes_nothing(database: Database, org: Organisation) -> None:
    fact = strike()
    with database.transaction(org.org_id) as tx:
        facts.record(tx, [fact])
        facts.withdraw(tx, [fact.fact_id])
        first = facts.find(tx, fact.fact_id)
        assert facts.withdraw(tx, [fact.fact_id]) == 0
        assert facts.find(tx, fact.fact_id) == first


def test_nothing_to_do_leaves_the_clock_alone(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        assert (facts.record(tx, []), facts.withdraw(tx, [])) == ([], 0)
        assert tx.execute(text("SELECT isfinite(at) FROM org_clock")).scalar_one() is False


def test_a_fact_is_recorded_once(database: Database, org: Organisation) -> None:
    fact = strike()
    with pytest.raises(IntegrityError), database.transaction(org.org_id) as tx:
        facts.record(tx, [fact, fact])


def test_history_shows_all_of_an_entity_a_page_at_a_time(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        instants = facts.record(tx, [strike() for _ in range(3)])
        facts.record(tx, [strike(ItemRef("t-user", "bob"))])
        page = facts.history(tx, FactKind.STRIKE, ANN, PageRequest(1))
        later = PageRequest(5, Position(page[0].at, page[0].fact_id))
        rest = facts.history(tx, FactKind.STRIKE, ANN, later)
        everybody = facts.history(tx, FactKind.STRIKE, None, PageRequest(50))
    assert [fact.at for fact in page] == [instants[2], instants[1]]
    assert [fact.at for fact in rest] == [instants[1], instants[0]]
    assert len(everybody) == 4
