"""Counters over rows that are all at hand, as the live counters and the lake's windows count."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.language.buckets import over_rate
from engine.language.measures import Event, Measured, millionths, of_numbers
from engine.language.nodes import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.language.nodes import Counter

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """A row as one counter sees it. key: None where a key field is; event: None if none counts."""

    key: str | None
    event: Event | None
    arrived_at: datetime | None


@dataclass
class _Window:
    """What lies in it now. Events leave in the order in which they entered."""

    events: int = 0
    units: int = 0
    members: Tally[str | None] = field(default_factory=Tally)
    peaks: deque[float] = field(default_factory=deque)

    def enter(self, event: Event) -> None:
        self.events += 1
        self.members[event.member] += 1
        if event.number is not None:
            self.units += millionths(event.number)
            while self.peaks and self.peaks[-1] < event.number:
                self.peaks.pop()
            self.peaks.append(event.number)

    def leave(self, event: Event) -> None:
        self.events -= 1
        self.members[event.member] -= 1
        if not self.members[event.member]:
            del self.members[event.member]
        if event.number is not None:
            self.units -= millionths(event.number)
            if self.peaks[0] == event.number:
                self.peaks.popleft()

    def answer(self, measure: Measure) -> Measured:
        if measure is Measure.DISTINCT:
            return len(self.members)
        largest = self.peaks[0] if self.peaks else None
        return of_numbers(measure, self.events, self.units, largest)


def counter_answers(counter: Counter, rows: Sequence[Seen]) -> Sequence[Measured]:
    """As `recent_answers`, of any counter."""
    if counter.rate is None:
        return recent_answers(rows, counter.measure, counter.window_us)
    answers: list[Measured] = [None] * len(rows)
    arrivals: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.key is not None and row.arrived_at is not None:
            arrivals[row.key].append((_microseconds(row.arrived_at), place))
    for mine in arrivals.values():
        mine.sort()
        over, _ = over_rate(counter.rate, [at_us for at_us, _ in mine])
        for (_, place), answer in zip(mine, over, strict=True):
            answers[place] = answer
    return answers


Timed = list[tuple[int, Event]]


def recent_answers(rows: Iterable[Seen], measure: Measure, window_us: int) -> Sequence[Measured]:
    """For each row what its key's events in (its arrival - window, its arrival] say, its own too.

    Rows may come in any order and at the same moment; without a key or an arrival there is no
    answer.
    """
    asked: dict[str, list[tuple[int, int]]] = defaultdict(list)
    events: dict[str, Timed] = defaultdict(list)
    answers: list[Measured] = []
    for place, row in enumerate(rows):
        answers.append(None)
        if row.key is not None and row.arrived_at is not None:
            at_us = _microseconds(row.arrived_at)
            asked[row.key].append((at_us, place))
            if row.event is not None:
                events[row.key].append((at_us, row.event))
    for key, moments in asked.items():
        mine = sorted(events[key], key=lambda each: each[0])
        for place, answer in _slide(sorted(moments), mine, measure, window_us):
            answers[place] = answer
    return answers


def _slide(
    moments: Sequence[tuple[int, int]], events: Timed, measure: Measure, window_us: int
) -> Iterator[tuple[int, Measured]]:
    window, low, high = _Window(), 0, 0
    for at_us, place in moments:
        while high < len(events) and events[high][0] <= at_us:
            window.enter(events[high][1])
            high += 1
        while low < high and events[low][0] <= at_us - window_us:
            window.leave(events[low][1])
            low += 1
        if measure is Measure.FIRST:
            yield place, _moment(events[low][0]) if low < high else None
        else:
            yield place, window.answer(measure)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
