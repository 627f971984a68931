"""How events of keys are read: of all counters of a key together, then of one that has many.

Times are microseconds since the epoch.
"""

from __future__ import annotations

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

    import psycopg
    from numpy.typing import NDArray
    from psycopg.abc import Buffer
    from sqlalchemy import Connection

    from store.window_groups import Group, Layout

    Column = NDArray[Any]
    Beside = Callable[[], AbstractContextManager[Connection]]

WIRE = np.dtype([("length", ">i4"), ("long", ">i8")])
WIRE_DOUBLE = np.dtype([("length", ">i4"), ("double", ">f8")])
# Postgres counts from 2000-01-01.
MILLENNIUM_US = 946_684_800_000_000

# One scan of the index a key, which holds all there is to know; all events in one row, in the order
# in which the scans find them. A key that has as many events as asked for may have any number.
_OF_KEYS = """
SELECT array_agg(q.number << 32 | w.counter_id), array_agg(w.arrived_at),
       array_agg(coalesce(w.value, 0)), array_agg(w.member)
FROM unnest(%(keys)s::text[], %(counters)s::text[], %(numbers)s::bigint[], %(afters)s::bigint[],
            %(lasts)s::bigint[], %(mosts)s::int[]) AS q(key, counters, number, after, last, most)
CROSS JOIN LATERAL (
    SELECT counter_id, arrived_at, value, member FROM window_events
    WHERE key = q.key AND counter_id = ANY(q.counters::int[])
      AND arrived_at > {origin} + q.after * interval '1 microsecond'
      AND arrived_at <= {origin} + q.last * interval '1 microsecond'
    ORDER BY counter_id, arrived_at LIMIT q.most
) AS w
"""
OF_KEYS = _OF_KEYS.format(origin="'epoch'::timestamptz")
# Times are told from the place that `store.placing` gave from last on this connection.
OF_KEYS_PLACED = _OF_KEYS.format(
    origin="nullif(current_setting('app.placed_from', true), '')::timestamptz"
)

# One scan of what happened last.
OF_EVERYTHING = """
SELECT array_agg(w.counter_id::bigint), array_agg(w.arrived_at), array_agg(coalesce(w.value, 0)),
       array_agg(w.member), array_agg(w.key)
FROM (
    SELECT counter_id, arrived_at, value, member, key FROM window_events
    WHERE arrived_at > 'epoch'::timestamptz + %(after)s * interval '1 microsecond'
      AND arrived_at <= 'epoch'::timestamptz + %(until)s * interval '1 microsecond'
    ORDER BY arrived_at LIMIT %(most)s
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
    Carries.NOTHING: NEWEST.format(carried="'{}'::text[]", column=""),
    Carries.NUMBER: NEWEST.format(carried="array_agg(w.value)", column=", value"),
    Carries.MEMBER: NEWEST.format(carried="array_agg(w.member)", column=", member"),
}

FIRST = """
SELECT q.n, round(date_part('epoch', e.arrived_at) * 1000000)::bigint
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
    """Asks for at most `most` events of a key in (after, until], of all counters of a layout.

    kind, place: whose it is, the kind of asks and the key among its own.
    """

    layout: Layout
    key: str
    after_us: int
    until_us: int
    most: int
    kind: int
    place: int


class Read(NamedTuple):
    """Events. questions: the place of the question each belongs to.

    numbers, members: what each carries, or 0, or None.
    """

    questions: NDArray[np.int64]
    counters: NDArray[np.int64]
    times: NDArray[np.int64]
    numbers: NDArray[np.float64]
    members: NDArray[np.object_]

    def only(self, places: Column) -> Read:
        return Read._make(column[places] for column in self)


class Newest(NamedTuple):
    """The events of one counter's key. whole: whether there are no more of them."""

    read: Read
    whole: bool


def of_keys(tx: Connection, asked: Sequence[KeyQuestion]) -> Read:
    """In the order of their times for each question and counter."""
    return begin_of_keys(tx, asked)()


def begin_of_keys(
    tx: Connection, asked: Sequence[KeyQuestion], statement: str = OF_KEYS
) -> Callable[[], Read]:
    """As `of_keys`; it is asked now, and the answer is waited for when it is called for."""
    if not asked:
        return lambda: NOTHING_READ
    layouts = {id(each.layout): each.layout for each in asked}
    counters = {name: whole_numbers(each.counters.tolist()) for name, each in layouts.items()}
    parameters = {
        "counters": texts([counters[id(each.layout)] for each in asked]),
        "keys": texts([each.key for each in asked]),
        "numbers": whole_numbers(range(len(asked))),
        "afters": whole_numbers(each.after_us for each in asked),
        "lasts": whole_numbers(each.until_us for each in asked),
        "mosts": whole_numbers(each.most for each in asked),
    }
    reading = _arrays(tx).execute(statement, parameters)
    return lambda: _events(reading)


def _events(reading: psycopg.Cursor[Any]) -> Read:
    [(places, times, numbers, members)] = reading.fetchall()
    if places is None:
        return NOTHING_READ
    return Read(places >> 32, places & 0xFFFF_FFFF, times, numbers, np.array(members, object))


def of_everything(tx: Connection, after_us: int, until_us: int, most: int) -> tuple[Read, Column]:
    """The first events in (after, until], in the order of their times, and the key of each."""
    parameters = {"after": after_us, "until": until_us, "most": most}
    rows = _arrays(tx).execute(OF_EVERYTHING, parameters).fetchall()
    [(counters, times, numbers, members, keys)] = rows
    if counters is None:
        return NOTHING_READ, NOTHING_READ.members
    read = Read(counters, counters, times, numbers, np.array(members, object))
    return read, np.array(keys, object)


def _arrays(tx: Connection) -> psycopg.Cursor[Any]:
    """Reads whole columns as arrays."""
    reading = cursor(tx, binary=True)
    for array_oid, loader in LOADERS.items():
        reading.adapters.register_loader(array_oid, loader)
    return reading


def newest(
    tx: Connection, carries: Carries, groups: Sequence[Group], most: int
) -> list[Newest | None]:
    """Up to `most` of each group; None where there are none."""
    found: list[Newest | None] = [None] * len(groups)
    parameters = {
        "counters": whole_numbers(group.name[0] for group in groups),
        "keys": texts([group.key for group in groups]),
        "afters": whole_numbers(group.unread_us for group in groups),
        "lasts": whole_numbers(group.last_us for group in groups),
        "most": most + 1,
    }
    for n, times, carried in cursor(tx, binary=True).execute(STATEMENTS[carries], parameters):
        times.reverse()
        events = len(times)
        told = carried[::-1] or [None] * events
        read = Read(
            np.full(events, n - 1),
            np.full(events, groups[n - 1].name[0]),
            np.array(times, np.int64),
            np.array(told) if carries is Carries.NUMBER else np.zeros(events),
            np.array(told, object),
        )
        found[n - 1] = Newest(read, events <= most)
    return found


def firsts(tx: Connection, names: Sequence[tuple[int, str]]) -> list[int | None]:
    """Of each counter and key, when its first event arrived."""
    asked = {
        "counters": whole_numbers(name[0] for name in names),
        "keys": texts([name[1] for name in names]),
    }
    found: list[int | None] = [None] * len(names)
    for n, first_us in cursor(tx, binary=True).execute(FIRST, asked):
        found[n - 1] = first_us
    return found


NO_LONGS: NDArray[np.int64] = np.array([], np.int64)
NOTHING_READ = Read(NO_LONGS, NO_LONGS, NO_LONGS, NO_LONGS.astype(float), np.array([], object))
LOADERS: dict[int, type[_Longs | _Doubles]] = {
    adapters.types["int8"].array_oid: _Longs,
    adapters.types["float8"].array_oid: _Doubles,
    adapters.types["timestamptz"].array_oid: _Moments,
}
