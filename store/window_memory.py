"""What a worker remembers of keys with many events, so that each batch reads only what is new.

History before a place never changes, so events that were read once need not be read again: of each
key all events in (since, until] are here. The keys asked about longest ago are forgotten first.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from collections import OrderedDict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from store.database import Database
    from store.window_groups import Part

MOST_WORDS = 4_000_000
MOST_KEYS = 50_000
MOST_FIRSTS = 200_000
MOST_MEMORIES = 4
SPARE = 1024
# Questions to one key that are worth asking at once.
MANY = 8


class Key:
    """One key's events in (since_us, until_us], in order."""

    __slots__ = ("carried", "since_us", "slides", "times", "units", "until_us", "words_each")

    def __init__(self, since_us: int, carries: Carries) -> None:
        self.words_each = WORDS_EACH[carries]
        self.since_us = since_us
        self.until_us = since_us
        self.times = array("q")
        self.carried: array[float] | list[Any] | None = _room_for(carries)
        self.units: list[int] | None = [0] if carries is Carries.NUMBER else None
        self.slides: dict[Part, _Slide] = {}

    @property
    def words(self) -> int:
        return self.words_each * len(self.times)

    @property
    def is_long(self) -> bool:
        """Whether there may be enough to forget."""
        return len(self.times) > SPARE

    def extend(self, times: Sequence[int], carried: Sequence[Any] | None, until_us: int) -> None:
        """What happened up to a time; of what is known already, nothing is added again."""
        new = bisect_right(times, self.until_us)
        times, carried = times[new:], carried and carried[new:]
        self.times.extend(times)
        self.until_us = max(self.until_us, until_us)
        if self.carried is None or carried is None:
            return
        self.carried.extend(carried)
        if self.units is not None:
            total = self.units[-1]
            for number in carried:
                total += millionths(number)
                self.units.append(total)

    def forget_before(self, after_us: int) -> None:
        """Drops what no window reaches any more, now and then."""
        gone = bisect_right(self.times, after_us)
        if gone <= SPARE + len(self.times) // 2:
            return
        self.since_us = after_us
        del self.times[:gone]
        if self.carried is not None:
            del self.carried[:gone]
            if self.units is not None:
                del self.units[:gone]
        self.slides.clear()

    def answer(self, part: Part, at_us: int) -> Measured:
        low = bisect_right(self.times, at_us - part.width_us)
        high = bisect_right(self.times, at_us)
        if self.carried is None:
            return high - low
        if part.measure in {Measure.MAX, Measure.DISTINCT}:
            return self._slide(part).to(self.carried, low, high)
        assert self.units is not None
        return of_numbers(part.measure, high - low, self.units[high] - self.units[low], None)

    def column(self, part: Part, times: Sequence[int]) -> list[Measured]:
        """An answer for each of many times: where their windows lie is one search."""
        if part.measure in {Measure.MAX, Measure.DISTINCT}:
            return [self.answer(part, at_us) for at_us in times]
        known, asked = np.frombuffer(self.times, np.int64), np.array(times)
        lows = np.searchsorted(known, asked - part.width_us, "right")
        highs = np.searchsorted(known, asked, "right")
        if self.units is None:
            return list((highs - lows).tolist())
        units = self.units
        return [
            of_numbers(part.measure, high - low, units[high] - units[low], None)
            for low, high in zip(lows.tolist(), highs.tolist(), strict=True)
        ]

    def _slide(self, part: Part) -> _Slide:
        found = self.slides.get(part)
        if found is None:
            found = _Largest() if part.measure is Measure.MAX else _Members()
            self.slides[part] = found
        return found


# About how many words of eight bytes an event takes.
WORDS_EACH = {Carries.NOTHING: 1, Carries.NUMBER: 7, Carries.MEMBER: 10}


def _room_for(carries: Carries) -> array[float] | list[Any] | None:
    match carries:
        case Carries.NOTHING:
            return None
        case Carries.NUMBER:
            return array("d")
        case _:
            return []


class _Slide(ABC):
    """A window over a list that mostly moves on; each of its steps costs the same."""

    def __init__(self) -> None:
        self.low = self.high = 0

    def to(self, carried: Sequence[Any], low: int, high: int) -> Measured:
        if low < self.low or high < self.high or low > self.high:
            self.clear()
            self.low = self.high = low
        for place in range(self.high, high):
            self.enter(place, carried[place])
        for place in range(self.low, low):
            self.leave(place, carried[place])
        self.low, self.high = low, high
        return self.answer()

    @abstractmethod
    def clear(self) -> None: ...

    @abstractmethod
    def enter(self, place: int, value: Any) -> None: ...

    @abstractmethod
    def leave(self, place: int, value: Any) -> None: ...

    @abstractmethod
    def answer(self) -> Measured: ...


class _Members(_Slide):
    """How many different values there are."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[Any, int] = {}

    def clear(self) -> None:
        self.counts.clear()

    def enter(self, place: int, value: Any) -> None:
        self.counts[value] = self.counts.get(value, 0) + 1

    def leave(self, place: int, value: Any) -> None:
        left = self.counts[value] - 1
        if left:
            self.counts[value] = left
        else:
            del self.counts[value]

    def answer(self) -> Measured:
        return len(self.counts)


class _Largest(_Slide):
    """The largest value: those that a later one is no smaller than can never be it again."""

    def __init__(self) -> None:
        super().__init__()
        self.falling: deque[tuple[int, float]] = deque()

    def clear(self) -> None:
        self.falling.clear()

    def enter(self, place: int, value: Any) -> None:
        while self.falling and self.falling[-1][1] <= value:
            self.falling.pop()
        self.falling.append((place, value))

    def leave(self, place: int, value: Any) -> None:
        if self.falling and self.falling[0][0] == place:
            self.falling.popleft()

    def answer(self) -> Measured:
        return self.falling[0][1] if self.falling else None


class WindowMemory:
    """Of one organisation in one process. in_use: held by the thread that asks it."""

    def __init__(self, most_words: int = MOST_WORDS) -> None:
        self.in_use = threading.Lock()
        self.most_words = most_words
        self.words = 0
        self.keys: OrderedDict[tuple[int, str], Key] = OrderedDict()
        self.counters: dict[str, int] = {}  # how many are remembered of a key
        self.firsts: OrderedDict[tuple[int, str], tuple[int, datetime]] = OrderedDict()

    def remembers(self, key: str) -> bool:
        """Whether anything is known of it, for any counter."""
        return key in self.counters

    def recall(self, name: tuple[int, str], after_us: int) -> Key | None:
        """What is remembered, if that reaches back to where windows begin."""
        key = self.keys.get(name)
        if key is None or key.since_us > after_us:
            return None
        self.keys.move_to_end(name)
        return key

    def keep(self, name: tuple[int, str], key: Key) -> None:
        """Makes room at the expense of what was asked about longest ago."""
        before = self.keys.pop(name, None)
        if before is None:
            self.counters[name[1]] = self.counters.get(name[1], 0) + 1
        self.words += key.words - (before.words if before else 0)
        self.keys[name] = key
        while len(self.keys) > 1 and (self.words > self.most_words or len(self.keys) > MOST_KEYS):
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        (_, name), oldest = self.keys.popitem(last=False)
        self.words -= oldest.words
        self.counters[name] -= 1
        if not self.counters[name]:
            del self.counters[name]

    def learn(
        self,
        name: tuple[int, str],
        key: Key,
        times: Sequence[int],
        carried: Sequence[Any] | None,
        until_us: int,
    ) -> None:
        """What a key has had since; it may have been forgotten within this very batch."""
        before = key.words
        key.extend(times, carried, until_us)
        if self.keys.get(name) is key:
            self.words += key.words - before

    def forget_before(self, name: tuple[int, str], after_us: int) -> None:
        """Only once a batch has its answers: another of its questions may reach further back."""
        key = self.keys.get(name)
        if key is not None:
            before = key.words
            key.forget_before(after_us)
            self.words += key.words - before

    def keep_firsts(self, found: Mapping[tuple[int, str], tuple[int, datetime]]) -> None:
        self.firsts.update(found)
        while len(self.firsts) > MOST_FIRSTS:
            self.firsts.popitem(last=False)


_of_databases: WeakKeyDictionary[Database, dict[int, list[WindowMemory]]] = WeakKeyDictionary()
_lock = threading.Lock()


@contextmanager
def borrowed(database: Database, org_id: int) -> Iterator[WindowMemory]:
    """A memory of the organisation that no other thread uses meanwhile; each thread its own."""
    with _lock:
        memories = _of_databases.setdefault(database, {}).setdefault(org_id, [])
        memory = next((one for one in memories if one.in_use.acquire(blocking=False)), None)
        if memory is None:
            memory = WindowMemory()
            memory.in_use.acquire()
            if len(memories) < MOST_MEMORIES:
                memories.append(memory)
    try:
        yield memory
    finally:
        memory.in_use.release()
