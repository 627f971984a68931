"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. Keys with few events are read as they are, in one index scan each. Keys with more are
remembered from batch to batch, and only what is new is read. For keys with very many events, what
lies in the windows of all items of the batch is summed up by Postgres.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language.nodes import Carries
from store import window_busy
from store.raw import cursor
from store.window_groups import Ask, Events, Group, Part, Remembered, grouped, without_events
from store.window_memory import Key, WindowMemory, borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from store.database import Database

__all__ = ["Ask", "Part", "answers", "answers_of"]

# A key with more events in its widest window is remembered.
MOST_NEWEST = 32
# A key with more than these is summed up by Postgres.
MOST_REMEMBERED = 50_000
# Groups for which a second connection is worth its while.
MANY = 300

# The newest events of each key after some time, in one index scan a key, latest first. Times are
# microseconds since the epoch. A key that has one more than asked for may have any number.
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


class _Read(NamedTuple):
    """times: in order. whole: whether there are no more of them."""

    times: list[int]
    carried: list[Any] | None
    whole: bool


_NONE = _Read([], None, whole=True)


def answers(
    tx: Connection, asks: Sequence[Ask], memory: WindowMemory | None = None
) -> list[tuple[Measured, ...]]:
    """One answer an ask, a value for each part.

    asks: in the order of their times. memory: what is known from the batches before.
    """
    return _Answering(asks, memory or WindowMemory()).over([tx])


def answers_of(database: Database, org_id: int, asks: Sequence[Ask]) -> list[tuple[Measured, ...]]:
    """As `answers`, with what this process remembers; many keys are read over two connections."""
    with borrowed(database, org_id) as memory:
        answering = _Answering(asks, memory)
        with database.transaction(org_id) as tx:
            if sum(map(len, answering.kinds.values())) < MANY:
                return answering.over([tx])
            with database.transaction(org_id) as second:
                return answering.over([tx, second])


class _Answering:
    """One batch of asks on its way to its answers."""

    def __init__(self, asks: Sequence[Ask], memory: WindowMemory) -> None:
        self.memory = memory
        self.found: list[tuple[Measured, ...]] = [()] * len(asks)
        self.kinds = grouped(asks)
        self.firsts = self.kinds.pop(Carries.FIRST, [])
        for groups in self.kinds.values():
            for group in groups:
                memory.recall(group)

    def over(self, connections: Sequence[Connection]) -> list[tuple[Measured, ...]]:
        unknown = {
            carries: [g for g in groups if g.remembered is None or g.unread_us < g.last_us]
            for carries, groups in self.kinds.items()
        }
        read = _read_over(connections, unknown, MOST_NEWEST)
        tx = connections[0]
        for carries, groups in self.kinds.items():
            more = [group for group in groups if not read.get(group, _NONE).whole]
            read |= _read(tx, carries, more, MOST_REMEMBERED)
            busy = [group for group in more if not read[group].whole]
            for group in groups:
                self._fill_known(carries, group, read.get(group, _NONE))
            self._fill_busy(tx, carries, busy)
        self._fill_first(tx)
        return self.found

    def _fill_known(self, carries: Carries, group: Group, known: _Read) -> None:
        if not known.whole:
            return
        remembered = group.remembered
        if isinstance(remembered, Key):
            self.memory.learn(group, remembered, known.times, known.carried)
            self._fill(group, remembered)
        elif len(known.times) > MOST_NEWEST:
            key = Key(group.after_us, carries)
            key.extend(known.times, known.carried, group.last_us)
            self.memory.keep(group, key)
            self._fill(group, key)
        elif known.times:
            self._fill(group, Events(known.times, known.carried))
        else:
            answer = without_events(group.parts)
            for number, _ in group.asked:
                self.found[number] = answer

    def _fill(self, group: Group, events: Events | Remembered) -> None:
        parts, answer = group.parts, events.answer
        if len(parts) == 1:
            part = parts[0]
            for number, at_us in group.asked:
                self.found[number] = (answer(part, at_us),)
            return
        for number, at_us in group.asked:
            self.found[number] = tuple([answer(part, at_us) for part in parts])

    def _fill_busy(self, tx: Connection, carries: Carries, groups: Sequence[Group]) -> None:
        """One window after the other."""
        if not groups:
            return
        summed = window_busy.sums(tx, carries, groups)
        for place, group in enumerate(groups):
            for number, at_us in group.asked:
                self.found[number] = tuple(
                    [summed[place, part.width_us].answer(part, at_us) for part in group.parts]
                )

    def _fill_first(self, tx: Connection) -> None:
        """An event that came after the item is none that was seen."""
        known = self.memory.firsts
        unknown = [group for group in self.firsts if group.name not in known]
        if unknown:
            asked = {
                "counters": _numbers(group.name[0] for group in unknown),
                "keys": [group.name[1] for group in unknown],
            }
            for n, first_us, first in cursor(tx, binary=True).execute(FIRST, asked):
                self.memory.keep_first(unknown[n - 1], first_us, first.astimezone(UTC))
        for group in self.firsts:
            first_us, first = known.get(group.name, (None, None))
            for number, at_us in group.asked:
                seen = first if first_us is not None and first_us <= at_us else None
                self.found[number] = (seen,) * len(group.parts)


def _read_over(
    connections: Sequence[Connection], unknown: Mapping[Carries, Sequence[Group]], most: int
) -> dict[Group, _Read]:
    """The reads of one half wait for Postgres while those of the other do."""
    if len(connections) == 1:
        return _read_all(connections[0], unknown, most)
    halves = [{carries: groups[half::2] for carries, groups in unknown.items()} for half in (0, 1)]
    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(_read_all, connections[1], halves[1], most)
        return _read_all(connections[0], halves[0], most) | others.result()


def _read_all(
    tx: Connection, unknown: Mapping[Carries, Sequence[Group]], most: int
) -> dict[Group, _Read]:
    found: dict[Group, _Read] = {}
    for carries, groups in unknown.items():
        found |= _read(tx, carries, groups, most)
    return found


def _read(
    tx: Connection, carries: Carries, groups: Sequence[Group], most: int
) -> dict[Group, _Read]:
    """A group that has no events is absent."""
    found: dict[Group, _Read] = {}
    if not groups:
        return found
    for n, times, carried in _rows(tx, carries, groups, most + 1):
        whole = len(times) <= most
        if whole:
            times.reverse()
            if carried is not None:
                carried.reverse()
        found[groups[n - 1]] = _Read(times, carried, whole)
    return found


def _rows(tx: Connection, carries: Carries, groups: Sequence[Group], most: int) -> Iterable[Any]:
    parameters = {
        "counters": _numbers(group.name[0] for group in groups),
        "keys": [group.name[1] for group in groups],
        "afters": _numbers(group.unread_us for group in groups),
        "lasts": _numbers(group.last_us for group in groups),
        "most": most,
    }
    return cursor(tx, binary=True).execute(STATEMENTS[carries], parameters)


def _numbers(numbers: Iterable[int]) -> str:
    """An array as Postgres reads it: many times faster to write than the driver's."""
    return f"{{{','.join(map(str, numbers))}}}"
