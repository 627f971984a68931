"""Group commit against a real server: places, bad rows alone, a server that goes away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from api import batcher as module
from api.batcher import Batcher
from api.waiting import Accepted, Place
from engine.errors import InvalidInput, Unavailable
from store.database import Database
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.submissions import copy_tail, copy_text
from store.window_events import NOTHING_CARRIED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from tests.world import Organisation

NASTY = 'tab\t nl\n cr\r back\\slash \\N \\. "quote" \u2028 \U0001f600 é'


@dataclass(frozen=True)
class Counting:
    """Stands for an organisation's counters: one that counts by the item's author."""

    counters_version: int
    counter_ids: tuple[int, ...] = (1,)

    def events(
        self, _type_id: str, data: Mapping[str, object]
    ) -> tuple[tuple[int, bytes, bytes], ...]:
        key = copy_text(str(data["author"]))
        return tuple((number, key, NOTHING_CARRIED) for number in self.counter_ids)


@dataclass
class Known:
    """What the batcher is told when it asks again."""

    intake: Counting = field(default_factory=lambda: Counting(0))
    asked: int = 0

    async def __call__(self, _org_id: int) -> Counting:
        self.asked += 1
        return self.intake


def accepted(item_id: str, author: str = "u1", version: int = 0, **data: object) -> Accepted:
    document = {"author": author, **data}
    tail = copy_tail(
        submission_id=str(uuid4()),
        type_id="t-post",
        type_version=1,
        item_id=item_id,
        creator=("t-user", author),
        data=json.dumps(document, ensure_ascii=False).encode(),
        source=b"test",
    )
    return Accepted(tail, "t-post", document, ((1, copy_text(author), NOTHING_CARRIED),), version)


def run(url: str, work: Callable[[Batcher], Awaitable[None]], known: Known | None = None) -> None:
    async def session() -> None:
        batcher = Batcher(url, known or Known())  # type: ignore[arg-type]  # all it asks of an intake
        try:
            await work(batcher)
        finally:
            await batcher.close()

    asyncio.run(session())


def rows(database: Database, org_id: int, query: str) -> list[tuple[object, ...]]:
    with database.transaction(org_id) as tx:
        return [tuple(row) for row in tx.execute(text(query))]


def test_places_are_dense_and_never_go_back(
    database: Database, database_url: str, org: Organisation
) -> None:
    async def one(batcher: Batcher, prefix: str) -> None:
        requests = [
            batcher.submit(org.org_id, [accepted(f"{prefix}-{n}-{m}") for m in range(1 + n % 7)])
            for n in range(60)
        ]
        await asyncio.gather(*requests)

    async def both() -> None:
        first, second = (Batcher(database_url, Known()) for _ in range(2))  # type: ignore[arg-type]  # as above
        await asyncio.gather(one(first, "a"), one(second, "b"))
        await first.close()
        await second.close()

    asyncio.run(both())
    placed = rows(database, org.org_id, "SELECT seq, arrived_at FROM submissions ORDER BY seq")
    assert [seq for seq, _ in placed] == list(range(1, len(placed) + 1))
    times = [at for _, at in placed]
    assert times == sorted(set(times))  # type: ignore[type-var]  # datetimes
    waiting = rows(database, org.org_id, "SELECT seq, arrived_at FROM pending ORDER BY seq")
    assert waiting == placed
    clock = rows(database, org.org_id, "SELECT seq, at FROM org_clock")
    assert clock == [placed[-1]]
    events = rows(database, org.org_id, "SELECT seq, arrived_at FROM window_events ORDER BY seq")
    assert events == placed


def test_what_is_stored_is_exactly_what_was_sent(
    database: Database, database_url: str, org: Organisation
) -> None:
    async def work(batcher: Batcher) -> None:
        await batcher.submit(org.org_id, [accepted(NASTY, NASTY, text=NASTY, n=1e300)])

    run(database_url, work)
    [(item_id, creator, data)] = rows(
        database, org.org_id, "SELECT item_id, creator_id, data FROM submissions"
    )
    assert (item_id, creator) == (NASTY, NASTY)
    assert data == {"author": NASTY, "text": NASTY, "n": 1e300}
    assert rows(database, org.org_id, "SELECT key FROM window_events") == [(NASTY,)]


def test_a_row_that_cannot_be_stored_fails_its_own_request_alone(
    database: Database, database_url: str, org: Organisation
) -> None:
    async def work(batcher: Batcher) -> None:
        answers = await asyncio.gather(
            batcher.submit(org.org_id, [accepted("good-1")]),
            batcher.submit(org.org_id, [accepted("fine"), accepted("nul\0")]),
            batcher.submit(org.org_id, [accepted("good-2")]),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [Place, InvalidInput, Place]

    run(database_url, work)
    stored = rows(database, org.org_id, "SELECT seq, item_id FROM submissions ORDER BY seq")
    assert stored == [(1, "good-1"), (2, "good-2")]


def test_events_are_made_again_when_the_counters_have_changed(
    database: Database, database_url: str, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE org_clock SET counters_version = 5"))
    known = Known(Counting(5, (1, 2)))

    async def work(batcher: Batcher) -> None:
        await batcher.submit(org.org_id, [accepted("i1", version=4)])
        await batcher.submit(org.org_id, [accepted("i2", version=5)])

    run(database_url, work, known)
    events = rows(
        database, org.org_id, "SELECT seq, counter_id FROM window_events ORDER BY seq, counter_id"
    )
    assert events == [(1, 1), (1, 2), (2, 1)]
    assert known.asked == 1


def test_counters_that_never_settle_are_said_to_be_unavailable(
    database: Database, database_url: str, org: Organisation
) -> None:
    async def work(batcher: Batcher) -> None:
        with pytest.raises(Unavailable):
            await batcher.submit(org.org_id, [accepted("i1", version=7)])

    run(database_url, work, Known(Counting(3)))
    assert rows(database, org.org_id, "SELECT seq FROM submissions") == []


def test_a_line_that_is_too_long_is_refused_before_it_grows(
    database: Database, database_url: str, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)

    async def work(batcher: Batcher) -> None:
        many = [batcher.submit(org.org_id, [accepted(f"i{n}")]) for n in range(10)]
        answers = await asyncio.gather(*many, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert sum(isinstance(answer, Place) for answer in answers) == 3
        assert len(refused) == 7
        await batcher.submit(org.org_id, [accepted("later")])

    run(database_url, work)
    assert len(rows(database, org.org_id, "SELECT seq FROM submissions")) == 4


def test_an_organisation_without_a_clock_is_refused(database_url: str) -> None:
    async def work(batcher: Batcher) -> None:
        with pytest.raises(Unavailable):
            await batcher.submit(999, [accepted("i1")])

    run(database_url, work)


def test_a_server_that_goes_away_is_said_so_and_found_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "server")
    url = server.start()
    try:
        migrate(url)
        database = Database(url)
        with database.system() as tx:
            org_id = tx.execute(text("SELECT winnow_create_org('Away', now())")).scalar_one()
        with database.transaction(org_id) as tx:
            tx.execute(text("INSERT INTO org_clock (org_id) VALUES (:org)"), {"org": org_id})

        async def work(batcher: Batcher) -> None:
            await batcher.submit(org_id, [accepted("before")])
            await asyncio.to_thread(server.stop)
            with pytest.raises(Unavailable):
                await batcher.submit(org_id, [accepted("while it is away")])
            await asyncio.to_thread(server.start)
            await batcher.submit(org_id, [accepted("after")])

        run(url, work)
        database.close()
        database = Database(url)
        stored = rows(database, org_id, "SELECT seq, item_id FROM submissions ORDER BY seq")
        database.close()
    finally:
        server.stop()
    assert stored == [(1, "before"), (2, "after")]
