"""Questions about counters, put together where they differ in their times only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Part(NamedTuple):
    width_us: int
    measure: Measure


class Ask(NamedTuple):
    """Asks of the events of `key` in (at - width, at], for each of the parts.

    at_us: microseconds since the epoch, as the widths are. The parts' measures all read events
    that carry the same.
    """

    counter_id: int
    key: str
    parts: tuple[Part, ...]
    at_us: int


class Group:
    """Asks about one key of one counter, for the same parts.

    asked: (its number among all asks, its time) of each, in the order of the times.
    """

    __slots__ = ("asked", "counter_id", "key", "parts", "width_us")

    def __init__(self, ask: Ask, width_us: int) -> None:
        self.counter_id = ask.counter_id
        self.key = ask.key
        self.parts = ask.parts
        self.width_us = width_us
        self.asked: list[tuple[int, int]] = []

    @property
    def first_us(self) -> int:
        return self.asked[0][1]

    @property
    def last_us(self) -> int:
        return self.asked[-1][1]

    @property
    def after_us(self) -> int:
        """Nothing at or before it is in any window."""
        return self.asked[0][1] - self.width_us

    @property
    def name(self) -> tuple[int, str]:
        return self.counter_id, self.key

    @property
    def measure(self) -> Measure:
        """Of the first part; all of them read events that carry the same."""
        return self.parts[0].measure


def grouped(asks: Iterable[Ask]) -> dict[Carries, list[Group]]:
    """By what their events carry. asks: in the order of their times."""
    groups: dict[tuple[int, str, int], Group] = {}
    widths: dict[int, int] = {}
    for number, ask in enumerate(asks):
        parts_id = id(ask.parts)  # the same object, of a whole series
        place = (ask.counter_id, ask.key, parts_id)
        group = groups.get(place)
        if group is None:
            if parts_id not in widths:
                widths[parts_id] = max(part.width_us for part in ask.parts)
            group = groups[place] = Group(ask, widths[parts_id])
        group.asked.append((number, ask.at_us))
    by_kind: dict[Carries, list[Group]] = defaultdict(list)
    for group in groups.values():
        by_kind[group.measure.carries].append(group)
    return by_kind


class Events(NamedTuple):
    """Times in order, what each event carries (None: nothing), and what is in every window anyway.

    middle, units, largest: the number of those others, the sum of their millionths, their maximum.
    """

    times: Sequence[int]
    carried: Sequence[Any] | None = None
    middle: int = 0
    units: int = 0
    largest: float | None = None

    def answer(self, part: Part, at_us: int) -> Measured:
        low = bisect_right(self.times, at_us - part.width_us)
        high = bisect_right(self.times, at_us)
        if self.carried is None:
            return self.middle + high - low
        seen = self.carried[low:high]
        if part.measure is Measure.DISTINCT:
            return self.middle + len(set(seen))
        known = [each for each in (self.largest, max(seen, default=None)) if each is not None]
        units = self.units + sum(map(millionths, seen))
        return of_numbers(part.measure, self.middle + len(seen), units, max(known, default=None))


def without_events(parts: Sequence[Part]) -> tuple[Measured, ...]:
    return tuple(of_numbers(part.measure, 0, 0, None) for part in parts)
