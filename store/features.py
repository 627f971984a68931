"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. Keys with few events are read as they are, in one index scan each. Keys with more are
remembered from batch to batch, and only what is new is read. For keys with very many events, what
lies in the windows of all items of the batch is summed up by Postgres.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from engine.language.nodes import Carries
from store import window_busy
from store.raw import cursor
from store.window_groups import Ask, Events, Group, Part, grouped, without_events
from store.window_memory import Key, WindowMemory, memory_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
FROM unnest(%(counters)b::int[], %(keys)b::text[], %(afters)b::bigint[], %(lasts)b::bigint[])
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
FROM unnest(%(counters)b::int[], %(keys)b::text[]) WITH ORDINALITY AS q(counter_id, key, n)
CROSS JOIN LATERAL (
    SELECT arrived_at FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key ORDER BY arrived_at LIMIT 1
) AS e
"""


@dataclass(frozen=True)
class _Question:
    """A group whose events after a time are to be read; key: what is remembered of it."""

    carries: Carries
    group: Group
    key: Key | None

    @property
    def after_us(self) -> int:
        return self.group.after_us if self.key is None else self.key.until_us


@dataclass(frozen=True)
class _Read:
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
    """As `answers`, with this process's memory; many keys are read over two connections."""
    memory = memory_of(database, org_id)
    mine = memory.in_use.acquire(blocking=False)
    try:
        answering = _Answering(asks, memory if mine else WindowMemory())
        with database.transaction(org_id) as tx:
            if len(answering.questions) < MANY:
                return answering.over([tx])
            with database.transaction(org_id) as second:
                return answering.over([tx, second])
    finally:
        if mine:
            memory.in_use.release()


class _Answering:
    """One batch of asks on its way to its answers."""

    def __init__(self, asks: Sequence[Ask], memory: WindowMemory) -> None:
        self.memory = memory
        self.found: list[tuple[Measured, ...]] = [()] * len(asks)
        by_kind = grouped(asks)
        self.firsts = by_kind.pop(Carries.FIRST, [])
        self.questions = [
            _Question(carries, group, memory.known(group))
            for carries, groups in by_kind.items()
            for group in groups
        ]

    def over(self, connections: Sequence[Connection]) -> list[tuple[Measured, ...]]:
        tx = connections[0]
        unknown = [q for q in self.questions if q.key is None or q.key.until_us < q.group.last_us]
        read = _read_over(connections, unknown, MOST_NEWEST)
        more = [q for q in unknown if not read.get(id(q), _NONE).whole]
        read |= _read(tx, more, MOST_REMEMBERED)
        busy: dict[Carries, list[Group]] = {}
        for question in self.questions:
            known = read.get(id(question), _NONE)
            if not known.whole:
                busy.setdefault(question.carries, []).append(question.group)
            elif question.key is None and len(known.times) <= MOST_NEWEST:
                self._fill(question.group, Events(known.times, known.carried))
            else:
                self._fill(question.group, self._remembered(question, known))
        for carries, groups in busy.items():
            self._fill_busy(tx, carries, groups)
        self._fill_first(tx)
        return self.found

    def _remembered(self, question: _Question, known: _Read) -> Key:
        group, key = question.group, question.key
        if key is None:
            key = Key(group.after_us, question.carries)
            key.extend(known.times, known.carried, group.last_us)
            self.memory.keep(group, key)
        else:
            self.memory.learn(group, key, known.times, known.carried)
        return key

    def _fill(self, group: Group, events: Events | Key) -> None:
        if not events.times:
            answer = without_events(group.parts)
            for number, _ in group.asked:
                self.found[number] = answer
            return
        for number, at_us in group.asked:
            self.found[number] = tuple([events.answer(part, at_us) for part in group.parts])

    def _fill_busy(self, tx: Connection, carries: Carries, groups: Sequence[Group]) -> None:
        """One window after the other."""
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
                "counters": [group.counter_id for group in unknown],
                "keys": [group.key for group in unknown],
            }
            for n, first_us, first in cursor(tx, binary=True).execute(FIRST, asked):
                self.memory.keep_first(unknown[n - 1], first_us, first.astimezone(UTC))
        for group in self.firsts:
            first_us, first = known.get(group.name, (None, None))
            for number, at_us in group.asked:
                seen = first if first_us is not None and first_us <= at_us else None
                self.found[number] = (seen,) * len(group.parts)


def _read_over(
    connections: Sequence[Connection], questions: Sequence[_Question], most: int
) -> dict[int, _Read]:
    """The reads of one half wait for Postgres while those of the other do."""
    if len(connections) == 1:
        return _read(connections[0], questions, most)
    middle = len(questions) // 2
    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(_read, connections[1], questions[middle:], most)
        return _read(connections[0], questions[:middle], most) | others.result()


def _read(tx: Connection, questions: Sequence[_Question], most: int) -> dict[int, _Read]:
    """By the question's identity; one that has no events is absent."""
    found: dict[int, _Read] = {}
    for carries, asked in _by_kind(questions):
        for n, times, carried in _rows(tx, carries, asked, most + 1):
            whole = len(times) <= most
            if whole:
                times.reverse()
                if carried is not None:
                    carried.reverse()
            found[id(asked[n - 1])] = _Read(times, carried, whole)
    return found


def _by_kind(questions: Iterable[_Question]) -> Iterator[tuple[Carries, list[_Question]]]:
    kinds: dict[Carries, list[_Question]] = {}
    for question in questions:
        kinds.setdefault(question.carries, []).append(question)
    return iter(kinds.items())


def _rows(tx: Connection, carries: Carries, asked: Sequence[_Question], most: int) -> Iterable[Any]:
    parameters = {
        "counters": [question.group.counter_id for question in asked],
        "keys": [question.group.key for question in asked],
        "afters": [question.after_us for question in asked],
        "lasts": [question.group.last_us for question in asked],
        "most": most,
    }
    return cursor(tx, binary=True).execute(STATEMENTS[carries], parameters)
