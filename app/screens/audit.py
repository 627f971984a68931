"""Who did what: the organisation's log that nobody can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.documents import person, pretty
from app.widgets.layout import heading
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.model import AuditEntry

_COLUMNS = (
    Column("n", "No.", "number", "right", width="5rem"),
    Column("event", "Event", "title"),
    Column("about", "About", "code"),
    Column("who", "By"),
    Column("at", "When", "time"),
)


def show() -> None:
    heading("Audit log", "Each entry is chained to the one before it; none can be changed.")
    search, who = st.columns(2)
    event = search.text_input(
        "Event", key="event", bind="query-params", placeholder="rule:update", type="search"
    )
    actor = who.text_input("By", key="actor", bind="query-params", type="search")
    cursor = st.query_params.get("before")
    page = winnow().audit(event=event or None, actor=actor or None, cursor=cursor, limit=100)
    if not page.items:
        empty("Nothing here", "No entry fits, or nothing has happened yet.")
        return
    link_table([_row(entry) for entry in page.items], _COLUMNS, key="audit", dense=True)
    if page.next_cursor and st.button("Older", icon=":material/arrow_downward:"):
        st.query_params["before"] = page.next_cursor
        st.rerun()


def _row(entry: AuditEntry) -> dict[str, object]:
    detail = entry.detail if isinstance(entry.detail, str) else pretty(entry.detail)
    return {
        "n": entry.n,
        "event": {"text": entry.event, "note": "" if detail in {"null", "{}"} else detail[:300]},
        "about": entry.subject_id or None,
        "who": person(entry.actor, entry.actor_name),
        "at": entry.at.isoformat() if entry.at else None,
    }
