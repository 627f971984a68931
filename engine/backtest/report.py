"""What a backtest found, with an interval around every figure that has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.backtest.cells import Cell, Day, Partial, baseline_hits, confusion, hits
from engine.backtest.spec import TruthSource
from engine.statistics.classification import Quality, no_truth, quality
from engine.statistics.estimates import Estimate, proportion
from engine.statistics.paired import McNemar, mcnemar
from engine.statistics.volume import dispersion, per_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.backtest.spec import Spec
    from engine.signals import Unanswered

SCHEMA: Final = 1
_DAY_SECONDS: Final = 86_400
MOST_SEGMENTS: Final = 50


@dataclass(frozen=True)
class Figures:
    """One rule. labelled: matched and unmatched items with a known truth."""

    hits: int
    hit_rate: Estimate
    per_day: Estimate
    labelled: int
    quality: Quality


@dataclass(frozen=True)
class DayFigures:
    day: Day
    rows: int
    hits: int
    baseline_hits: int
    labelled: int
    right: int
    wrong: int


@dataclass(frozen=True)
class SegmentFigures:
    """value: None where the field is null."""

    value: str | None
    rows: int
    hits: int
    hit_rate: Estimate
    quality: Quality


@dataclass(frozen=True)
class Flips:
    """Items that only the candidate matches, and that only the baseline matches."""

    added: int
    removed: int


@dataclass(frozen=True)
class Comparison:
    baseline: Figures
    flips: Flips
    paired: McNemar


@dataclass(frozen=True)
class Report:
    """unanswered: what signals did not answer; outcomes that depend on it are unknown: no hits."""

    rows: int
    days: float
    candidate: Figures
    comparison: Comparison | None
    by_day: tuple[DayFigures, ...]
    segments: tuple[SegmentFigures, ...]
    digest: str
    unanswered: tuple[Unanswered, ...] = ()


def build_report(spec: Spec, counted: Partial, digest: str) -> Report:
    rows = sum(each.rows for each in counted.days)
    days = length_in_days(spec, counted)
    return Report(
        rows=rows,
        days=days,
        candidate=_figures(spec, counted, days, of_baseline=False),
        comparison=_comparison(spec, counted, days) if spec.baseline is not None else None,
        by_day=_by_day(counted),
        segments=_segments(spec, counted) if spec.segment else (),
        digest=digest,
        unanswered=counted.unanswered,
    )


def length_in_days(spec: Spec, counted: Partial) -> float:
    """The asked-for period; where it is open, the whole days between first and last arrival."""
    if spec.period.start and spec.period.end:
        return (spec.period.end - spec.period.start).total_seconds() / _DAY_SECONDS
    known = [each.day for each in counted.days if each.day is not None]
    return float((max(known) - min(known)).days + 1) if known else 0.0


def _figures(spec: Spec, counted: Partial, days: float, *, of_baseline: bool) -> Figures:
    count = baseline_hits if of_baseline else hits
    rows = sum(each.rows for each in counted.days)
    found = count(counted.cells)
    by_day = [count(cells) for cells in _cells_of_known_days(counted).values()]
    against = confusion(counted.cells, of_baseline=of_baseline)
    return Figures(
        hits=found,
        hit_rate=proportion(
            found, rows, floor=1, nothing="no items in the range", confidence=spec.confidence
        ),
        per_day=_volume(found, days, by_day, spec.confidence),
        labelled=against.labelled,
        quality=(
            no_truth("no truth was asked for")
            if spec.truth.source is TruthSource.NONE
            else quality(against, floor=spec.floor, confidence=spec.confidence)
        ),
    )


def _volume(found: int, days: float, by_day: list[int], confidence: float) -> Estimate:
    if days <= 0:
        return Estimate.unknown("no arrival times, so nothing is known per day")
    return per_day(found, days, dispersion(by_day), confidence)


def _cells_of_known_days(counted: Partial) -> Mapping[Day, list[Cell]]:
    by_day: dict[Day, list[Cell]] = {each.day: [] for each in counted.days if each.day}
    for cell in counted.cells:
        if cell.day is not None:
            by_day.setdefault(cell.day, []).append(cell)
    return by_day


def _comparison(spec: Spec, counted: Partial, days: float) -> Comparison:
    flipped = [cell for cell in counted.cells if cell.flips]
    judged = [cell for cell in flipped if cell.truth is not None]
    return Comparison(
        baseline=_figures(spec, counted, days, of_baseline=True),
        flips=Flips(
            added=sum(cell.items for cell in flipped if cell.candidate),
            removed=sum(cell.items for cell in flipped if cell.baseline),
        ),
        paired=mcnemar(
            sum(cell.items for cell in judged if cell.candidate == cell.truth),
            sum(cell.items for cell in judged if cell.baseline == cell.truth),
        ),
    )


def _by_day(counted: Partial) -> tuple[DayFigures, ...]:
    cells = _cells_of_known_days(counted)
    return tuple(
        _day_figures(each.day, each.rows, cells[each.day]) for each in counted.days if each.day
    )


def _day_figures(day: Day, rows: int, cells: Iterable[Cell]) -> DayFigures:
    cells = list(cells)
    against = confusion(cells)
    return DayFigures(
        day=day,
        rows=rows,
        hits=hits(cells),
        baseline_hits=baseline_hits(cells),
        labelled=against.labelled,
        right=against.true_positive,
        wrong=against.false_positive,
    )


def _segments(spec: Spec, counted: Partial) -> tuple[SegmentFigures, ...]:
    """The largest first; cells then hold every item, so their sum is the segment's size."""
    by_value: dict[str | None, list[Cell]] = {}
    for cell in counted.cells:
        by_value.setdefault(cell.segment, []).append(cell)
    figures = [_segment(spec, value, cells) for value, cells in by_value.items()]
    figures.sort(key=lambda each: (-each.rows, each.value is not None, each.value or ""))
    return tuple(figures[:MOST_SEGMENTS])


def _segment(spec: Spec, value: str | None, cells: list[Cell]) -> SegmentFigures:
    rows, found = sum(cell.items for cell in cells), hits(cells)
    return SegmentFigures(
        value=value,
        rows=rows,
        hits=found,
        hit_rate=proportion(found, rows, floor=spec.floor, nothing="no items"),
        quality=quality(confusion(cells), floor=spec.floor, confidence=spec.confidence),
    )
