"""How events of keys are read: of all counters of a key together, then of one that has many.

Times are microseconds since the epoch.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language.nodes import Carries
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from store.window_groups import Family, Group

# One scan of the index a key, which holds all there is to know. A key that has as many events as
# asked for may have any number.
OF_KEYS = """
SELECT q.n, e.*
FROM unnest(%(keys)b::text[], %(afters)s::bigint[], %(lasts)s::bigint[], %(mosts)s::int[])
     WITH ORDINALITY AS q(key, after, last, most, n)
CROSS JOIN LATERAL (
    SELECT array_agg(w.counter_id) AS counters,
           array_agg(round(date_part('epoch', w.arrived_at) * 1000000)::bigint) AS times,
           array_agg(w.value) AS numbers, array_agg(w.member) AS members
    FROM (
        SELECT counter_id, arrived_at, value, member FROM window_events
        WHERE key = q.key AND counter_id = ANY(%(counters)s::int[])
          AND arrived_at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
          AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
        ORDER BY counter_id, arrived_at LIMIT q.most
    ) AS w
) AS e
WHERE e.times IS NOT NULL
"""

# The newest events of one counter's key, latest first.
NEWEST = """
SELECT q.n, e.*
FROM unnest(%(counters)s::int[], %(keys)b::text[], %(afters)s::bigint[], %(lasts)s::bigint[])
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
FROM unnest(%(counters)s::int[], %(keys)b::text[]) WITH ORDINALITY AS q(counter_id, key, n)
CROSS JOIN LATERAL (
    SELECT arrived_at FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key ORDER BY arrived_at LIMIT 1
) AS e
"""


class KeyQuestion(NamedTuple):
    """Asks for at most `most` events of a family's counters in (after, its last time]."""

    family: Family
    after_us: int
    most: int


class KeyEvents(NamedTuple):
    """In the order of the counters, each counter's in the order of the times."""

    counters: list[int]
    times: list[int]
    numbers: list[float | None]
    members: list[str | None]

    def carried(self, carries: Carries, low: int, high: int) -> Sequence[Any] | None:
        """Of the events from one place to another."""
        match carries:
            case Carries.NUMBER:
                return self.numbers[low:high]
            case Carries.MEMBER:
                return self.members[low:high]
            case _:
                return None


class Newest(NamedTuple):
    """times: in order. whole: whether there are no more of them."""

    times: list[int]
    carried: list[Any] | None
    whole: bool


def of_keys(
    connections: Sequence[Connection], asked: Sequence[KeyQuestion]
) -> list[KeyEvents | None]:
    """None where there are none. The reads of one half wait for Postgres while the others do."""
    if len(connections) == 1:
        return _of_keys(connections[0], asked)
    middle = len(asked) // 2
    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(_of_keys, connections[1], asked[middle:])
        return _of_keys(connections[0], asked[:middle]) + others.result()


def _of_keys(tx: Connection, asked: Sequence[KeyQuestion]) -> list[KeyEvents | None]:
    found: list[KeyEvents | None] = [None] * len(asked)
    if not asked:
        return found
    layouts = {id(layout): layout for layout in (each.family.layout for each in asked)}
    counters = {w.series.counter_id for each in layouts.values() for w in each.windowed}
    parameters = {
        "counters": _numbers(sorted(counters)),
        "keys": [each.family.key for each in asked],
        "afters": _numbers(each.after_us for each in asked),
        "lasts": _numbers(each.family.last_us for each in asked),
        "mosts": _numbers(each.most for each in asked),
    }
    for n, *events in cursor(tx, binary=True).execute(OF_KEYS, parameters).fetchall():
        found[n - 1] = KeyEvents(*events)
    return found


def newest(
    tx: Connection, carries: Carries, groups: Sequence[Group], most: int
) -> list[Newest | None]:
    """Up to `most` of each group; None where there are none."""
    found: list[Newest | None] = [None] * len(groups)
    parameters = {
        "counters": _numbers(group.name[0] for group in groups),
        "keys": [group.family.key for group in groups],
        "afters": _numbers(group.unread_us for group in groups),
        "lasts": _numbers(group.family.last_us for group in groups),
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
    asked = {"counters": _numbers(name[0] for name in names), "keys": [name[1] for name in names]}
    rows = cursor(tx, binary=True).execute(FIRST, asked)
    return {names[n - 1]: (first_us, first) for n, first_us, first in rows}


def _numbers(numbers: Iterable[int]) -> str:
    """An array as Postgres reads it: many times faster to write than the driver's."""
    return f"{{{','.join(map(str, numbers))}}}"
