"""Questions about counters, put together where they differ in their keys and times only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Longs = NDArray[np.int64]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Part(NamedTuple):
    width_us: int
    measure: Measure


class Series(NamedTuple):
    """One stored counter, asked for several things; all of them read events that carry the same."""

    counter_id: int
    parts: tuple[Part, ...]


class Windowed(NamedTuple):
    """One of several series. width_us: its widest window."""

    place: int
    series: Series
    width_us: int
    carries: Carries


class Layout(NamedTuple):
    """What is to be read for some series: windows, and of those at `firsts` when a key began.

    widest: of each counter that has windows, in the order of the counters, the series that looks
    back furthest. counters: theirs. lines: of each windowed series, for its end and then for the
    begin of each of its windows, the place of its counter and the width of the window.
    """

    series: tuple[Series, ...]
    windowed: tuple[Windowed, ...]
    firsts: tuple[int, ...]
    widest: tuple[Windowed, ...]
    counters: Longs
    lines: tuple[Longs, Longs]

    @property
    def width_us(self) -> int:
        return max((each.width_us for each in self.widest), default=0)


@lru_cache(maxsize=1024)
def layout_of(series: tuple[Series, ...]) -> Layout:
    windowed = tuple(
        Windowed(place, each, max(p.width_us for p in each.parts), each.parts[0].measure.carries)
        for place, each in enumerate(series)
        if each.parts[0].measure is not Measure.FIRST
    )
    places = {each.place for each in windowed}
    firsts = tuple(place for place in range(len(series)) if place not in places)
    by_width = sorted(windowed, key=lambda each: each.width_us)
    widest = {each.series.counter_id: each for each in by_width}
    counters = sorted(widest)
    lines = [
        (counters.index(counter_id), width_us)
        for _, (counter_id, parts), _, _ in windowed
        for width_us in (0, *(part.width_us for part in parts))
    ]
    asked, widths = np.array(lines, np.int64).reshape(-1, 2).T
    return Layout(
        series,
        windowed,
        firsts,
        tuple(widest[each] for each in counters),
        np.array(counters, np.int64),
        (asked[:, None], widths[:, None]),
    )


class Ask(NamedTuple):
    """Asks of the events of `key` in (at - width, at], for each part of each of the series.

    at_us: microseconds since the epoch, as the widths are. The series that share a key are asked
    together, and asks of one kind of item share one tuple of series.
    """

    series: tuple[Series, ...]
    key: str
    at_us: int


class Kind:
    """Asks for the same series, in the order of their times.

    numbers, times: of each ask, its own among all of the batch and its time. keys: each once.
    asked: for each ask, the place of its key. first_us, last_us: of its asks' times.
    """

    __slots__ = ("asked", "first_us", "keys", "last_us", "layout", "numbers", "times")

    def __init__(self, asks: Sequence[Ask], numbers: list[int]) -> None:
        self.layout = layout_of(asks[numbers[0]].series)
        self.numbers = numbers
        times = [asks[number].at_us for number in numbers]
        self.times = np.array(times, np.int64)
        self.first_us, self.last_us = times[0], times[-1]
        keys = [asks[number].key for number in numbers]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        self.keys = list(places)
        self.asked = np.array([places[key] for key in keys], np.int64)


def kinds_of(asks: Sequence[Ask]) -> list[Kind]:
    """asks: in the order of their times."""
    alike: dict[int, list[int]] = defaultdict(list)
    for number, ask in enumerate(asks):
        alike[id(ask[0])].append(number)  # the same object, of all items of a type
    equal: dict[tuple[Series, ...], list[int]] = defaultdict(list)
    for numbers in alike.values():
        equal[asks[numbers[0]].series] += numbers
    return [Kind(asks, sorted(numbers)) for numbers in equal.values()]


class Group(NamedTuple):
    """One series of a key, read by itself for asks between two times.

    unread_us: after it, events have to be read.
    """

    windowed: Windowed
    key: str
    first_us: int
    last_us: int
    unread_us: int

    @property
    def name(self) -> tuple[int, str]:
        return self.windowed.series.counter_id, self.key

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.windowed.series.parts

    @property
    def after_us(self) -> int:
        """Nothing at or before it is in any window."""
        return self.first_us - self.windowed.width_us


class Events(NamedTuple):
    """Times in order, what each event carries, if anything, and what is in every window anyway.

    middle, units, largest: the number of those others, the sum of their millionths, their maximum.
    """

    times: Sequence[int]
    carried: Sequence[Any] = ()
    middle: int = 0
    units: int = 0
    largest: float | None = None

    def answer(self, part: Part, at_us: int) -> Measured:
        width_us, measure = part
        low = bisect_right(self.times, at_us - width_us)
        high = bisect_right(self.times, at_us, low)
        if measure is Measure.COUNT:
            return self.middle + high - low
        seen = self.carried[low:high]
        if measure is Measure.DISTINCT:
            return self.middle + len(set(seen))
        if measure is Measure.MAX:
            largest = self.largest
            found = max(seen, default=largest)
            return found if largest is None or found is None else max(found, largest)
        units = self.units + sum(map(millionths, seen))
        return of_numbers(measure, self.middle + len(seen), units, None)


def moment(at_us: int) -> datetime:
    """at_us: microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at_us)
