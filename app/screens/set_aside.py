"""Items that could not be judged: why, and judging them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.session import may, winnow
from app.views.figures import count, moment
from app.widgets.layout import flash, heading_with_room, says
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.model import SetAsideItem

_COLUMNS = (
    Column("item", "Item", "title"),
    Column("type", "Type"),
    Column("arrived", "Arrived", "time"),
    Column("aside", "Set aside", "time"),
)
_NOTE = "Judging them failed three times. They hold up nobody, and nothing of them is lost."


def show() -> None:
    flash()
    if asked("seq").isdigit():
        _one(int(asked("seq")))
        return
    after = asked("after")
    page = winnow().set_aside(int(after) if after.isdigit() else 0)
    room = heading_with_room("Set aside", _NOTE)
    if not page.items:
        empty("Nothing is set aside", "Every item that arrived is judged, or about to be.")
        return
    if may("RUN_RETROACTION") and room.button(
        "Judge all again", icon=":material/replay:", type="primary"
    ):
        _all()
    opened = link_table([_row(item) for item in page.items], _COLUMNS, key="set-aside")
    if opened:
        go("set-aside", seq=opened)
    if page.next_cursor and st.button("More", icon=":material/arrow_downward:"):
        go("set-aside", after=page.next_cursor)


def _row(item: SetAsideItem) -> dict[str, object]:
    return {
        "_id": str(item.seq),
        "_href": href("set-aside", seq=str(item.seq)),
        "item": {"text": item.item_id, "note": item.reason[:300]},
        "type": item.item_type_name,
        "arrived": item.arrived_at.isoformat() if item.arrived_at else None,
        "aside": item.set_aside_at.isoformat() if item.set_aside_at else None,
    }


def _all() -> None:
    with told():
        says(f"{count(winnow().judge_all_again())} in the line again.")
        go("set-aside")


def _one(seq: int) -> None:
    link("set-aside", "All that are set aside", icon=":material/arrow_back:")
    found = winnow().set_aside(seq - 1, limit=1).items
    if not found or found[0].seq != seq:
        empty("Not set aside any more", "It has been judged, or is about to be.")
        return
    item = found[0]
    room = heading_with_room(item.item_id, f"{item.item_type_name}, place {seq}")
    if may("RUN_RETROACTION") and room.button(
        "Judge again", icon=":material/replay:", type="primary"
    ):
        _again(seq)
    st.caption(f"Arrived {moment(item.arrived_at)} · set aside {moment(item.set_aside_at)}")
    st.code(item.reason, language=None, wrap_lines=True)
    link(
        "item",
        "Everything known about it",
        icon=":material/article:",
        type=item.item_type_id,
        id=item.item_id,
    )


def _again(seq: int) -> None:
    with told():
        winnow().judge_again(seq)
        says("In the line again.")
        go("set-aside")
