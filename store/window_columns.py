"""Events of many streams in a few long columns.

A stream is the events of one counter and key, in the order of their times. Each lies together in a
room of its own, of a power of two. One that outgrows it forgets what no window reaches and moves to
a larger one, and leaves its own to another. Streams have whole numbers for names, so a question
about thousands of them is a few operations on arrays.
"""

from __future__ import annotations

from bisect import bisect_right
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from store.window_groups import Layout, Part

    Longs = NDArray[np.int64]
    Column = NDArray[Any]

# After everything that happens.
NEVER = 2**62
EDGE = np.array([True])
# Far from where the millionths of all numbers of a stream would not fit 64 bits.
MOST_UNITS = 2.0**62
# What windows of more events hold is not gathered in one column with that of others.
MOST_GATHERED = 256
# So few searches are made one by one.
FEW_SEARCHES = 48
# A stream with more events is copied by itself, and seldom: it gets room for as many again.
LONG = 1000
# The smallest room; no room is of more than so many doublings of it.
LEAST_ROOM = 4
MOST_DOUBLINGS = 40
# About how many words of eight bytes an event takes.
WORDS_EACH = {Carries.NOTHING: 1, Carries.NUMBER: 3, Carries.MEMBER: 10}

# What is kept of events beside their times, where any carry it, and of each stream.
COLUMNS = {Carries.NUMBER: ("numbers", "units"), Carries.MEMBER: ("members",)}
STREAMS = ("rooms", "sizes", "begins", "ends", "totals", "weights")


class Columns:
    """The streams of all counters of some keys. Each key has a row: as many streams, in order.

    reaches: of a row; a batch whose items are no older finds all its windows here. rooms, sizes:
    where the room of each stream begins and how large it is. begins, ends: where its events lie.
    totals: the units of all that a stream ever had. weights: the units of no window are more, in
    either direction. closed: streams that have too many events to be here. horizon_us: no item of
    the batch under way is older. filled: how much of the columns was ever given out. free: by
    doublings, the rooms among it that nobody has.
    """

    def __init__(self, layout: Layout, most_words: int) -> None:
        """most_words: more is not kept for long; what is not used of it takes no memory."""
        self.each = len(layout.widest)
        self.widths = np.array([windowed.width_us for windowed in layout.widest], np.int64)
        carries = [windowed.carries for windowed in layout.widest]
        self.names = [name for c in Carries if c in carries for name in COLUMNS.get(c, ())]
        self.words_each = sum(WORDS_EACH[c] for c in carries) / max(self.each, 1)
        self.reserved = 1 + int(most_words / max(self.words_each, 1))
        self.reaches = np.zeros(0, np.int64)
        self.rooms, self.sizes, self.begins, self.ends, self.totals = np.zeros((5, 0), np.int64)
        self.weights = np.zeros(0)
        self.closed: set[int] = set()
        self.horizon_us = 0
        self._empty()

    @property
    def words(self) -> int:
        return int(self.words_each * self.used)

    def streams(self, rows: Longs) -> Longs:
        """Of each row, in its order."""
        return (rows[:, None] * self.each + np.arange(self.each)).ravel()

    def add(self, rows: int) -> None:
        """Sees to it that there are so many."""
        if rows > len(self.reaches):
            self.reaches = longer(self.reaches, rows, NEVER)
            for name in STREAMS:
                setattr(self, name, longer(getattr(self, name), rows * self.each, 0))

    def clear(self, rows: Longs, reach_us: int) -> None:
        """They have no events yet, and are for items from then on."""
        self._clear(self.streams(rows))
        self.reaches[rows] = reach_us

    def _clear(self, streams: Longs) -> None:
        used = streams[self.sizes[streams] > 0]
        if len(used):
            self._leave(used)
            for name in STREAMS:
                getattr(self, name)[used] = 0
            self._lose_places(used)
        if self.closed:
            self.closed.difference_update(streams.tolist())

    def close(self, stream: int) -> None:
        """There is too much of it."""
        self._clear(np.array([stream]))
        self.closed.add(stream)

    def close_longer(self, most: int) -> None:
        for stream in np.flatnonzero(self.ends - self.begins > most).tolist():
            self.close(stream)

    def append(
        self, streams: Longs, times: Longs, numbers: NDArray[np.float64], members: Column
    ) -> None:
        """Adds events, in the order of their streams, then of their times, later than all known.

        numbers, members: what each carries, if anything.
        """
        if self.closed:
            kept = ~np.isin(streams, list(self.closed))
            streams, times = streams[kept], times[kept]
            numbers, members = numbers[kept], members[kept]
        if not len(streams):
            return
        begins = np.concatenate([EDGE, streams[1:] != streams[:-1], EDGE]).nonzero()[0]
        firsts, counts = begins[:-1], begins[1:] - begins[:-1]
        mine = streams[firsts]
        self._make_room(mine, counts)
        places = np.arange(len(streams)) + (self.ends[mine] - firsts).repeat(counts)
        self.times[places] = times
        if "numbers" in self.names:
            self.numbers[places] = numbers
            self._add_up(places, mine, firsts, counts)
        if "members" in self.names:
            self.members[places] = members
        self.ends[mine] += counts

    def _add_up(self, places: Longs, mine: Longs, firsts: Longs, counts: Longs) -> None:
        """Sums that do not fit wrap around; weights tell which may."""
        exact = np.floor(self.numbers[places] * 1e6 + 0.5)
        units = exact.astype(np.int64)
        before = np.cumsum(units) - units
        before += (self.totals[mine] - before[firsts]).repeat(counts)
        self.units[places] = before
        last = firsts + counts - 1
        self.totals[mine] = before[last] + units[last]
        self.weights[mine] += np.add.reduceat(np.abs(exact), firsts)

    def _make_room(self, mine: Longs, counts: Longs) -> None:
        tight = self.ends[mine] + counts > self.rooms[mine] + self.sizes[mine]
        if tight.any():
            moving = mine[tight]
            self._forget(moving)
            self._move(moving, self.ends[moving] - self.begins[moving] + counts[tight])

    def _forget(self, streams: Longs) -> None:
        """Leaves out what no window reaches any more."""
        rows, after = streams // self.each, self.horizon_us - self.widths[streams % self.each]
        lows, highs = self.begins[streams], self.ends[streams]
        self.begins[streams] = self.places(lows, highs, after)
        self.reaches[rows] = np.maximum(self.reaches[rows], self.horizon_us)

    def _move(self, streams: Longs, wanted: Longs) -> None:
        """To rooms for as many events as are wanted, with what they hold."""
        rooms, sizes = self._take(wanted)
        self._copy(self._columns(), streams, rooms)
        self._leave(streams)
        self._settle(streams, rooms, sizes)
        self._lose_places(streams)

    def _settle(self, streams: Longs, rooms: Longs, sizes: Longs) -> None:
        held = self.ends[streams] - self.begins[streams]
        self.rooms[streams], self.sizes[streams] = rooms, sizes
        self.begins[streams], self.ends[streams] = rooms, rooms + held

    def _copy(self, before: dict[str, Column], streams: Longs, rooms: Longs) -> None:
        """What streams hold, from where it was to their rooms; much of it stretch by stretch."""
        begins, ends = self.begins[streams], self.ends[streams]
        held = ends - begins
        for n in (held > LONG).nonzero()[0].tolist():
            for name, column in before.items():
                getattr(self, name)[rooms[n] : rooms[n] + held[n]] = column[begins[n] : ends[n]]
        held[held > LONG] = 0
        if not held.any():
            return
        sources, targets = _stretches(begins, held)[0], _stretches(rooms, held)[0]
        for name, column in before.items():
            getattr(self, name)[targets] = column[sources]

    def _columns(self) -> dict[str, Column]:
        return {name: getattr(self, name) for name in ("times", *self.names)}

    def _leave(self, streams: Longs) -> None:
        sizes = self.sizes[streams]
        for size in {*sizes.tolist()} - {0}:
            left = self.rooms[streams[sizes == size]].tolist()
            self.free[(size // LEAST_ROOM).bit_length() - 1] += left
            self.used -= size * len(left)

    def _take(self, wanted: Longs) -> tuple[Longs, Longs]:
        """Rooms for as many events as are wanted, and their sizes."""
        wanted = np.where(wanted > LONG, 2 * wanted, wanted)
        doublings = np.ceil(np.log2(np.maximum(wanted / LEAST_ROOM, 1))).astype(np.int64)
        rooms = np.empty(len(wanted), np.int64)
        for each in {*doublings.tolist()}:
            mine, size = (doublings == each).nonzero()[0], LEAST_ROOM << each
            free = self.free[each]
            old = free[max(len(free) - len(mine), 0) :]
            del free[len(free) - len(old) :]
            new = self.filled + size * np.arange(len(mine) - len(old))
            self.filled += size * len(new)
            self.used += size * len(mine)
            rooms[mine] = np.concatenate([np.array(old, np.int64), new])
        self._enlarge()
        return rooms, LEAST_ROOM << doublings

    def _enlarge(self) -> None:
        """What is free takes no memory until it is used; to copy the rest takes its time."""
        for name, column in self._columns().items():
            if self.filled >= len(column):
                size, is_plain = 4 * self.filled, column.dtype != object
                larger = _reserved(size, column.dtype) if is_plain else np.empty(size, object)
                larger[: len(column)] = column
                setattr(self, name, larger)

    def keep(self, rows: Longs) -> None:
        """Only these remain, and are numbered anew in this order."""
        streams = self.streams(rows)
        closed = np.isin(streams, list(self.closed))
        self.reaches = self.reaches[rows]
        for name in STREAMS:
            setattr(self, name, getattr(self, name)[streams])
        self.closed = set(np.flatnonzero(closed).tolist())
        self._forget(np.arange(len(streams)))
        kept, before = np.flatnonzero(self.ends > self.begins), self._columns()
        self._empty()
        rooms, sizes = self._take(self.ends[kept] - self.begins[kept])
        self._copy(before, kept, rooms)
        self._settle(kept, rooms, sizes)

    def _empty(self) -> None:
        """Nobody has a room."""
        self.times = _reserved(self.reserved, np.int64)
        numbers = self.reserved if "numbers" in self.names else 1
        self.numbers = _reserved(numbers, np.float64)
        self.units = _reserved(numbers, np.int64)  # of all events before it
        self.members = np.empty(1, object)
        self.sizes[:] = 0
        self.filled = self.used = 0
        self.free: list[list[int]] = [[] for _ in range(MOST_DOUBLINGS)]
        self.sliding: dict[tuple[int, int], _Members] = {}

    def _lose_places(self, streams: Longs) -> None:
        if self.sliding:
            gone = set(streams.tolist())
            self.sliding = {name: e for name, e in self.sliding.items() if name[0] not in gone}

    def places(self, lows: Longs, highs: Longs, times: Longs) -> Longs:
        """Of the events from each low to its high, the first that is later than each time."""
        if len(lows) > FEW_SEARCHES:
            return _later(self.times, lows, highs, times)
        stretches = zip(times.tolist(), lows.tolist(), highs.tolist(), strict=True)
        return np.array([bisect_right(self.times, *each) for each in stretches], np.int64)

    def answers(self, part: Part, streams: Longs, lows: Longs, highs: Longs) -> list[Measured]:
        """What a measure says of each stream's events from low to high."""
        match part.measure:
            case Measure.COUNT:
                return list((highs - lows).tolist())
            case Measure.DISTINCT:
                return self._distinct(streams, lows, highs, part.width_us)
            case Measure.MAX:
                return self._largest(lows, highs)
            case _:
                return self._sums(part.measure, streams, lows, highs)

    def _sums(self, measure: Measure, streams: Longs, lows: Longs, highs: Longs) -> list[Measured]:
        units = self._units_before(streams, highs) - self._units_before(streams, lows)
        totals: list[float] = (units / 1e6).tolist()
        found: list[Measured] = list(totals)
        if measure is Measure.AVG:
            counts = (highs - lows).tolist()
            found = [each / n if n else None for each, n in zip(totals, counts, strict=True)]
        for each in np.flatnonzero(self.weights[streams] >= MOST_UNITS).tolist():
            numbers = self.numbers[lows[each] : highs[each]].tolist()
            exact = sum(map(millionths, numbers))
            found[each] = of_numbers(measure, len(numbers), exact, None)
        return found

    def _units_before(self, streams: Longs, places: Longs) -> Longs:
        return np.where(places < self.ends[streams], self.units[places], self.totals[streams])

    def _largest(self, lows: Longs, highs: Longs) -> list[Measured]:
        found: list[Measured] = [None] * len(lows)
        events = highs - lows
        few = ((events > 0) & (events <= MOST_GATHERED)).nonzero()[0]
        if len(few):
            places, starts = _stretches(lows[few], events[few])
            largest = np.maximum.reduceat(self.numbers[places], starts)
            for n, number in zip(few.tolist(), largest.tolist(), strict=True):
                found[n] = number
        for n in (events > MOST_GATHERED).nonzero()[0].tolist():
            found[n] = float(self.numbers[lows[n] : highs[n]].max())
        return found

    def _distinct(self, streams: Longs, lows: Longs, highs: Longs, width_us: int) -> list[Measured]:
        events = highs - lows
        found: list[Measured] = events.tolist()
        few = ((events > 1) & (events <= MOST_GATHERED)).nonzero()[0]
        if len(few):
            places, starts = _stretches(lows[few], events[few])
            members = self.members[places].tolist()
            ends = (starts + events[few]).tolist()
            for n, start, end in zip(few.tolist(), starts.tolist(), ends, strict=True):
                found[n] = len(set(members[start:end]))
        for n in (events > MOST_GATHERED).nonzero()[0].tolist():
            sliding = self._sliding(int(streams[n]), width_us)
            found[n] = sliding.to(self.members, int(lows[n]), int(highs[n]))
        return found

    def _sliding(self, stream: int, width_us: int) -> _Members:
        found = self.sliding.get((stream, width_us))
        if found is None:
            found = self.sliding[stream, width_us] = _Members()
        return found


class _Members:
    """How many different values a window over a column has, one that mostly moves on."""

    def __init__(self) -> None:
        self.low = self.high = 0
        self.counts: dict[Any, int] = {}

    def to(self, members: Column, low: int, high: int) -> int:
        counts = self.counts
        if low < self.low or high < self.high or low > self.high:
            counts.clear()
            self.low = self.high = low
        for value in members[self.high : high].tolist():
            counts[value] = counts.get(value, 0) + 1
        for value in members[self.low : low].tolist():
            if counts[value] == 1:
                del counts[value]
            else:
                counts[value] -= 1
        self.low, self.high = low, high
        return len(counts)


def longer(column: Column, size: int, fill: int) -> Column:
    """Filled up at its end, if it is shorter; twice as long at least, so that this is rare."""
    more = size - len(column)
    if more <= 0:
        return column
    return np.concatenate([column, np.full(max(more, len(column)), fill, column.dtype)])


def _reserved(size: int, kind: DTypeLike) -> Column:
    """Takes memory page by page, as it is used: large pages, which numpy asks for, take long."""
    memory = mmap(-1, size * np.dtype(kind).itemsize, MAP_PRIVATE | MAP_ANONYMOUS)
    return np.frombuffer(memory, kind)


def _stretches(lows: Longs, lengths: Longs) -> tuple[Longs, Longs]:
    """The places of stretches of a column one after the other, and where each then begins."""
    starts = lengths.cumsum() - lengths
    return np.arange(int(lengths.sum())) + (lows - starts).repeat(lengths), starts


def _later(known: Longs, lows: Longs, highs: Longs, times: Longs) -> Longs:
    """As `bisect_right`, of many stretches at once; there is a place after the last."""
    for _ in range(int((highs - lows).max()).bit_length()):
        middles = (lows + highs) >> 1
        passed = (known[middles] <= times) & (middles < highs)
        lows = np.where(passed, middles + 1, lows)
        highs = np.where(passed, highs, middles)
    return lows
