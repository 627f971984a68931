"""What happens to people with that many strikes, a row for each threshold."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st

from app.session import may, winnow
from app.views.documents import names_by_id
from app.views.org_settings import with_values
from app.views.strike_chart import meets, strike_chart
from app.widgets.action_parameters import parameter_inputs
from app.winnow_client import ApiError
from app.winnow_client.model import ActionChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Document
    from app.winnow_client.persons import Bar

_MOST = 1_000_000
DAYS = 90
_KNOWN = "_strike_bars"
_FRESH_FOR_S = 60.0
_TARGETS = {"USER": "on the author", "ITEM": "on the item"}


@dataclass
class Row:
    """key: of its widgets, for as long as the row is there."""

    key: str
    document: Document


def rows_of(thresholds: Sequence[Document]) -> list[Row]:
    return [Row(uuid4().hex, dict(one)) for one in thresholds]


def threshold_rows(rows: list[Row]) -> None:
    actions = winnow().configured("actions")
    if not actions:
        st.caption("Make an action first: a threshold says which actions happen.")
        return
    if not rows:
        st.caption("No threshold yet: strikes are counted, and nothing happens by itself.")
    bars = _bars()
    _chart(bars, rows)
    for row in list(rows):
        with st.container(border=True, key=f"threshold-{row.key}"):
            _row(row, rows, actions)
            if bars is not None:
                st.caption(meets(*bars, row.document["threshold"], DAYS))
    if st.button("Add a threshold", icon=":material/add:", key="add-threshold"):
        highest = max((row.document["threshold"] for row in rows), default=0)
        number = min(highest + 3, _MOST)
        rows.extend(rows_of([{"threshold": number, "actionIds": [], "target": "USER"}]))
        st.rerun()


def _chart(bars: tuple[list[Bar], list[Bar]] | None, rows: list[Row]) -> None:
    if bars is None:
        return
    if not bars[0]:
        st.caption(f"Nobody had a strike in the last {DAYS} days.")
        return
    st.caption(f"People by the most strikes each had at once in the last {DAYS} days")
    thresholds = [row.document["threshold"] for row in rows]
    st.altair_chart(strike_chart(bars[0], thresholds), width="stretch")


def _row(row: Row, rows: list[Row], actions: list[Document]) -> None:
    document, names = row.document, names_by_id(actions)
    number, target, remove = st.columns([2, 2.4, 1], vertical_alignment="bottom")
    document["threshold"] = number.number_input(
        "At strikes", 1, _MOST, document["threshold"], key=f"at-{row.key}"
    )
    targets = list(_TARGETS)
    document["target"] = target.selectbox(
        "act",
        targets,
        targets.index(document.get("target", "ITEM")),
        format_func=lambda t: _TARGETS[t],
        key=f"on-{row.key}",
    )
    if remove.button("", icon=":material/delete:", key=f"remove-{row.key}", help="Remove it"):
        rows.remove(row)
        st.rerun()
    document["actionIds"] = st.multiselect(
        "with",
        list(names),
        default=[a for a in document["actionIds"] if a in names],
        format_func=lambda a: names[a],
        placeholder="Choose the actions",
        key=f"with-{row.key}",
    )
    _parameters(row, actions)


def _parameters(row: Row, actions: list[Document]) -> None:
    before = row.document.get("actionParameters", {})
    chosen = [
        ActionChoice(
            id=str(one["id"]),
            name=str(one["name"]),
            parameters=with_values(one.get("parameters", []), before.get(one["id"], {})),
        )
        for one in actions
        if one["id"] in row.document["actionIds"]
    ]
    given = parameter_inputs(chosen, row.key)
    row.document["actionParameters"] = {a: values for a, values in given.items() if values}


def _bars() -> tuple[list[Bar], list[Bar]] | None:
    """Of the most that people had lately, and of now; None for those who may not see figures.

    Asked once a minute, not at every change of a field.
    """
    if not may("VIEW_INSIGHTS"):
        return None
    known: tuple[float, tuple[list[Bar], list[Bar]]] | None = st.session_state.get(_KNOWN)
    if known is None or time.monotonic() - known[0] > _FRESH_FOR_S:
        casework = winnow().casework
        try:
            bars = (casework.strike_histogram(DAYS), casework.strike_histogram())
        except ApiError:
            return None
        known = st.session_state[_KNOWN] = (time.monotonic(), bars)
    return known[1]
