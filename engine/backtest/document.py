"""A report as JSON: stable keys, stable order, the same bytes for the same report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.backtest.report import SCHEMA

if TYPE_CHECKING:
    from engine.backtest.report import (
        Comparison,
        DayFigures,
        Figures,
        Report,
        SegmentFigures,
    )
    from engine.signals import Unanswered
    from engine.statistics.classification import Quality
    from engine.statistics.estimates import Estimate

Document = dict[str, object]


def report_document(report: Report) -> Document:
    comparison = report.comparison
    return {
        "schema": SCHEMA,
        "rows": report.rows,
        "days": report.days,
        **_figures(report.candidate),
        "flips": _flips(comparison),
        "baseline": _figures(comparison.baseline) if comparison else None,
        "mcnemar": _paired(comparison) if comparison else None,
        "byDay": [_day(each) for each in report.by_day],
        "segments": [_segment(each) for each in report.segments],
        "unanswered": [_unanswered(each) for each in report.unanswered],
        "digest": report.digest,
    }


def report_bytes(report: Report) -> bytes:
    return msgspec.json.encode(report_document(report))


def estimate_document(estimate: Estimate) -> Document:
    document: Document = {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "support": estimate.support,
    }
    return document | {"why": estimate.why} if estimate.value is None else document


def _unanswered(each: Unanswered) -> Document:
    return {
        "signal": each.signal,
        "version": each.version,
        "reason": each.reason,
        "values": each.count,
    }


def _figures(figures: Figures) -> Document:
    return {
        "hits": figures.hits,
        "hitRate": estimate_document(figures.hit_rate),
        "perDay": estimate_document(figures.per_day),
        "labelled": figures.labelled,
        **_quality(figures.quality),
    }


def _quality(quality: Quality) -> Document:
    return {
        "precision": estimate_document(quality.precision),
        "recall": estimate_document(quality.recall),
        "f1": estimate_document(quality.f1),
        "falsePositiveRate": estimate_document(quality.false_positive_rate),
    }


def _flips(comparison: Comparison | None) -> Document:
    if comparison is None:
        return {"added": None, "removed": None, "why": "no baseline to compare with"}
    return {"added": comparison.flips.added, "removed": comparison.flips.removed}


def _paired(comparison: Comparison) -> Document:
    paired = comparison.paired
    document: Document = {
        "candidateOnlyRight": paired.candidate_only_right,
        "baselineOnlyRight": paired.baseline_only_right,
        "p": paired.p,
    }
    if paired.p is None:
        document["why"] = "no labelled item on which the two rules differ"
    return document


def _day(figures: DayFigures) -> Document:
    return {
        "day": None if figures.day is None else figures.day.isoformat(),
        "rows": figures.rows,
        "hits": figures.hits,
        "baselineHits": figures.baseline_hits,
        "labelled": figures.labelled,
        "right": figures.right,
        "wrong": figures.wrong,
    }


def _segment(figures: SegmentFigures) -> Document:
    return {
        "value": figures.value,
        "rows": figures.rows,
        "hits": figures.hits,
        "hitRate": estimate_document(figures.hit_rate),
        **_quality(figures.quality),
    }
