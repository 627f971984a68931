"""The overview's charts: values in, Altair out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.model import Volume

_HEIGHT = 210
# Text marks do not follow the theme; this grey reads on light and on dark.
LEGIBLE = "#7a857f"


def volume_chart(volume: Sequence[Volume], days: int) -> alt.Chart:
    """Items accepted, hour by hour, over the whole period asked for."""
    last = max(v.hour for v in volume) + timedelta(hours=1)
    period = [(last - timedelta(days=days)).isoformat(), last.isoformat()]
    frame = pd.DataFrame({"hour": [v.hour for v in volume], "items": [v.accepted for v in volume]})
    base = alt.Chart(frame, height=_HEIGHT).encode(
        x=alt.X(
            "hour:T",
            title=None,
            scale=alt.Scale(domain=period),
            axis=alt.Axis(grid=False, format="%d %b" if days > 1 else "%H:%M", tickCount=8),
        ),
        y=alt.Y("items:Q", title=None, axis=alt.Axis(tickCount=4, format="~s")),
        tooltip=[
            alt.Tooltip("hour:T", title="Hour", format="%d %b %H:%M"),
            alt.Tooltip("items:Q", title="Items", format=","),
        ],
    )
    chart: alt.Chart = base.mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
    return chart


def bar_chart(counts: Mapping[str, int], *, most: int = 8) -> alt.LayerChart:
    """The largest counts by name, longest bar first, each with its number."""
    largest = sorted(counts.items(), key=lambda pair: -pair[1])[:most]
    frame = pd.DataFrame(largest, columns=["name", "count"])
    base = alt.Chart(frame, height=max(70, 30 * len(largest))).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8),
        ),
        x=alt.X("count:Q", axis=None, scale=alt.Scale(domainMax=1.15 * max(counts.values()))),
        tooltip=[alt.Tooltip("name:N", title=""), alt.Tooltip("count:Q", title="", format=",")],
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height=16)
    numbers = base.mark_text(align="left", dx=5, color=LEGIBLE).encode(
        text=alt.Text("count:Q", format=",")
    )
    return alt.LayerChart(layer=[bars, numbers])


def counted(rows: Sequence[Mapping[str, Any]], *names: str) -> dict[str, int]:
    """Name -> count from rows that call their name one of `names`."""
    found: dict[str, int] = {}
    for row in rows:
        name = next((str(row[n]) for n in names if row.get(n)), "")
        amount = next((row[n] for n in ("matches", "count", "decisions") if n in row), 0)
        if name and amount:
            found[name] = found.get(name, 0) + int(amount)
    return found
