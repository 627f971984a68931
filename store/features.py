"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. Keys with few events are read as they are, all counters of a key in one index scan, and
answered all at once.
Keys with more are remembered from batch to batch, and only what is new is read. For keys with very
many events, what lies in the windows of all items of the batch is summed up by Postgres.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from store import window_busy, window_memory, window_reads
from store.window_few import FewEvents
from store.window_groups import NO_EVENTS, Ask, Events, Group, Moments, Part, Series, kinds_of
from store.window_memory import Key, WindowMemory, borrowed
from store.window_reads import KeyQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from engine.language.nodes import Carries
    from store.database import Database
    from store.window_groups import Family, Kind, Told, Windowed
    from store.window_reads import Beside, Read

    First = tuple[int, datetime]

__all__ = ["Ask", "Part", "Series", "answers", "answers_of"]

# A key with more events, of all its counters together, is remembered.
MOST_NEWEST = 64
# So many are read at first; where there are more, one counter is read after the other.
MOST_FIRST_READ = 256
# A key with more than these is summed up by Postgres.
MOST_REMEMBERED = 50_000
# Keys for which a second connection is worth its while.
MANY = 150


def answers(
    tx: Connection, asks: Sequence[Ask], memory: WindowMemory | None = None
) -> list[tuple[Measured, ...]]:
    """One answer an ask: a value for each part of its first series, then of the next.

    asks: in the order of their times. memory: what is known from the batches before.
    """
    return _Answering(asks, memory or WindowMemory()).over(tx)


def answers_of(database: Database, org_id: int, asks: Sequence[Ask]) -> list[tuple[Measured, ...]]:
    """As `answers`, with what this process remembers; many keys are read over two connections."""
    with borrowed(database, org_id) as memory:
        answering = _Answering(asks, memory)
        beside = partial(database.at_once, org_id) if len(answering.unread) >= MANY else None
        with database.at_once(org_id) as tx:
            return answering.over(tx, beside)


class _Answering:
    """One batch of asks on its way to its answers.

    told: of the families that are not answered at once with all others, what is known of each.
    """

    def __init__(self, asks: Sequence[Ask], memory: WindowMemory) -> None:
        self.memory = memory
        self.total = len(asks)
        self.kinds = kinds_of(asks)
        self.told: dict[int, Family] = {}
        families = (family for kind in self.kinds for family in kind.families)
        self.unread = [q for family in families if (q := self._question(family))]
        self.reached: dict[tuple[int, str], int] = {}

    def over(self, tx: Connection, beside: Beside | None = None) -> list[tuple[Measured, ...]]:
        """beside: begins another transaction, to read half of them meanwhile."""
        if beside is None:
            read = window_reads.of_keys(tx, self.unread)
        else:
            read = window_reads.of_many_keys(tx, beside, self.unread)
        self._tell_of(tx, read)
        answered = self._answers(read, self._firsts(tx))
        for name, after_us in self.reached.items():
            self.memory.forget_before(name, after_us)
        return answered

    def _question(self, family: Family) -> KeyQuestion | None:
        """Says what is remembered, and asks for what is not."""
        if not self.memory.remembers(family.key) and family.layout.windowed:
            return KeyQuestion(family, family.after_us, MOST_FIRST_READ + 1)
        self._set_apart(family)
        windowed, remembered = family.layout.windowed, 0
        unread_us, first_us = family.last_us, family.first_us
        for place, series, width_us, _ in windowed:
            key = self.memory.recall((series.counter_id, family.key), first_us - width_us)
            if key is not None:
                family.told[place] = key
                remembered += 1
                unread_us = min(unread_us, key.until_us)
        if remembered < len(windowed):
            return KeyQuestion(family, family.after_us, MOST_FIRST_READ + 1)
        if unread_us < family.last_us:
            return KeyQuestion(family, unread_us, MOST_REMEMBERED + 1)
        return None

    def _set_apart(self, family: Family) -> None:
        self.told[family.number] = family
        family.told = [NO_EVENTS] * len(family.series)

    def _tell_of(self, tx: Connection, read: Read) -> None:
        """Of the families with many events: what was read of each, and what still has to be."""
        asked = np.array([question.family.number for question in self.unread], np.int64)
        lows = np.searchsorted(read.families, asked, "left")
        highs = np.searchsorted(read.families, asked, "right")
        apart = highs - lows > MOST_NEWEST
        apart[[question.family.number in self.told for question in self.unread]] = True
        many: dict[Carries, list[Group]] = defaultdict(list)
        for each in np.flatnonzero(apart).tolist():
            question, low, high = self.unread[each], int(lows[each]), int(highs[each])
            family = question.family
            if family.number not in self.told:
                self._set_apart(family)
            if high - low < question.most:
                self._tell(family, read, low, high)
                continue
            for windowed in family.layout.windowed:
                many[windowed.carries].append(_group(family, windowed))
        for carries, groups in many.items():
            self._tell_many(tx, carries, groups)

    def _tell(self, family: Family, read: Read, low: int, high: int) -> None:
        """Between the two places is all that there is to read."""
        counters, times = read.counters[low:high].tolist(), read.times[low:high].tolist()
        many = len(counters) > MOST_NEWEST
        for windowed in family.layout.windowed:
            place, (counter_id, _), _, carries = windowed
            told = family.told[place]
            first = bisect_left(counters, counter_id)
            last = bisect_right(counters, counter_id, first)
            if first == last:
                if isinstance(told, Key):
                    told.until_us = max(told.until_us, family.last_us)
                elif many:
                    self._learn(family, windowed, [], None)
                continue
            mine, carried = times[first:last], read.carried(carries, low + first, low + last)
            if many or isinstance(told, Key):
                self._learn(family, windowed, mine, carried)
            else:
                family.told[place] = Moments(mine) if carried is None else Events(mine, carried)

    def _learn(
        self,
        family: Family,
        windowed: Windowed,
        times: Sequence[int],
        carried: Sequence[object] | None,
    ) -> None:
        """What is told of a series from now on is remembered."""
        name = windowed.series.counter_id, family.key
        after_us = family.first_us - windowed.width_us
        key = family.told[windowed.place]
        if isinstance(key, Key):
            self.memory.learn(name, key, times, carried, family.last_us)
        else:
            key = family.told[windowed.place] = Key(after_us, windowed.carries)
            key.extend(times, carried, family.last_us)
            self.memory.keep(name, key)
        if key.is_long:
            self.reached[name] = min(after_us, self.reached.get(name, after_us))

    def _tell_many(self, tx: Connection, carries: Carries, groups: Sequence[Group]) -> None:
        busy: list[Group] = []
        found = window_reads.newest(tx, carries, groups, MOST_REMEMBERED)
        for group, read in zip(groups, found, strict=True):
            if read is None:
                self._learn(group.family, group.windowed, [], None)
            elif read.whole:
                self._learn(group.family, group.windowed, read.times, read.carried)
            else:
                busy.append(group)
        if busy:
            for group, summed in zip(busy, window_busy.sums(tx, carries, busy), strict=True):
                group.family.told[group.windowed.place] = summed

    def _firsts(self, tx: Connection) -> dict[tuple[int, str], First]:
        """By counter and key, when it began, of those that have."""
        known = self.memory.firsts
        asked = {
            (kind.series[place].counter_id, family.key): None
            for kind in self.kinds
            for place in kind.layout.firsts
            for family in kind.families
        }
        found = {name: known[name] for name in asked if name in known}
        unknown = [name for name in asked if name not in found]
        if unknown:
            new = window_reads.firsts(tx, unknown)
            self.memory.keep_firsts(new)
            found |= new
        return found

    def _answers(
        self, read: Read, firsts: Mapping[tuple[int, str], First]
    ) -> list[tuple[Measured, ...]]:
        found: list[tuple[Measured, ...]] = [()] * self.total
        counters = (w.series.counter_id for kind in self.kinds for w in kind.layout.windowed)
        few = FewEvents(read, counters)
        for kind in self.kinds:
            columns = self._columns(kind, few)
            for place in kind.layout.firsts:
                columns[place] = [_began(kind, place, firsts)] * len(kind.series[place].parts)
            lines = zip(
                *(each for place in sorted(columns) for each in columns[place]), strict=True
            )
            for number, line in zip(kind.numbers, lines, strict=True):
                found[number] = line
        return found

    def _columns(self, kind: Kind, few: FewEvents) -> dict[int, list[list[Measured]]]:
        """By the place of a windowed series, for each of its parts what it says of each ask."""
        asked, times = np.array(kind.asked), np.array(kind.times)
        columns: dict[int, list[list[Measured]]] = defaultdict(list)
        for place, column in few.answers(kind.layout, asked, times):
            columns[place].append(column)
        apart: dict[int, list[int]] = defaultdict(list)
        for n, number in enumerate(kind.asked):
            if number in self.told:
                apart[number].append(n)
        for number, mine in apart.items():
            told = self.told[number].told
            for place, (_, parts), _, _ in kind.layout.windowed:
                for part, column in zip(parts, columns[place], strict=True):
                    _fill(column, mine, told[place], part, kind.times)
        return columns


def _fill(
    column: list[Measured], mine: Sequence[int], told: Told, part: Part, times: Sequence[int]
) -> None:
    """At the places that are mine, with what is told of each one's time."""
    if len(mine) >= window_memory.MANY and isinstance(told, Key):
        answers = told.column(part, [times[n] for n in mine])
        for n, answer in zip(mine, answers, strict=True):
            column[n] = answer
        return
    for n in mine:
        column[n] = told.answer(part, times[n])


def _began(kind: Kind, place: int, firsts: Mapping[tuple[int, str], First]) -> list[Measured]:
    """Of each ask; an event that came after the item is none that was seen."""
    counter_id = kind.series[place].counter_id
    began = {
        family.number: first
        for family in kind.families
        if (first := firsts.get((counter_id, family.key)))
    }
    return [
        first[1] if (first := began.get(number)) and first[0] <= at_us else None
        for number, at_us in zip(kind.asked, kind.times, strict=True)
    ]


def _group(family: Family, windowed: Windowed) -> Group:
    told: Told = family.told[windowed.place]
    after_us = family.first_us - windowed.width_us
    return Group(family, windowed, told.until_us if isinstance(told, Key) else after_us)
