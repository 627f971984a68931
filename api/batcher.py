"""Group commit for incoming items: what arrives while one transaction commits shares the next.

One transaction a flush and organisation: lock the clock row, give places, COPY submissions and
window events, queue the evaluation, advance the clock, notify, commit; only then is anybody told
that the items were accepted. Whether a flush whose COMMIT got no answer took place is unknown,
so it is never repeated: its callers are told that it is unknown. A request that carries an
idempotency key can be sent again without fear: its key is written with its items, and looked for
while the clock is held, so that no other process can be about to write it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg.copy import AsyncLibpqWriter

from api.ingest_connections import Connections, StaleConnection
from api.placed_lines import PlacedLines
from api.waiting import (
    Accepted,
    Keyed,
    Place,
    Repeated,
    Request,
    Settled,
    keep_keys,
    kept_keys,
    settle,
)
from engine.errors import InvalidInput, Unavailable
from store import clock, submissions, window_events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from services.intake import CountedEvent, Intake

MOST_ROWS = 5_000
MOST_WAITING = 100_000
FLUSH_S = 30.0
RELOADS = 3
# SQLSTATE classes that blame the rows, not the server: data exceptions and program limits.
ROWS_AT_FAULT = ("22", "54")

log = structlog.get_logger()


@dataclass
class _Lane:
    """One organisation's line; at most one flush of it runs at a time in a process."""

    org_id: int
    waiting: list[Request] = field(default_factory=list)
    rows: int = 0
    task: asyncio.Task[None] | None = None


class Batcher:
    """current: the intake of an organisation as it is now, read while the clock is locked."""

    def __init__(self, url: str, current: Callable[[int], Awaitable[Intake]]) -> None:
        self._connections = Connections(url)
        self._current = current
        self._lanes: dict[int, _Lane] = {}

    async def submit(
        self, org_id: int, items: Sequence[Accepted], keyed: Keyed | None = None
    ) -> Place | Repeated:
        """Returns when all of them are committed. Raises Unavailable, InvalidInput or KeyReused."""
        lane = self._lanes.setdefault(org_id, _Lane(org_id))
        if lane.rows and lane.rows + len(items) > MOST_WAITING:
            raise Unavailable(
                f"{lane.rows} items are waiting to be written.", hint="Try again in a moment."
            )
        done: asyncio.Future[Place | Repeated] = asyncio.get_running_loop().create_future()
        lane.waiting.append(Request(items, done, keyed))
        lane.rows += len(items)
        if lane.task is None:
            lane.task = asyncio.create_task(self._drain(lane))
        return await done

    async def close(self) -> None:
        """Writes what is waiting, then closes the connections."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        await asyncio.gather(*tasks)
        await self._connections.drop_idle()

    async def _drain(self, lane: _Lane) -> None:
        try:
            await asyncio.sleep(0)  # requests that are ready now join the first flush
            while lane.waiting:
                batch = _take(lane)
                await self._settle(lane.org_id, batch)
                lane.rows -= sum(len(request.items) for request in batch)
        finally:
            lane.task = None

    async def _settle(self, org_id: int, batch: Sequence[Request]) -> None:
        """Flushes, and tells every caller how it ended; rows at fault fail their request alone."""
        try:
            settled = await self._flush(org_id, batch)
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith(ROWS_AT_FAULT):
                _fail(batch, _unavailable(error))
            elif len(batch) > 1:
                for request in batch:
                    await self._settle(org_id, [request])
            else:
                _fail(batch, InvalidInput(f"An item cannot be stored: {_first_line(error)}"))
        except (TimeoutError, OSError, Unavailable) as error:
            _fail(batch, _unavailable(error))
        except Exception as error:  # a mistake of ours: said aloud, and the line goes on
            log.exception("flush_failed", org_id=org_id)
            _fail(batch, error)
        else:
            for request, how in zip(batch, settled, strict=True):
                _answer(request, how)

    async def _flush(self, org_id: int, batch: Sequence[Request]) -> list[Settled]:
        """How each request ended, in order."""
        async with self._connections.turn, asyncio.timeout(FLUSH_S):
            while True:
                connection, was_idle = await self._connections.take()
                try:
                    settled = await self._write(connection, org_id, batch)
                except StaleConnection:
                    await connection.close()
                    await self._connections.drop_idle()
                    if not was_idle:
                        raise Unavailable("The database does not answer.") from None
                except BaseException:
                    await connection.close()
                    raise
                else:
                    self._connections.give_back(connection)
                    return settled

    async def _write(
        self, connection: psycopg.AsyncConnection[Any], org_id: int, batch: Sequence[Request]
    ) -> list[Settled]:
        async with connection.cursor() as cursor:
            seq, at, version = await _lock(cursor, org_id)
            settled = settle(Place(seq, at), batch, await kept_keys(cursor, org_id, batch))
            fresh = [
                request
                for request, how in zip(batch, settled, strict=True)
                if isinstance(how, Place)
            ]
            items = [item for request in fresh for item in request.items]
            counted = await self._events(org_id, items, version)
            lines = PlacedLines(org_id, Place(seq, at), items)
            async with cursor.copy(submissions.COPY, writer=_at_once(cursor)) as copy:
                for piece in lines.submissions():
                    await copy.write(piece)
                events = lines.events(counted)
            if events:
                async with cursor.copy(window_events.COPY) as copy:
                    await copy.write(events)
            await keep_keys(cursor, org_id, batch, settled)
            place = {"org": org_id, "seq": seq, "at": at, "count": len(items)}
            await cursor.execute(clock.ADVANCE_AND_COMMIT, place)
        return settled

    async def _events(
        self, org_id: int, items: Sequence[Accepted], version: int
    ) -> Sequence[tuple[CountedEvent, ...]]:
        """The window events of each item, made again where the counters have changed since."""
        if all(item.counters_version == version for item in items):
            return [item.events for item in items]
        for _ in range(RELOADS):  # a load that was under way may have begun too early
            intake = await self._current(org_id)
            if intake.counters_version == version:
                return [intake.events(item.type_id, item.data) for item in items]
        raise Unavailable("The counters are changing.", hint="Try again in a moment.")


async def _lock(cursor: psycopg.AsyncCursor[Any], org_id: int) -> tuple[int, datetime, int]:
    """The clock, locked. Raises StaleConnection when the connection turns out to be closed."""
    try:
        await cursor.execute(clock.BEGIN_AND_LOCK, {"org": org_id})
    except psycopg.OperationalError as error:
        if cursor.connection.closed:
            raise StaleConnection from error
        raise
    while cursor.nextset():
        pass
    row = await cursor.fetchone()
    if row is None:
        raise Unavailable("This organisation has no clock.")
    return row[0], row[1], row[2]


def _at_once(cursor: psycopg.AsyncCursor[Any]) -> AsyncLibpqWriter:
    """Sends each piece as it is written: by default a megabyte is waited for."""
    return AsyncLibpqWriter(cursor, flush_threshold=0)


def _take(lane: _Lane) -> list[Request]:
    """The oldest requests, up to the rows of one transaction, never less than one.

    Of two with the same key, the later one waits to see what became of the earlier.
    """
    rows = taken = 0
    keys: set[str] = set()
    for request in lane.waiting:
        key = request.keyed.once.key if request.keyed else None
        if taken and (rows + len(request.items) > MOST_ROWS or key in keys):
            break
        rows += len(request.items)
        taken += 1
        if key is not None:
            keys.add(key)
    batch, lane.waiting = lane.waiting[:taken], lane.waiting[taken:]
    return batch


def _fail(batch: Sequence[Request], error: Exception) -> None:
    for request in batch:
        _answer(request, error)


def _answer(request: Request, how: Settled) -> None:
    if request.done.done():  # its caller has gone
        return
    if isinstance(how, Exception):
        request.done.set_exception(how)
    else:
        request.done.set_result(how)


def _unavailable(error: Exception) -> Unavailable:
    log.warning("items_not_written", error=_first_line(error))
    return Unavailable(
        "The items were not acknowledged: the database does not answer.",
        hint="Send them again in a moment.",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
