"""Appeals: how often what was done did not hold, by what it was, and each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import go, href
from app.session import winnow
from app.views.appeal_rows import appeal_rows, day_chart, headline, rate_rows
from app.widgets.layout import figures, heading_with_room
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.casework import AppealFigures, Rate

_PERIODS = {7: "Week", 30: "Month", 90: "Quarter"}
_STATES = {"": "All", "OPEN": "Waiting", "ACCEPT": "Overturned", "REJECT": "Upheld"}
_RATES = (
    Column("name", "", "title"),
    Column("resolved", "Decided", "number", "right"),
    Column("upheld", "Upheld", "number", "right"),
    Column("overturned", "Overturned", "number", "right"),
    Column("rate", "Share overturned", "share"),
)
_APPEALS = (
    Column("appeal", "Appeal", "title"),
    Column("state", "Outcome", "badge"),
    Column("item", "About"),
    Column("against", "Against"),
    Column("who", "Done by"),
    Column("received", "Received", "time"),
    Column("took", "Took"),
)


def show() -> None:
    days = heading_with_room("Appeals", "How often what was done did not hold.").segmented_control(
        "Period",
        list(_PERIODS),
        default=30,
        required=True,
        format_func=lambda d: _PERIODS[d],
        key="days",
        bind="query-params",
        label_visibility="collapsed",
    )
    told = winnow().casework.appeal_figures(int(days or 30))
    st.html(figures(headline(told)))
    if told.all.resolved:
        _rates(told)
    _appeals()


def _rates(told: AppealFigures) -> None:
    parts: dict[str, list[Rate]] = {
        "By policy": told.by_policy,
        "By rule": told.by_rule,
        "By moderator": told.by_reviewer,
        "By action": told.by_action,
    }
    for tab, (label, rates) in zip(
        st.tabs([*parts, "By day"]), [*parts.items(), ("", [])], strict=True
    ):
        with tab:
            if not label:
                st.altair_chart(day_chart(told.by_day), width="stretch")
            elif rates:
                link_table(rate_rows(rates), _RATES, key=f"rates-{label}", dense=True)
            else:
                st.caption("None of the appeals decided in this period was against one.")


def _appeals() -> None:
    state = st.segmented_control(
        "Outcome",
        list(_STATES),
        default="",
        required=True,
        format_func=lambda s: _STATES[s],
        key="state",
        bind="query-params",
        label_visibility="collapsed",
    )
    page = winnow().casework.appeals(state=state or "")
    if not page.items:
        empty(
            "No appeal here",
            "Appeals appear as the platform sends them on behalf of its users; they are "
            "reviewed in **Queues**.",
        )
        return
    opened = link_table(
        appeal_rows(page.items, lambda job: href("job", job=job)), _APPEALS, key="appeals"
    )
    if opened:
        go("job", job=opened)
    if page.next_cursor:
        st.caption(f"The latest {len(page.items)}")
