from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.cells import Cell, DayRows, Partial, add_up
from engine.backtest.document import report_bytes, report_document
from engine.backtest.report import build_report
from engine.backtest.spec import Period, Spec, Truth, TruthSource

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
SPEC = Spec("likes > 5", "likes > 9", truth=Truth(TruthSource.FIELD, "bad"), floor=1)


def cell(
    *, candidate: bool, baseline: bool, truth: bool | None, items: int, day: date | None = FIRST
) -> Cell:
    return Cell(day, None, candidate, baseline, truth, items)


COUNTED = Partial(
    days=(DayRows(FIRST, 100), DayRows(SECOND, 100)),
    cells=(
        cell(candidate=True, baseline=True, truth=True, items=30),
        cell(candidate=True, baseline=False, truth=True, items=8),
        cell(candidate=True, baseline=False, truth=False, items=2),
        cell(candidate=True, baseline=False, truth=None, items=5, day=SECOND),
        cell(candidate=False, baseline=True, truth=True, items=1),
        cell(candidate=False, baseline=False, truth=True, items=11),
    ),
)


def test_figures_of_candidate_and_baseline_come_from_the_same_items() -> None:
    report = build_report(SPEC, COUNTED, "d")
    assert report.rows == 200
    assert (report.candidate.hits, report.candidate.labelled) == (45, 52)
    assert report.candidate.quality.precision.value == pytest.approx(38 / 40)
    assert report.candidate.quality.recall.value == pytest.approx(38 / 50)
    assert report.comparison is not None
    assert report.comparison.baseline.hits == 31
    assert report.comparison.baseline.quality.recall.value == pytest.approx(31 / 50)


def test_flips_count_every_item_and_mcnemar_those_with_a_known_truth() -> None:
    comparison = build_report(SPEC, COUNTED, "d").comparison
    assert comparison is not None
    assert (comparison.flips.added, comparison.flips.removed) == (15, 1)
    assert comparison.paired.candidate_only_right == 8
    assert comparison.paired.baseline_only_right == 3


def test_days_are_listed_with_their_own_counts() -> None:
    report = build_report(SPEC, COUNTED, "d")
    assert [(d.day, d.rows, d.hits, d.right, d.wrong) for d in report.by_day] == [
        (FIRST, 100, 40, 38, 2),
        (SECOND, 100, 5, 0, 0),
    ]
    assert report.days == 2
    assert report.candidate.per_day.value == pytest.approx(22.5)


def test_a_closed_period_is_as_long_as_asked_for_even_where_nothing_arrived() -> None:
    period = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))
    report = build_report(replace(SPEC, period=period), COUNTED, "d")
    assert report.candidate.per_day.value == pytest.approx(4.5)


def test_without_arrival_times_nothing_is_said_per_day() -> None:
    counted = Partial(
        (DayRows(None, 10),),
        (cell(candidate=True, baseline=True, truth=None, items=3, day=None),),
    )
    report = build_report(SPEC, counted, "d")
    assert (report.rows, report.candidate.hits, report.by_day) == (10, 3, ())
    assert report.candidate.per_day.why == "no arrival times, so nothing is known per day"


def test_what_was_not_asked_for_is_null_with_a_reason() -> None:
    document = report_document(build_report(Spec("likes > 5"), COUNTED, "d"))
    assert document["flips"] == {
        "added": None,
        "removed": None,
        "why": "no baseline to compare with",
    }
    assert document["precision"] == {
        "value": None,
        "low": None,
        "high": None,
        "support": 0,
        "why": "no truth was asked for",
    }
    assert document["baseline"] is None


def test_segments_come_largest_first_with_their_own_figures() -> None:
    cells = (
        Cell(FIRST, "en", candidate=True, baseline=False, truth=True, items=20),
        Cell(FIRST, "en", candidate=False, baseline=False, truth=None, items=60),
        Cell(FIRST, None, candidate=True, baseline=False, truth=None, items=4),
    )
    spec = replace(SPEC, segment="lang", floor=10)
    segments = build_report(spec, Partial((DayRows(FIRST, 84),), cells), "d").segments
    assert [(s.value, s.rows, s.hits) for s in segments] == [("en", 80, 20), (None, 4, 4)]
    assert segments[0].quality.precision.value == 1
    assert segments[1].hit_rate.why == "insufficient data: 4 where 10 are asked for"


def test_the_document_reads_back_and_keeps_the_scripted_keys() -> None:
    document = msgspec.json.decode(report_bytes(build_report(SPEC, COUNTED, "abc")))
    assert {"rows", "hits", "precision", "recall", "f1", "flips", "digest"} <= set(document)
    assert set(document["precision"]) == {"value", "low", "high", "support"}
    assert document["digest"] == "abc"


CELLS = st.builds(
    Cell,
    day=st.sampled_from([None, FIRST, SECOND]),
    segment=st.sampled_from([None, "", "en"]),
    candidate=st.booleans(),
    baseline=st.booleans(),
    truth=st.sampled_from([None, True, False]),
    items=st.integers(1, 9),
)


def part_of(cells: list[Cell]) -> Partial:
    return Partial(tuple(DayRows(each.day, each.items) for each in cells), tuple(cells))


PARTS = st.lists(st.lists(CELLS).map(part_of))


@given(parts=PARTS, seed=st.randoms(use_true_random=False))
def test_parts_add_up_to_the_same_bytes_in_any_order(parts: list[Partial], seed: object) -> None:
    shuffled = list(parts)
    seed.shuffle(shuffled)  # type: ignore[attr-defined] # random.Random, whose import is banned
    spec = replace(SPEC, segment="lang")
    one, other = add_up(parts), add_up(shuffled)
    assert report_bytes(build_report(spec, one, "d")) == report_bytes(
        build_report(spec, other, "d")
    )
    assert add_up([one]) == one
