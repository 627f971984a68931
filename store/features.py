"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. Keys with few events are read as they are, all counters of a key in one index scan.
Keys with more are remembered from batch to batch, and only what is new is read. For keys with very
many events, what lies in the windows of all items of the batch is summed up by Postgres.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from store import window_busy, window_reads
from store.window_groups import Ask, Events, Group, Moments, Part, Series, families
from store.window_memory import Key, WindowMemory, borrowed
from store.window_reads import KeyQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from engine.language.nodes import Carries
    from store.database import Database
    from store.window_groups import Family, Told, Windowed
    from store.window_reads import KeyEvents

__all__ = ["Ask", "Part", "Series", "answers", "answers_of"]

# A key with more events, of all its counters together, is remembered.
MOST_NEWEST = 32
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
    return _Answering(asks, memory or WindowMemory()).over([tx])


def answers_of(database: Database, org_id: int, asks: Sequence[Ask]) -> list[tuple[Measured, ...]]:
    """As `answers`, with what this process remembers; many keys are read over two connections."""
    with borrowed(database, org_id) as memory:
        answering = _Answering(asks, memory)
        with database.transaction(org_id) as tx:
            if len(answering.unread) < MANY:
                return answering.over([tx])
            with database.transaction(org_id) as second:
                return answering.over([tx, second])


class _First(NamedTuple):
    """When a key began; an event that came after the item is none that was seen."""

    first_us: int
    first: datetime | None

    def answer(self, _part: Part, at_us: int) -> Measured:
        return self.first if self.first_us <= at_us else None


NEVER = _First(0, None)


class _Answering:
    """One batch of asks on its way to its answers."""

    def __init__(self, asks: Sequence[Ask], memory: WindowMemory) -> None:
        self.memory = memory
        self.families = families(asks)
        self.total = len(asks)
        self.unread = [q for family in self.families if (q := self._question(family))]
        self.reached: dict[tuple[int, str], int] = {}

    def over(self, connections: Sequence[Connection]) -> list[tuple[Measured, ...]]:
        tx = connections[0]
        many: dict[Carries, list[Group]] = defaultdict(list)
        found = window_reads.of_keys(connections, self.unread)
        for question, events in zip(self.unread, found, strict=True):
            family = question.family
            if events is None or len(events.times) < question.most:
                self._tell(family, events)
            else:
                for each in family.layout.windowed:
                    many[each.carries].append(_group(family, each))
        for carries, groups in many.items():
            self._tell_many(tx, carries, groups)
        self._tell_firsts(tx)
        answered = self._answers()
        for name, after_us in self.reached.items():
            self.memory.forget_before(name, after_us)
        return answered

    def _question(self, family: Family) -> KeyQuestion | None:
        """Says what is remembered, and asks for what is not."""
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

    def _tell(self, family: Family, read: KeyEvents | None) -> None:
        """read: all that there is to read."""
        counters = read.counters if read else ()
        many = len(counters) > MOST_NEWEST
        for windowed in family.layout.windowed:
            place, (counter_id, _), _, carries = windowed
            told = family.told[place]
            low = bisect_left(counters, counter_id)
            high = bisect_right(counters, counter_id, low)
            if low == high or read is None:
                if isinstance(told, Key):
                    told.until_us = max(told.until_us, family.last_us)
                elif many:
                    self._learn(family, windowed, [], None)
                continue
            times, carried = read.times[low:high], read.carried(carries, low, high)
            if many or isinstance(told, Key):
                self._learn(family, windowed, times, carried)
            else:
                family.told[place] = Moments(times) if carried is None else Events(times, carried)

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

    def _tell_firsts(self, tx: Connection) -> None:
        known = self.memory.firsts
        asked = [
            (family, place, (family.series[place].counter_id, family.key))
            for family in self.families
            for place in family.layout.firsts
        ]
        unknown = list({name: None for _, _, name in asked if name not in known})
        if unknown:
            for name, (first_us, first) in window_reads.firsts(tx, unknown).items():
                self.memory.keep_first(name, first_us, first.astimezone(UTC))
        for family, place, name in asked:
            began = known.get(name)
            family.told[place] = NEVER if began is None else _First(*began)

    def _answers(self) -> list[tuple[Measured, ...]]:
        found: list[tuple[Measured, ...]] = [()] * self.total
        for family in self.families:
            lines = [
                (told.answer, part)
                for told, series in zip(family.told, family.series, strict=True)
                for part in series.parts
            ]
            for number, at_us in family.asked:
                found[number] = tuple([answer(part, at_us) for answer, part in lines])
        return found


def _group(family: Family, windowed: Windowed) -> Group:
    told: Told = family.told[windowed.place]
    after_us = family.first_us - windowed.width_us
    return Group(family, windowed, told.until_us if isinstance(told, Key) else after_us)
