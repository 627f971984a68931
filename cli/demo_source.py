"""What the demo plays: the simulated town, and real texts mingled with it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from engine.simulation.events import Event, Written
from engine.simulation.recorded import Recording, spread, written
from engine.simulation.traffic import Pace, traffic

# A run without pace pretends that everything was written within the last hour.
_PRETENDED = timedelta(hours=1)
_AWAKENING = timedelta(seconds=90)


@dataclass(frozen=True)
class Source:
    """seed: the same seed gives the same items. datasets: of real texts, may be none."""

    seed: int
    datasets: Sequence[Sequence[Recording]] = ()

    @property
    def recordings(self) -> int:
        return sum(len(rows) for rows in self.datasets)

    def bounded(self, items: int, now: datetime) -> Iterator[Event]:
        """Exactly `items` items of the hour before `now`, and what people say of them.

        As many of them as there are real texts are those; the town writes the rest.
        """
        real = min(items, self.recordings)
        pace = Pace(now - _PRETENDED, max(items, 1) / _PRETENDED.total_seconds())
        town = _first_items(traffic(_luck(self.seed), pace), items - real)
        return _mingled(town, items - real, spread(self.datasets, real), real, pace.start)

    def endless(self, now: datetime, items_per_second: float) -> Iterator[Event]:
        """Goes on from `now`; begins a little before, so that the town is awake when it is watched.

        Real texts take every second place until they run out.
        """
        town = traffic(_luck(self.seed), Pace(now - _AWAKENING, items_per_second))
        real = spread(self.datasets, self.recordings)
        for event in town:
            yield event
            row = next(real, None) if isinstance(event, Written) else None
            if row is not None:
                yield written(row, event.at)


def _luck(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 (a story, not a secret)


def _first_items(events: Iterable[Event], items: int) -> Iterator[Event]:
    left = items
    for event in events:
        if left == 0:
            return
        yield event
        left -= isinstance(event, Written)


def _mingled(
    town: Iterator[Event],
    town_items: int,
    real: Iterator[Recording],
    real_items: int,
    now: datetime,
) -> Iterator[Event]:
    """Spreads the real texts evenly over the town's items."""
    played = sent = 0
    for event in town:
        yield event
        now = event.at
        played += isinstance(event, Written)
        due = played * real_items // town_items
        for row in islice(real, due - sent):
            yield written(row, now)
        sent = due
    for row in real:
        yield written(row, now)
