"""Everything known about one item."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked
from app.session import winnow
from app.views.documents import pretty
from app.views.figures import moment, parsed
from app.views.item_card import brief
from app.widgets.layout import heading
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_PARTS = ("submissions", "evaluations", "actions", "jobs", "decisions")


def show() -> None:
    type_id, item_id = asked("type"), asked("id")
    if not type_id or not item_id:
        empty("Which item?", "Open one from a job, a decision or a backtest.")
        return
    known = winnow().item(type_id, item_id)
    heading(item_id)
    parts = [getattr(known, part) for part in _PARTS]
    labels = [f"{name.capitalize()} ({len(p)})" for name, p in zip(_PARTS, parts, strict=True)]
    for tab, rows, name in zip(st.tabs(labels), parts, _PARTS, strict=True):
        with tab:
            _shown(name, rows)


def _shown(name: str, rows: list[Document]) -> None:
    if not rows:
        st.html('<p class="w-quiet">None.</p>')
    for row in rows[:50]:
        at = parsed(row.get("arrivedAt") or row.get("createdAt") or row.get("decidedAt"))
        if name == "submissions":
            text = f'<p dir="auto">{brief(row.get("data") or {})}</p>'
        else:
            text = f'<p class="w-rule">{escape(pretty(row))}</p>'
        st.html(f'<span class="w-quiet">{escape(moment(at))}</span>{text}')
