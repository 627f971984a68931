"""Questions about counters, put together where they differ in their times only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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

    lines: the counter of each windowed series, with no width, then with that of each of its parts.
    """

    windowed: tuple[Windowed, ...]
    firsts: tuple[int, ...]
    width_us: int
    lines: tuple[NDArray[np.int64], NDArray[np.int64]]


@lru_cache(maxsize=1024)
def layout_of(series: tuple[Series, ...]) -> Layout:
    windowed = tuple(
        Windowed(place, each, max(p.width_us for p in each.parts), each.parts[0].measure.carries)
        for place, each in enumerate(series)
        if each.parts[0].measure is not Measure.FIRST
    )
    places = {each.place for each in windowed}
    firsts = tuple(place for place in range(len(series)) if place not in places)
    lines = [
        (counter_id, width_us)
        for _, (counter_id, parts), _, _ in windowed
        for width_us in (0, *(part.width_us for part in parts))
    ]
    counters, widths = np.array(lines, np.int64).reshape(-1, 2).T
    width_us = max((each.width_us for each in windowed), default=0)
    return Layout(windowed, firsts, width_us, (counters, widths))


class Ask(NamedTuple):
    """Asks of the events of `key` in (at - width, at], for each part of each of the series.

    at_us: microseconds since the epoch, as the widths are. The series that share a key are asked
    together, and asks of one kind of item share one tuple of series.
    """

    series: tuple[Series, ...]
    key: str
    at_us: int


class Told(Protocol):
    """What is known of a key's events in one series."""

    def answer(self, part: Part, at_us: int) -> Measured: ...


class Family:
    """Asks about one key, for the same series.

    number: its own among the families of the batch. first_us, last_us: of its asks' times. told:
    what is known of each of the series.
    """

    __slots__ = ("first_us", "key", "last_us", "layout", "number", "series", "told")

    def __init__(self, number: int, key: str, kind: Kind, first_us: int, last_us: int) -> None:
        self.number = number
        self.key = key
        self.series = kind.series
        self.layout = kind.layout
        self.first_us = first_us
        self.last_us = last_us
        self.told: list[Told] = []

    @property
    def after_us(self) -> int:
        """Nothing at or before it is in any window."""
        return self.first_us - self.layout.width_us


class Kind:
    """Asks for the same series, in the order of their times.

    numbers, times: of each ask, its own among all of the batch and its time. asked: the number of
    its family. families: in the order of their numbers, which begin with `since`.
    """

    __slots__ = ("asked", "families", "layout", "numbers", "series", "times")

    def __init__(self, asks: Sequence[Ask], numbers: list[int], since: int) -> None:
        self.series = asks[numbers[0]].series
        self.layout = layout_of(self.series)
        self.numbers = numbers
        self.times = [asks[number].at_us for number in numbers]
        keys = [asks[number].key for number in numbers]
        last = dict(zip(keys, self.times, strict=True))
        first = dict(zip(reversed(keys), reversed(self.times), strict=True))
        self.families = [
            Family(number, key, self, first[key], last_us)
            for number, (key, last_us) in enumerate(last.items(), since)
        ]
        known = {family.key: family.number for family in self.families}
        self.asked = [known[key] for key in keys]


class Group(NamedTuple):
    """One series of a family, read by itself. unread_us: after it, events have to be read."""

    family: Family
    windowed: Windowed
    unread_us: int

    @property
    def name(self) -> tuple[int, str]:
        return self.windowed.series.counter_id, self.family.key

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.windowed.series.parts

    @property
    def after_us(self) -> int:
        return self.family.first_us - self.windowed.width_us


def kinds_of(asks: Sequence[Ask]) -> list[Kind]:
    """asks: in the order of their times."""
    alike: dict[int, list[int]] = defaultdict(list)
    for number, ask in enumerate(asks):
        alike[id(ask[0])].append(number)  # the same object, of all items of a type
    kinds: list[Kind] = []
    families = 0
    for numbers in alike.values():
        kinds.append(Kind(asks, numbers, families))
        families += len(kinds[-1].families)
    return kinds


class Moments:
    """Times in order, of events that carry nothing."""

    __slots__ = ("times",)

    def __init__(self, times: Sequence[int]) -> None:
        self.times = times

    def answer(self, part: Part, at_us: int) -> Measured:
        times = self.times
        return bisect_right(times, at_us) - bisect_right(times, at_us - part.width_us)


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


class Uneventful:
    """Of any series but one that asks when a key began."""

    def answer(self, part: Part, _at_us: int) -> Measured:
        return WITHOUT_EVENTS[part.measure]


NO_EVENTS = Uneventful()
WITHOUT_EVENTS = {measure: of_numbers(measure, 0, 0, None) for measure in Measure}
