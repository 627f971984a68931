"""How events of keys are read: of all counters of a key together, then of one that has many.

Times are microseconds since the epoch.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from psycopg import adapters
from psycopg.adapt import Loader
from psycopg.pq import Format

from engine.language.nodes import Carries
from store.raw import cursor, texts, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from numpy.typing import NDArray
    from psycopg.abc import Buffer
    from sqlalchemy import Connection

    from store.window_groups import Family, Group

    Beside = Callable[[], AbstractContextManager[Connection]]

WIRE = np.dtype([("length", ">i4"), ("long", ">i8")])
WIRE_DOUBLE = np.dtype([("length", ">i4"), ("double", ">f8")])
NO_LONGS: NDArray[np.int64] = np.array([], np.int64)
# Postgres counts from 2000-01-01.
MILLENNIUM_US = 946_684_800_000_000

# One scan of the index a key, which holds all there is to know; all events in one row, in the order
# in which the scans find them. A key that has as many events as asked for may have any number.
OF_KEYS = """
SELECT array_agg(q.number << 32 | w.counter_id), array_agg(w.arrived_at),
       array_agg(coalesce(w.value, 0)), array_agg(w.member)
FROM unnest(%(keys)s::text[], %(numbers)s::bigint[], %(afters)s::bigint[], %(lasts)s::bigint[],
            %(mosts)s::int[]) AS q(key, number, after, last, most)
CROSS JOIN LATERAL (
    SELECT counter_id, arrived_at, value, member FROM window_events
    WHERE key = q.key AND counter_id = ANY(%(counters)s::int[])
      AND arrived_at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
      AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
    ORDER BY counter_id, arrived_at LIMIT q.most
) AS w
"""

# The newest events of one counter's key, latest first.
NEWEST = """
SELECT q.n, e.*
FROM unnest(%(counters)s::int[], %(keys)s::text[], %(afters)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS q(counter_id, key, after, last, n)
CROSS JOIN LATERAL (
    SELECT array_agg(round(date_part('epoch', w.arrived_at) * 1000000)::bigint) AS times,
           {carried} AS carried
    FROM (
        SELECT arrived_at{column} FROM window_events
        WHERE counter_id = q.counter_id AND key = q.key
          AND arrived_at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
          AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
        ORDER BY arrived_at DESC LIMIT %(most)s
    ) AS w
) AS e
WHERE e.times IS NOT NULL
"""
STATEMENTS = {
    Carries.NOTHING: NEWEST.format(carried="NULL::float8[]", column=""),
    Carries.NUMBER: NEWEST.format(carried="array_agg(w.value)", column=", value"),
    Carries.MEMBER: NEWEST.format(carried="array_agg(w.member)", column=", member"),
}

FIRST = """
SELECT q.n, round(date_part('epoch', e.arrived_at) * 1000000)::bigint, e.arrived_at
FROM unnest(%(counters)s::int[], %(keys)s::text[]) WITH ORDINALITY AS q(counter_id, key, n)
CROSS JOIN LATERAL (
    SELECT arrived_at FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key ORDER BY arrived_at LIMIT 1
) AS e
"""


class _Longs(Loader):
    """An array of bigint without NULLs.

    Over the wire it has a head of twenty bytes, then each number with its length before it.
    """

    format = Format.BINARY

    def load(self, data: Buffer) -> NDArray[np.int64]:
        return np.frombuffer(data, WIRE, offset=20)["long"].astype(np.int64)


class _Moments(_Longs):
    """An array of timestamptz as microseconds since the epoch."""

    def load(self, data: Buffer) -> NDArray[np.int64]:
        return super().load(data) + MILLENNIUM_US


class _Doubles(Loader):
    """An array of double precision without NULLs."""

    format = Format.BINARY

    def load(self, data: Buffer) -> NDArray[np.float64]:
        return np.frombuffer(data, WIRE_DOUBLE, offset=20)["double"].astype(np.float64)


class KeyQuestion(NamedTuple):
    """Asks for at most `most` events of a family's counters in (after, its last time]."""

    family: Family
    after_us: int
    most: int


class Read(NamedTuple):
    """Events in the order of their families' numbers, then of the counters, then of the times.

    numbers, members: what each carries, or 0, or None.
    """

    families: NDArray[np.int64]
    counters: NDArray[np.int64]
    times: NDArray[np.int64]
    numbers: NDArray[np.float64]
    members: list[Any]

    def carried(self, carries: Carries, low: int, high: int) -> Sequence[Any] | None:
        """Of the events from one place to another."""
        match carries:
            case Carries.NUMBER:
                return list(self.numbers[low:high].tolist())
            case Carries.MEMBER:
                return self.members[low:high]
            case _:
                return None


class Newest(NamedTuple):
    """times: in order. whole: whether there are no more of them."""

    times: list[int]
    carried: list[Any] | None
    whole: bool


def of_many_keys(tx: Connection, beside: Beside, asked: Sequence[KeyQuestion]) -> Read:
    """As `of_keys`. One half is read in a transaction of its own while the other is."""
    middle = len(asked) // 2

    def of_others() -> Read:
        with beside() as other:
            return of_keys(other, asked[middle:])

    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(of_others)
        one, other = of_keys(tx, asked[:middle]), others.result()
    return Read(
        np.concatenate([one.families, other.families]),
        np.concatenate([one.counters, other.counters]),
        np.concatenate([one.times, other.times]),
        np.concatenate([one.numbers, other.numbers]),
        one.members + other.members,
    )


def of_keys(tx: Connection, asked: Sequence[KeyQuestion]) -> Read:
    """asked: in the order of their families' numbers."""
    if not asked:
        return NOTHING_READ
    layouts = {id(layout): layout for layout in (each.family.layout for each in asked)}
    counters = {w.series.counter_id for each in layouts.values() for w in each.windowed}
    parameters = {
        "counters": whole_numbers(sorted(counters)),
        "keys": texts([each.family.key for each in asked]),
        "numbers": whole_numbers(each.family.number for each in asked),
        "afters": whole_numbers(each.after_us for each in asked),
        "lasts": whole_numbers(each.family.last_us for each in asked),
        "mosts": whole_numbers(each.most for each in asked),
    }
    reading = cursor(tx, binary=True)
    for array_oid, loader in LOADERS.items():
        reading.adapters.register_loader(array_oid, loader)
    [(places, times, numbers, members)] = reading.execute(OF_KEYS, parameters).fetchall()
    if places is None:
        return NOTHING_READ
    return Read(places >> 32, places & 0xFFFF_FFFF, times, numbers, members)


def newest(
    tx: Connection, carries: Carries, groups: Sequence[Group], most: int
) -> list[Newest | None]:
    """Up to `most` of each group; None where there are none."""
    found: list[Newest | None] = [None] * len(groups)
    parameters = {
        "counters": whole_numbers(group.name[0] for group in groups),
        "keys": texts([group.family.key for group in groups]),
        "afters": whole_numbers(group.unread_us for group in groups),
        "lasts": whole_numbers(group.family.last_us for group in groups),
        "most": most + 1,
    }
    rows = cursor(tx, binary=True).execute(STATEMENTS[carries], parameters)
    for n, times, carried in rows:
        times.reverse()
        if carried is not None:
            carried.reverse()
        found[n - 1] = Newest(times, carried, len(times) <= most)
    return found


def firsts(
    tx: Connection, names: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[int, datetime]]:
    """By counter and key, when its first event arrived."""
    asked = {
        "counters": whole_numbers(name[0] for name in names),
        "keys": [name[1] for name in names],
    }
    rows = cursor(tx, binary=True).execute(FIRST, asked)
    return {names[n - 1]: (first_us, first.astimezone(UTC)) for n, first_us, first in rows}


NOTHING_READ = Read(NO_LONGS, NO_LONGS, NO_LONGS, NO_LONGS.astype(float), [])
LOADERS: dict[int, type[_Longs | _Doubles]] = {
    adapters.types["int8"].array_oid: _Longs,
    adapters.types["float8"].array_oid: _Doubles,
    adapters.types["timestamptz"].array_oid: _Moments,
}
