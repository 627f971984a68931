"""What is going on, and on the first day what to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.places import link
from app.screens.first_steps import first_steps
from app.screens.notices import notices
from app.session import may, winnow
from app.views.figures import compact, count, moment, parsed
from app.views.overview_charts import bar_chart, counted, volume_chart
from app.widgets.layout import figures, heading_with_room

if TYPE_CHECKING:
    from app.winnow_client.model import Overview

_PERIODS = {1: "Day", 7: "Week", 30: "Month"}
_VERDICTS = {"IGNORE": "Ignored", "CUSTOM_ACTION": "Acted on"}


def show() -> None:
    days = heading_with_room("Overview").segmented_control(
        "Period",
        list(_PERIODS),
        default=7,
        required=True,
        format_func=lambda d: _PERIODS[d],
        key="days",
        bind="query-params",
        label_visibility="collapsed",
    )
    told = winnow().overview(int(days or 7))
    notices(told)
    if not sum(v.accepted for v in told.volume) and not told.lake.get("rows"):
        first_steps()
        return
    st.html(figures(_headline(told)))
    _charts(told, int(days or 7))


def _headline(told: Overview) -> list[tuple[str, str, str]]:
    accepted = sum(v.accepted for v in told.volume)
    waiting = accepted - sum(v.evaluated for v in told.volume)
    matched = sum(counted(told.matches_by_rule, "name", "ruleName", "ruleId").values())
    dead = told.deliveries.get("dead") or 0
    return [
        (compact(accepted), "items", f"{count(waiting)} not judged yet" if waiting > 0 else ""),
        (compact(matched), "rule matches", ""),
        (count(told.jobs.get("open") or 0), "jobs open", ""),
        (count(told.jobs.get("decidedToday") or 0), "decided today", ""),
        (
            count(told.deliveries.get("pending") or 0),
            "webhooks on their way",
            f"{count(dead)} given up" if dead else "",
        ),
        (compact(told.lake.get("rows") or 0), "rows of history", _exported(told.lake)),
    ]


def _exported(lake: dict[str, Any]) -> str:
    at = parsed(lake.get("exportedAt"))
    return f"as of {moment(at)}" if at else ""


def _charts(told: Overview, days: int) -> None:
    with st.container(border=True):
        st.subheader("Items an hour", anchor=False)
        st.altair_chart(volume_chart(told.volume, days), width="stretch")
    left, right = st.columns([1.5, 1], gap="medium")
    with left.container(border=True):
        st.subheader("Matches by rule", anchor=False)
        _bars(
            counted(told.matches_by_rule, "name", "ruleName", "ruleId"),
            "No rule has matched anything in this period.",
        )
        link("rules", "All rules", icon=":material/rule:")
    with right.container(border=True):
        st.subheader("Decisions", anchor=False)
        kinds = counted(told.decisions_by_kind, "kind")
        _bars(
            {_VERDICTS.get(k, k): n for k, n in kinds.items()}, "Nobody has decided anything yet."
        )
        if may("VIEW_MRT"):
            link("queues", "Queues", icon=":material/inbox:")


def _bars(counts: dict[str, int], otherwise: str) -> None:
    if counts:
        st.altair_chart(bar_chart(counts), width="stretch")
    else:
        st.html(f'<p class="w-quiet">{otherwise}</p>')
