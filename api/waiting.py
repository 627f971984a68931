"""Requests that wait for the places of their items, and how each of them ends.

One whose idempotency key was used before ends with the answer it was given then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import KeyReused
from engine.idempotency import Kept, repeated
from store import idempotency

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import psycopg

    from engine.idempotency import Once
    from services.intake import CountedEvent

MICROSECOND = timedelta(microseconds=1)


class Accepted(NamedTuple):
    """A coerced item, ready for its place. tail: its COPY line after `arrived_at`.

    events: for the counters at version `counters_version`.
    """

    tail: bytes
    type_id: str
    data: Mapping[str, object]
    events: tuple[CountedEvent, ...]
    counters_version: int


@dataclass(frozen=True)
class Place:
    """The place before a request's first item: items take the next ones, in their order."""

    seq: int
    at: datetime

    def of(self, index: int) -> Place:
        """Of the item at this index among those accepted."""
        return Place(self.seq + index + 1, self.at + MICROSECOND * (index + 1))


@dataclass(frozen=True)
class Keyed:
    """answer: what the caller is told of items placed there, and told again of a repetition."""

    once: Once
    answer: Callable[[Place], bytes]


@dataclass(frozen=True)
class Repeated:
    """The request was done before, and this was its answer."""

    answer: bytes


Settled = Place | Repeated | Exception


@dataclass(frozen=True)
class Request:
    items: Sequence[Accepted]
    done: asyncio.Future[Place | Repeated]
    keyed: Keyed | None = None


async def kept_keys(
    cursor: psycopg.AsyncCursor[Any], org_id: int, batch: Sequence[Request]
) -> dict[str, Kept]:
    """What the keys of these requests were used for before, by key."""
    keys = [request.keyed.once.key for request in batch if request.keyed]
    if not keys:
        return {}
    await cursor.execute(idempotency.FIND_ALL, {"org": org_id, "keys": keys})
    return {row[0]: Kept(bytes(row[1]), bytes(row[2])) for row in await cursor.fetchall()}


def settle(before: Place, batch: Sequence[Request], kept: Mapping[str, Kept]) -> list[Settled]:
    """Where each request's items go; for a key that was used before, its answer or its refusal."""
    settled: list[Settled] = []
    for request in batch:
        used = kept.get(request.keyed.once.key) if request.keyed else None
        if request.keyed is None or used is None:
            settled.append(before)
            before = before.of(len(request.items) - 1)
            continue
        try:
            settled.append(Repeated(repeated(request.keyed.once, used)))
        except KeyReused as reused:
            settled.append(reused)
    return settled


async def keep_keys(
    cursor: psycopg.AsyncCursor[Any],
    org_id: int,
    batch: Sequence[Request],
    settled: Sequence[Settled],
) -> None:
    """Writes the keys of the requests that were placed, each with its answer."""
    new = [
        (request.keyed, place)
        for request, place in zip(batch, settled, strict=True)
        if request.keyed and isinstance(place, Place)
    ]
    if new:
        columns = {
            "org": org_id,
            "keys": [keyed.once.key for keyed, _ in new],
            "fingerprints": [keyed.once.fingerprint for keyed, _ in new],
            "answers": [keyed.answer(place) for keyed, place in new],
        }
        await cursor.execute(idempotency.INSERT_ALL, columns)
