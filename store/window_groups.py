"""Questions about counters, put together where they differ in their times only."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    """What is to be read for some series: windows, and of those at `firsts` when a key began."""

    windowed: tuple[Windowed, ...]
    firsts: tuple[int, ...]
    width_us: int


@lru_cache(maxsize=1024)
def layout_of(series: tuple[Series, ...]) -> Layout:
    windowed = tuple(
        Windowed(place, each, max(p.width_us for p in each.parts), each.parts[0].measure.carries)
        for place, each in enumerate(series)
        if each.parts[0].measure is not Measure.FIRST
    )
    places = {each.place for each in windowed}
    firsts = tuple(place for place in range(len(series)) if place not in places)
    return Layout(windowed, firsts, max((each.width_us for each in windowed), default=0))


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

    asked: (its number among all asks, its time) of each, in the order of the times. told: what is
    known of each of the series.
    """

    __slots__ = ("asked", "key", "layout", "series", "told")

    def __init__(self, key: str, series: tuple[Series, ...], layout: Layout) -> None:
        self.key = key
        self.series = series
        self.layout = layout
        self.asked: list[tuple[int, int]] = []
        self.told: list[Told] = [NO_EVENTS] * len(series)

    @property
    def first_us(self) -> int:
        return self.asked[0][1]

    @property
    def last_us(self) -> int:
        return self.asked[-1][1]

    @property
    def after_us(self) -> int:
        """Nothing at or before it is in any window."""
        return self.asked[0][1] - self.layout.width_us


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


def families(asks: Iterable[Ask]) -> list[Family]:
    """asks: in the order of their times."""
    found: dict[tuple[int, str], Family] = {}
    layouts: dict[int, Layout] = {}
    for number, (series, key, at_us) in enumerate(asks):
        kind = id(series)  # the same object, of all items of a type
        family = found.get((kind, key))
        if family is None:
            if kind not in layouts:
                layouts[kind] = layout_of(series)
            family = found[kind, key] = Family(key, series, layouts[kind])
        family.asked.append((number, at_us))
    return list(found.values())


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
