"""Counts of one part of history. Parts are counted alone, in any order, and then added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from engine.signals import Unanswered  # noqa: TC001 msgspec reads annotations
from engine.statistics.classification import Confusion

if TYPE_CHECKING:
    from collections.abc import Iterable

Day = date | None
"""None collects rows whose arrival is not known."""


@dataclass(frozen=True)
class Cell:
    """`items` that are alike in all a report tells apart; unknown outcomes count as no match."""

    day: Day
    segment: str | None
    candidate: bool
    baseline: bool
    truth: bool | None
    items: int

    @property
    def flips(self) -> bool:
        return self.candidate != self.baseline


@dataclass(frozen=True)
class DayRows:
    day: Day
    rows: int


@dataclass(frozen=True)
class Partial:
    """cells may leave out items that nothing matches and whose truth nobody knows; days may not."""

    days: tuple[DayRows, ...]
    cells: tuple[Cell, ...]
    unanswered: tuple[Unanswered, ...] = ()


def add_up(parts: Iterable[Partial]) -> Partial:
    """One partial in a fixed order, whatever the order of the parts."""
    days: Counter[Day] = Counter()
    cells: Counter[Cell] = Counter()
    unanswered: Counter[Unanswered] = Counter()
    for part in parts:
        for each in part.days:
            days[each.day] += each.rows
        for cell in part.cells:
            cells[replace(cell, items=0)] += cell.items
        for one in part.unanswered:
            unanswered[replace(one, count=0)] += one.count
    return Partial(
        days=tuple(DayRows(day, rows) for day, rows in sorted(days.items(), key=_day_order)),
        cells=tuple(
            replace(cell, items=items) for cell, items in sorted(cells.items(), key=_cell_order)
        ),
        unanswered=tuple(
            replace(one, count=count)
            for one, count in sorted(unanswered.items(), key=lambda entry: astuple(entry[0]))
        ),
    )


def _day_order(entry: tuple[Day, int]) -> date:
    return entry[0] or date.min


def _cell_order(entry: tuple[Cell, int]) -> tuple[object, ...]:
    cell = entry[0]
    truth = -1 if cell.truth is None else int(cell.truth)
    named = cell.segment is not None
    return (cell.day or date.min, named, cell.segment or "", cell.candidate, cell.baseline, truth)


def hits(cells: Iterable[Cell]) -> int:
    return sum(cell.items for cell in cells if cell.candidate)


def baseline_hits(cells: Iterable[Cell]) -> int:
    return sum(cell.items for cell in cells if cell.baseline)


def confusion(cells: Iterable[Cell], *, of_baseline: bool = False) -> Confusion:
    total = Confusion()
    for cell in cells:
        matched = cell.baseline if of_baseline else cell.candidate
        if cell.truth is not None:
            total += _one_sided(matched=matched, violating=cell.truth, items=cell.items)
    return total


def _one_sided(*, matched: bool, violating: bool, items: int) -> Confusion:
    if matched:
        return Confusion(true_positive=items) if violating else Confusion(false_positive=items)
    return Confusion(false_negative=items) if violating else Confusion(true_negative=items)
