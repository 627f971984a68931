"""How many strikes people had, as a chart with the thresholds in it, and whom each would meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from app.views.figures import count
from app.views.overview_charts import LEGIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.winnow_client.persons import Bar

_HEIGHT = 150
MOST = 30


def counts_upto(bars: Iterable[Bar], most: int = MOST) -> dict[str, int]:
    """People by strikes, without gaps; those with `most` or more are one bar."""
    people: dict[int, int] = {}
    for bar in bars:
        at = min(max(round(bar.strikes), 1), most)
        people[at] = people.get(at, 0) + bar.people
    last = max(people, default=0)
    return {f"{n}+" if n == most else str(n): people.get(n, 0) for n in range(1, last + 1)}


def strike_chart(bars: Sequence[Bar], thresholds: Sequence[int]) -> alt.LayerChart:
    """A bar for each number of strikes; those at or above a threshold in its colour."""
    counts = counts_upto(bars)
    lowest = min(thresholds, default=MOST + 1)
    met = ["met" if n >= lowest else "below" for n in range(1, len(counts) + 1)]
    frame = pd.DataFrame({"strikes": list(counts), "people": list(counts.values()), "met": met})
    base = alt.Chart(frame, height=_HEIGHT).encode(
        x=alt.X(
            "strikes:O",
            sort=None,
            title="strikes at once",
            axis=alt.Axis(labelAngle=0, ticks=False, grid=False),
        ),
        y=alt.Y("people:Q", axis=None, scale=alt.Scale(domainMax=1.2 * max(counts.values()))),
        tooltip=[
            alt.Tooltip("strikes:O", title="Strikes"),
            alt.Tooltip("people:Q", title="People", format=","),
        ],
    )
    bars_of = base.mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2).encode(
        opacity=alt.condition(alt.datum.met == "met", alt.value(1.0), alt.value(0.45))
    )
    shown = base.transform_filter(alt.datum.people > 0)
    numbers = shown.mark_text(dy=-7, color=LEGIBLE).encode(text=alt.Text("people:Q", format="~s"))
    return alt.LayerChart(layer=[bars_of, numbers])


def meets(reached: Iterable[Bar], held: Iterable[Bar], threshold: float, days: int) -> str:
    """Whom a threshold would have met lately, and who stands there today."""
    past = _people(reached, threshold)
    if not past:
        return f"Nobody had that many in the last {days} days."
    now = _people(held, threshold)
    return (
        f"{_said(past)} had that many at some time in the last {days} days, {_few(now)} "
        f"{'has' if now == 1 else 'have'} them now."
    )


def _people(bars: Iterable[Bar], threshold: float) -> int:
    return sum(bar.people for bar in bars if bar.strikes >= threshold)


def _said(people: int) -> str:
    return "One person" if people == 1 else f"{count(people)} people"


def _few(people: int) -> str:
    return {0: "none", 1: "one"}.get(people, count(people))
