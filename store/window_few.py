"""Keys with few events, answered all at once.

Where a window begins and ends among all the events read is one search for the whole batch; each
window is then a stretch of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.language.measures import millionths, of_numbers
from engine.language.nodes import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from engine.language.measures import Measured
    from store.window_groups import Layout, Part
    from store.window_reads import Read


# Far from where the millionths of all numbers together would not fit 64 bits.
MOST_UNITS = 2.0**62


class FewEvents:
    """All there is to know of the families asked about, as it was read.

    counters: of all layouts.
    """

    def __init__(self, read: Read, counters: Iterable[int]) -> None:
        self.read = read
        self.counters = np.array(sorted(set(counters)), np.int64)
        self.moments = np.unique(read.times)
        self.units = _running(read.numbers)
        self.order = self._places(read.families, read.counters, "left", read.times)

    def _places(
        self,
        families: NDArray[np.int64],
        counters: NDArray[np.int64],
        side: Literal["left", "right"],
        times: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Numbers in the order of the events: by family, then counter, then moment."""
        known = np.searchsorted(self.counters, counters)
        moments = np.searchsorted(self.moments, times, side)
        streams = families * len(self.counters) + known
        return streams * (len(self.moments) + 1) + moments

    def answers(
        self, layout: Layout, families: NDArray[np.int64], times: NDArray[np.int64]
    ) -> Iterator[tuple[int, list[Measured]]]:
        """What each part of each windowed series says of every ask, with its series' place.

        families, times: of each ask.
        """
        ends = iter(self._ends(layout, families, times))
        for place, (_, parts), _, _ in layout.windowed:
            highs = next(ends)
            for part in parts:
                yield place, self._column(part, next(ends), highs)

    def _ends(
        self, layout: Layout, families: NDArray[np.int64], times: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """A line for each series' asks, then one for where each of its parts' windows begins."""
        counters, widths = layout.lines
        after = times - widths[:, None]
        return np.searchsorted(
            self.order, self._places(families, counters[:, None], "right", after)
        )

    def _column(
        self, part: Part, lows: NDArray[np.int64], highs: NDArray[np.int64]
    ) -> list[Measured]:
        measure = part.measure
        if measure is Measure.COUNT:
            return list((highs - lows).tolist())
        if self.units is not None and measure in {Measure.SUM, Measure.AVG}:
            return _of_units(measure, self.units[highs] - self.units[lows], highs - lows)
        stretches = zip(lows.tolist(), highs.tolist(), strict=True)
        if measure is Measure.DISTINCT:
            members = self.read.members
            return [len(set(members[low:high])) for low, high in stretches]
        numbers = self.read.numbers.tolist()
        if measure is Measure.MAX:
            return [max(numbers[low:high], default=None) for low, high in stretches]
        return [
            of_numbers(measure, high - low, sum(map(millionths, numbers[low:high])), None)
            for low, high in stretches
        ]


def _running(numbers: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """The millionths of all numbers up to each place; None where 64 bits may not hold them."""
    units = np.floor(numbers * 1e6 + 0.5)
    if np.abs(units).sum() >= MOST_UNITS:
        return None
    return np.concatenate([[0], np.cumsum(units.astype(np.int64))])


def _of_units(
    measure: Measure, units: NDArray[np.int64], events: NDArray[np.int64]
) -> list[Measured]:
    """As `of_numbers` has it, of each stretch."""
    totals: list[float] = (units / 1e6).tolist()
    if measure is Measure.SUM:
        return list(totals)
    counts = events.tolist()
    return [each / count if count else None for each, count in zip(totals, counts, strict=True)]
