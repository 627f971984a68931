"""What a worker remembers of the keys it asks about, so that each batch reads only what is new.

History before a place never changes, so events that were read once need not be read again: of each
key all events up to some time are here. The keys asked about longest ago are forgotten first.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from store.window_columns import NEVER, Columns, longer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from engine.language.measures import Measured
    from store.database import Database
    from store.window_groups import Ask, Layout, Series, Windowed
    from store.window_reads import Read

    Longs = NDArray[np.int64]
    Column = NDArray[Any]

MOST_WORDS = 8_000_000
MOST_KEYS = 100_000
# A counter with more events of one key is no longer kept once memory is full.
MOST_EVENTS = 200_000
MOST_MEMORIES = 4
# Then all is read anew: what was erased counts no longer than that.
MOST_AGE_S = 3600.0
# Batches of other threads may be so much older than the latest.
SLACK_US = 10_000_000
NO_PLACE = -1
# The most batches for which all events are not read because there were too many.
LONGEST_REST = 16


class Table:
    """What is known of the keys that are asked for the same series; each key has a row.

    untils: all events up to it are here. asked: the batch that asked last. firsts: when each of
    the series that ask for it began.
    """

    def __init__(self, layout: Layout, most_words: int) -> None:
        self.layout = layout
        self.rows: dict[str, int] = {}
        self.untils, self.asked = np.zeros((2, 0), np.int64)
        self.firsts = [np.zeros(0, np.int64) for _ in layout.firsts]
        self.columns = Columns(layout, most_words)
        self.last_counter = max(layout.counters.tolist(), default=0)
        self.places = np.full(self.last_counter + 2, NO_PLACE)
        self.places[layout.counters] = np.arange(len(layout.counters))

    def rows_of(self, keys: Sequence[str], batch: int) -> Longs:
        """Keys that are new get rows nothing is known of."""
        rows = list(map(self.rows.get, keys, repeat(-1)))
        if -1 in rows:
            self._add([key for key, row in zip(keys, rows, strict=True) if row < 0])
            rows = [self.rows[key] for key in keys]
        found = np.array(rows, np.int64)
        self.asked[found] = batch
        return found

    def _add(self, keys: Sequence[str]) -> None:
        begin, total = len(self.rows), len(self.rows) + len(keys)
        self.rows.update(zip(keys, range(begin, total), strict=True))
        if total > len(self.untils):
            self.untils, self.asked = longer(self.untils, total, 0), longer(self.asked, total, 0)
            self.firsts = [longer(each, total, NEVER) for each in self.firsts]
        self.columns.add(total)

    def knows(self, rows: Longs, first_us: int) -> NDArray[np.bool_]:
        """Which of the rows hold all that items from then on ask for, up to some time."""
        return self.columns.reaches[rows] <= first_us

    def begin(self, rows: Longs, first_us: int) -> None:
        """Nothing is known of them; what is learned is for items from then on."""
        self.untils[rows] = first_us - self.layout.width_us
        self.columns.clear(rows, first_us)

    def see(self, first_us: int) -> None:
        """A batch is under way whose items are no older."""
        self.columns.horizon_us = first_us - SLACK_US

    def learn(self, rows: Longs, read: Read) -> None:
        """rows: of each event, which are in the order of their times in a row."""
        places = self._places(read)
        new = ((read.times > self.untils[rows]) & (places != NO_PLACE)).nonzero()[0]
        streams = rows[new] * self.columns.each + places[new]
        order = streams.argsort(kind="stable")
        _, _, times, numbers, members = read.only(new[order])
        self.columns.append(streams[order], times, numbers, members)

    def _places(self, read: Read) -> Longs:
        """Of the counters of events among its own."""
        return self.places[np.minimum(read.counters, self.last_counter + 1)]

    def catch_up(self, read: Read, keys: Column, since_us: int, until_us: int) -> None:
        """Takes in what happened between two times to the keys that were up to date till then.

        read: all events of the organisation, in the order of their times. keys: of each.
        """
        mine = np.flatnonzero(self._places(read) != NO_PLACE)
        rows = np.array(list(map(self.rows.get, keys[mine].tolist(), repeat(-1))), np.int64)
        known = rows >= 0
        known[known] = self.untils[rows[known]] >= since_us
        self.learn(rows[known], read.only(mine[known]))
        current = self.untils >= since_us
        self.untils[current] = np.maximum(self.untils[current], until_us)

    def closed(self, rows: Longs) -> Iterator[tuple[int, Windowed]]:
        """The series of which too much happened to be here, each with the place of its row."""
        if self.columns.closed:
            for place, row in enumerate(rows.tolist()):
                for windowed in self.layout.windowed:
                    if self._stream(row, windowed) in self.columns.closed:
                        yield place, windowed

    def close(self, row: int, windowed: Windowed) -> None:
        """There is too much of it."""
        self.columns.close(self._stream(row, windowed))

    def _stream(self, row: int, windowed: Windowed) -> int:
        return row * self.columns.each + int(self.places[windowed.series.counter_id])

    def forget(self, row: int) -> None:
        """It is read anew when it is asked for again."""
        self.begin(np.array([row]), NEVER)

    def answers(self, rows: Longs, times: Longs) -> Iterator[tuple[int, list[Measured]]]:
        """What each part of each windowed series says of every ask, with its series' place.

        rows, times: of each ask.
        """
        columns, (places, widths) = self.columns, self.layout.lines
        streams = rows * columns.each + places
        every = streams.ravel()
        lows, highs = columns.begins[every], columns.ends[every]
        found = columns.places(lows, highs, (times - widths).ravel())
        lines = zip(streams, found.reshape(streams.shape), strict=True)
        for place, (_, parts), _, _ in self.layout.windowed:
            mine, ends = next(lines)
            for part in parts:
                yield place, columns.answers(part, mine, next(lines)[1], ends)

    def shrink(self) -> None:
        """Keeps most of the keys, those asked about last."""
        keys = list(self.rows)
        latest = np.argsort(-self.asked[: len(keys)], kind="stable")
        kept = np.sort(latest[: len(keys) * 3 // 4])
        self.rows = {keys[row]: new for new, row in enumerate(kept.tolist())}
        self.untils, self.asked = self.untils[kept], self.asked[kept]
        self.firsts = [each[kept] for each in self.firsts]
        self.columns.keep(kept)


class WindowMemory:
    """Of one organisation in one process. in_use: held by the thread that asks it.

    frontier_us: keys that were asked, or caught up, last are known up to it. resting: for so many
    batches more, keys are read one by one; rest: for how many after the next time.
    """

    def __init__(self, most_words: int = MOST_WORDS) -> None:
        self.in_use = threading.Lock()
        self.most_words = most_words
        self.forget_all()

    def forget_all(self) -> None:
        self.tables: dict[tuple[Series, ...], Table] = {}
        self.batch = 0
        self.frontier_us = 0
        self.resting, self.rest = 0, 1
        self.born = time.monotonic()

    def table(self, layout: Layout) -> Table:
        found = self.tables.get(layout.series)
        if found is None:
            found = self.tables[layout.series] = Table(layout, self.most_words)
        return found

    def remembers(self, asks: Sequence[Ask]) -> bool:
        """Whether anything is known of a key they ask for."""
        return any(ask.key in table.rows for ask in asks if (table := self.tables.get(ask.series)))

    def catch_up(self, read: Read, keys: Column, until_us: int) -> None:
        """read: all events of the organisation from the frontier on."""
        for table in self.tables.values():
            table.catch_up(read, keys, self.frontier_us, until_us)
        self.rest = 1

    def take_rest(self) -> None:
        """There was more to catch up with than it takes to read the keys."""
        self.resting, self.rest = self.rest, min(2 * self.rest, LONGEST_REST)

    @property
    def words(self) -> int:
        return sum(table.columns.words for table in self.tables.values())

    @property
    def keys(self) -> int:
        return sum(len(table.rows) for table in self.tables.values())

    def settle(self) -> None:
        """After a batch: makes room at the expense of what was asked about longest ago."""
        if self.words > self.most_words:
            for table in self.tables.values():
                table.columns.close_longer(MOST_EVENTS)
        while self.words > self.most_words or self.keys > MOST_KEYS:
            largest = max(self.tables.values(), key=_size)
            largest.shrink()
            if not largest.rows:
                del self.tables[largest.layout.series]


def _size(table: Table) -> int:
    return table.columns.words + len(table.rows)


_of_databases: WeakKeyDictionary[Database, dict[int, list[WindowMemory]]] = WeakKeyDictionary()
_lock = threading.Lock()


@contextmanager
def borrowed(database: Database, org_id: int, *, patient: bool) -> Iterator[WindowMemory]:
    """A memory of the organisation that no other thread uses meanwhile.

    patient: waits for the one that knows most.
    """
    memory = _lent(database, org_id, patient=patient)
    try:
        if time.monotonic() - memory.born > MOST_AGE_S:
            memory.forget_all()
        yield memory
    except BaseException:
        memory.forget_all()  # it may have learned half of a batch
        raise
    finally:
        memory.in_use.release()


def _lent(database: Database, org_id: int, *, patient: bool) -> WindowMemory:
    with _lock:
        memories = _of_databases.setdefault(database, {}).setdefault(org_id, [])
        if not patient or not memories:
            memory = next((one for one in memories if one.in_use.acquire(blocking=False)), None)
            if memory is not None:
                return memory
            memory = WindowMemory()
            memory.in_use.acquire()
            if len(memories) < MOST_MEMORIES:
                memories.append(memory)
            return memory
    memories[0].in_use.acquire()
    return memories[0]
