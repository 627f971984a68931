"""A backtest's report: figures with their intervals, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from app.views.figures import UNKNOWN, compact, count, share

Report = Mapping[str, Any]
Figure = tuple[str, str, str]
_SHARES = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("falsePositiveRate", "false positives"),
)


def headline(report: Report) -> list[Figure]:
    rows, hits = report.get("rows"), report.get("hits")
    return [
        (compact(rows), "items judged", ""),
        (count(hits), "matches", _share_note(report.get("hitRate"))),
        (_number(report.get("perDay")), "a day", _between(report.get("perDay"), compact)),
    ]


def unanswered_note(report: Report) -> str:
    """What signals did not answer, in one line; empty where all did."""
    return "; ".join(
        f"{each['signal']} did not answer for {count(each['values'])} values ({each['reason']})"
        for each in report.get("unanswered") or ()
    )


def quality(report: Report) -> list[Figure]:
    """Precision and its kin; where there is none, why."""
    told = [_quality(report.get(key), label) for key, label in _SHARES if report.get(key)]
    whys = {note for value, _, note in told if value == UNKNOWN}
    if len(told) > 1 and len(whys) == 1 and all(value == UNKNOWN for value, _, _ in told):
        return [(UNKNOWN, "precision and recall", whys.pop())]
    return told


def _quality(estimate: Mapping[str, Any] | None, label: str) -> Figure:
    if not estimate or estimate.get("value") is None:
        return (UNKNOWN, label, str((estimate or {}).get("why", "")))
    return (share(estimate["value"]), label, _between(estimate, share))


def _number(estimate: Mapping[str, Any] | None) -> str:
    value = (estimate or {}).get("value")
    return UNKNOWN if value is None else compact(round(value, 1))


def _share_note(estimate: Mapping[str, Any] | None) -> str:
    if not estimate or estimate.get("value") is None:
        return ""
    return f"{share(estimate['value'])} of items"


def _between(estimate: Mapping[str, Any] | None, shown: Any) -> str:
    if not estimate or estimate.get("value") is None or estimate.get("low") is None:
        return str((estimate or {}).get("why", ""))
    return f"95%: {shown(estimate['low'])} to {shown(estimate['high'])}"


def comparison(report: Report) -> list[Figure]:
    """Against the baseline, item by item; empty without one."""
    flips = report.get("flips") or {}
    if flips.get("added") is None:
        return []
    paired = report.get("mcnemar") or {}
    p = paired.get("p")
    better = "" if p is None else f"McNemar p = {p:.3g}"
    return [
        (count(flips["added"]), "newly matched", ""),
        (count(flips["removed"]), "no longer matched", ""),
        (count(paired.get("candidateOnlyRight")), "right only now", better),
        (count(paired.get("baselineOnlyRight")), "right only before", ""),
    ]


def by_day(report: Report) -> Sequence[Mapping[str, Any]]:
    return [day for day in report.get("byDay") or [] if day.get("day")]


def day_chart(days: Sequence[Mapping[str, Any]], *, compared: bool) -> alt.Chart:
    """Matches day by day, the candidate's beside the baseline's."""
    rows = [{"day": d["day"], "rule": "candidate", "matches": d["hits"]} for d in days]
    if compared:
        rows += [{"day": d["day"], "rule": "baseline", "matches": d["baselineHits"]} for d in days]
    frame = pd.DataFrame(rows)
    frame["day"] = pd.to_datetime(frame["day"])
    encoding: dict[str, Any] = {
        "x": alt.X("day:T", title=None, axis=alt.Axis(grid=False, format="%d %b", tickCount=8)),
        "y": alt.Y("matches:Q", title=None, axis=alt.Axis(tickCount=4, format="~s")),
        "color": alt.Color(
            "rule:N",
            title=None,
            sort=["candidate", "baseline"],
            legend=alt.Legend(orient="top") if compared else None,
        ),
        "tooltip": [
            alt.Tooltip("day:T", title="Day"),
            alt.Tooltip("rule:N", title="Rule"),
            alt.Tooltip("matches:Q", title="Matches", format=","),
        ],
    }
    chart = alt.Chart(frame, height=220)
    if len(days) == 1:
        day = alt.Axis(labelAngle=0, format="%d %b")
        encoding["x"] = alt.X("yearmonthdate(day):O", title=None, axis=day)
        encoding["xOffset"] = alt.XOffset("rule:N", sort=["candidate", "baseline"])
        single: alt.Chart = chart.mark_bar(size=44, cornerRadiusEnd=3).encode(**encoding)
        return single
    lines: alt.Chart = chart.mark_line(point=True, strokeWidth=2.2).encode(**encoding)
    return lines


def quality_chart(report: Report) -> alt.LayerChart | None:
    """Each share as a point on its interval; None when nothing is known."""
    rows = []
    for rule, figures in (("candidate", report), ("baseline", report.get("baseline") or {})):
        for key, label in _SHARES:
            estimate = figures.get(key) or {}
            if estimate.get("value") is not None:
                rows.append({"figure": label, "rule": rule, **estimate})
    if not rows:
        return None
    base = alt.Chart(pd.DataFrame(rows), height=44 * len({r["figure"] for r in rows}) + 30).encode(
        y=alt.Y("figure:N", title=None, sort=[label for _, label in _SHARES]),
        yOffset=alt.YOffset("rule:N", sort=["candidate", "baseline"]),
        color=alt.Color(
            "rule:N",
            title=None,
            sort=["candidate", "baseline"],
            legend=alt.Legend(orient="top", symbolOpacity=1) if report.get("baseline") else None,
        ),
    )
    scale = alt.Scale(domain=[0, 1])
    intervals = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", scale=scale, title=None, axis=alt.Axis(format="%")), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=alt.X("value:Q", scale=scale),
        tooltip=[
            alt.Tooltip("figure:N", title=""),
            alt.Tooltip("value:Q", title="value", format=".1%"),
            alt.Tooltip("low:Q", title="from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
        ],
    )
    return alt.LayerChart(layer=[intervals, points])


def segment_rows(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "segment": {"text": "(none)" if one.get("value") is None else str(one["value"])},
            "rows": one.get("rows"),
            "hits": one.get("hits"),
            "rate": _spelled(one.get("hitRate")),
            "precision": _spelled(one.get("precision")),
            "recall": _spelled(one.get("recall")),
        }
        for one in report.get("segments") or []
    ]


def _spelled(estimate: Mapping[str, Any] | None) -> str | None:
    if not estimate or estimate.get("value") is None:
        return None
    low, high = estimate.get("low"), estimate.get("high")
    between = f" ({share(low)} to {share(high)})" if low is not None else ""
    return f"{share(estimate['value'])}{between}"
