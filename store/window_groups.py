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


class Ask(NamedTuple):
    """Asks of the events of `key` in (at - width, at], for each of the parts.

    at_us: microseconds since the epoch, as the widths are. The parts' measures all read events
    that carry the same.
    """

    counter_id: int
    key: str
    parts: tuple[Part, ...]
    at_us: int


class Remembered(Protocol):
    """A key's events, all of them up to a time."""

    until_us: int

    def answer(self, part: Part, at_us: int) -> Measured: ...


class Group:
    """Asks about one key of one counter, for the same parts.

    asked: (its number among all asks, its time) of each, in the order of the times. after_us:
    nothing at or before it is in any window. remembered: what is known from batches before.
    """

    __slots__ = ("after_us", "asked", "name", "parts", "remembered")

    def __init__(self, name: tuple[int, str], parts: tuple[Part, ...], after_us: int) -> None:
        self.name = name
        self.parts = parts
        self.after_us = after_us
        self.asked: list[tuple[int, int]] = []
        self.remembered: Remembered | None = None

    @property
    def first_us(self) -> int:
        return self.asked[0][1]

    @property
    def last_us(self) -> int:
        return self.asked[-1][1]

    @property
    def unread_us(self) -> int:
        """From there on events have to be read."""
        known = self.remembered
        return self.after_us if known is None else known.until_us

    @property
    def measure(self) -> Measure:
        """Of the first part; all of them read events that carry the same."""
        return self.parts[0].measure


def grouped(asks: Iterable[Ask]) -> dict[Carries, list[Group]]:
    """By what their events carry. asks: in the order of their times."""
    groups: dict[tuple[int, str, int], Group] = {}
    kinds: dict[int, tuple[int, list[Group]]] = {}
    by_kind: dict[Carries, list[Group]] = {}
    for number, (counter_id, key, parts, at_us) in enumerate(asks):
        parts_id = id(parts)  # the same object, of a whole series
        place = (counter_id, key, parts_id)
        group = groups.get(place)
        if group is None:
            if parts_id not in kinds:
                kind = by_kind.setdefault(parts[0].measure.carries, [])
                kinds[parts_id] = max(part.width_us for part in parts), kind
            width_us, kind = kinds[parts_id]
            group = groups[place] = Group((counter_id, key), parts, at_us - width_us)
            kind.append(group)
        group.asked.append((number, at_us))
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


@lru_cache(maxsize=1024)
def without_events(parts: tuple[Part, ...]) -> tuple[Measured, ...]:
    return tuple(of_numbers(part.measure, 0, 0, None) for part in parts)
