"""What people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import go, href
from app.session import winnow
from app.views.decision_rows import decision_rows, decisions_csv
from app.views.documents import names_by_id
from app.widgets.layout import heading
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_PAGE = 100
_MOST_EXPORTED = 100_000
_COLUMNS = (
    Column("what", "Decision", "title"),
    Column("item", "Item"),
    Column("policies", "Under"),
    Column("queue", "Queue"),
    Column("who", "By"),
    Column("when", "When", "time"),
)
_KINDS = {
    "": "All",
    "CUSTOM_ACTION": "Acted on",
    "IGNORE": "Ignored",
    "ACCEPT_APPEAL": "Overturned",
    "REJECT_APPEAL": "Upheld",
}


def show() -> None:
    heading("Decisions")
    kind = st.segmented_control(
        "Kind",
        list(_KINDS),
        default="",
        required=True,
        format_func=lambda k: _KINDS[k],
        key="kind",
        bind="query-params",
        label_visibility="collapsed",
    )
    filters = {"kind": kind or None, "limit": _PAGE}
    page = winnow().decisions(**filters)
    if not page.items:
        empty("Nothing decided yet", "Decisions appear here as people work through the **Queues**.")
        return
    names = _names()
    rows = decision_rows(page.items, names, lambda job: href("job", job=job))
    opened = link_table(rows, _COLUMNS, key="decisions", dense=True)
    if opened:
        go("job", job=opened)
    more = page.next_cursor is not None
    st.caption(f"The latest {len(page.items)}" if more else f"{len(page.items)} decisions")
    _export(kind or "", names)


def _names() -> dict[str, str]:
    """Names of actions, policies and queues by id; ids are unique across kinds."""
    kinds = ("actions", "policies", "queues")
    return {k: v for kind in kinds for k, v in names_by_id(winnow().configured(kind)).items()}


def _export(kind: str, names: dict[str, str]) -> None:
    """Gathers everything the filter finds only when asked to."""
    client = winnow()

    def everything() -> str:
        found: list[Document] = []
        cursor: str | None = None
        while len(found) < _MOST_EXPORTED:
            page = client.decisions(kind=kind or None, limit=_PAGE, cursor=cursor)
            found.extend(page.items)
            cursor = page.next_cursor
            if not cursor:
                break
        return decisions_csv(found, names)

    st.download_button(
        "Export as CSV", everything, "decisions.csv", "text/csv", icon=":material/download:"
    )
