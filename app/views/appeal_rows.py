"""What became of appeals: figures, rates by what they were against, and each appeal as a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from app.views.figures import UNKNOWN, age, count, share, share_interval, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.winnow_client.casework import AppealFigures, Rate
    from app.winnow_client.model import Appeal

_HEIGHT = 170
_STATES = {
    "OPEN": {"text": "Waiting", "tone": "warn"},
    "ACCEPT": {"text": "Overturned", "tone": "bad"},
    "REJECT": {"text": "Upheld", "tone": "good"},
}
_COLOURS = {"Overturned": "#c2702f", "Upheld": "#2f8f6b"}


def headline(told: AppealFigures, now: datetime | None = None) -> list[tuple[str, str, str]]:
    median, total = told.median_seconds_to_decide, told.all
    waited = age(told.oldest_waiting, now or datetime.now(UTC))
    bounds = share_interval(total.rate, total.low, total.high).partition(" (")[2].rstrip(")")
    return [
        (count(total.resolved), "decided", ""),
        (count(total.resolved - total.overturned), "upheld", ""),
        (count(total.overturned), "overturned", ""),
        (share(total.rate), "overturned, of those decided", f"{bounds} %" if bounds else ""),
        (
            UNKNOWN if median is None else span_of(timedelta(seconds=median)),
            "median time to a decision",
            "",
        ),
        (count(told.waiting), "waiting", f"oldest {waited}" if told.oldest_waiting else ""),
    ]


def rate_rows(rates: Sequence[Rate]) -> list[dict[str, Any]]:
    """The most often overturned first."""
    ordered = sorted(rates, key=lambda one: (-one.overturned, -one.resolved, one.name.lower()))
    return [
        {
            "name": {"text": one.name or one.key},
            "resolved": one.resolved,
            "upheld": one.resolved - one.overturned,
            "overturned": one.overturned,
            "rate": {
                "part": one.rate,
                "text": share_interval(one.rate, one.low, one.high),
            },
        }
        for one in ordered
    ]


def day_chart(days: Sequence[Rate]) -> alt.Chart:
    """Appeals decided on each day, upheld and overturned."""
    rows = [
        {"day": one.key, "outcome": outcome, "appeals": many}
        for one in days
        for outcome, many in (
            ("Overturned", one.overturned),
            ("Upheld", one.resolved - one.overturned),
        )
    ]
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows), height=_HEIGHT)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2, width={"band": 0.7})
        .encode(
            x=alt.X(
                "yearmonthdate(day):O", title=None, axis=alt.Axis(format="%d %b", labelAngle=0)
            ),
            y=alt.Y("appeals:Q", title=None, axis=alt.Axis(tickCount=4, format="~s")),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("day:T", title="Day", format="%d %b"),
                alt.Tooltip("outcome:N", title="Outcome"),
                alt.Tooltip("appeals:Q", title="Appeals", format=","),
            ],
        )
    )
    return chart


def appeal_rows(appeals: Sequence[Appeal], href: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "_id": appeal.job_id,
            "_href": href(appeal.job_id),
            "appeal": {"text": appeal.appeal_id, "note": appeal.reason[:200]},
            "state": _STATES.get(appeal.state, {"text": appeal.state, "tone": "soft"}),
            "item": appeal.item.item_id,
            "against": ", ".join(dict.fromkeys(one.action_name for one in appeal.against)) or None,
            "who": ", ".join(dict.fromkeys(one.actor_name for one in appeal.against)) or None,
            "received": appeal.received_at.isoformat() if appeal.received_at else None,
            "took": _took(appeal),
        }
        for appeal in appeals
    ]


def _took(appeal: Appeal) -> str | None:
    if appeal.resolved_at is None or appeal.received_at is None:
        return None
    return span_of(appeal.resolved_at - appeal.received_at)
