"""Actions: what a rule or a reviewer can make happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.session import may, winnow
from app.views.documents import names_by_id
from app.widgets.document_editor import document_editor
from app.widgets.layout import flash, heading_with_room
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.winnow_client.model import Document

_TYPES = {
    "CUSTOM_ACTION": "Call the platform",
    "ENQUEUE_TO_MRT": "Send to review",
    "ENQUEUE_AUTHOR_TO_MRT": "Send the author to review",
    "ENQUEUE_TO_NCMEC": "Send to child safety",
}
_COLUMNS = (
    Column("name", "Action", "title"),
    Column("type", "What it does"),
    Column("where", "Where to", "code"),
    Column("types", "Applies to"),
    Column("updated", "Changed", "time"),
)


def show() -> None:
    flash()
    if asked("id"):
        head = winnow().configuration("actions", asked("id"))
        link("actions", "All actions", icon=":material/arrow_back:")
        room = heading_with_room(str(head.get("name", "")), str(head.get("description", "")))
        if head.get("type") == "CUSTOM_ACTION" and may("MUTATE_LIVE_RULES"):
            _test(str(head["id"]), room)
        document_editor("actions", head, editable=may("MANAGE_ORG"))
        return
    room = heading_with_room("Actions")
    if may("MANAGE_ORG"):
        with room:
            _new()
    actions = winnow().configured("actions")
    if not actions:
        empty(
            "No action yet",
            "An action calls a URL of your platform, signed, or sends the item to a queue. "
            "Rules and reviewers choose among them.",
        )
        return
    types = names_by_id(winnow().configured("item-types"))
    queues = names_by_id(winnow().configured("queues"))
    rows = [_row(action, types, queues) for action in actions]
    opened = link_table(rows, _COLUMNS, key="actions")
    if opened:
        go("actions", id=opened)


def _row(action: Document, types: dict[str, str], queues: dict[str, str]) -> Document:
    queue = queues.get(str(action.get("queueId")), "default queue")
    calls = action.get("type") == "CUSTOM_ACTION"
    named = ", ".join(types.get(t, t) for t in action.get("itemTypeIds", []))
    return {
        "_id": action["id"],
        "_href": href("actions", id=str(action["id"])),
        "name": {"text": action.get("name", ""), "note": action.get("description", "")},
        "type": _TYPES.get(str(action.get("type")), str(action.get("type"))),
        "where": action.get("callbackUrl") if calls else queue,
        "types": named or "every item type",
        "updated": action.get("updatedAt"),
    }


def _test(action_id: str, room: DeltaGenerator) -> None:
    """A signed sample, as a rule would cause it, and what the platform answered."""
    pressed = room.button(
        "Test",
        icon=":material/send:",
        help="Sends this webhook, signed, about an item that does not exist.",
    )
    if not pressed:
        return
    with told():
        answer = winnow().try_action(action_id)
        took = f"{answer.latency_ms:,.0f} ms"
        if answer.delivered:
            st.success(f"Answered {answer.status} in {took}.")
        elif answer.status is None:
            st.error(f"No answer after {took}: {answer.error}")
        else:
            st.error(f"Refused with {answer.status} in {took}.")
        if answer.response:
            st.code(answer.response[:1000], language=None, wrap_lines=True)
        link("deliveries", "Look at this test", id=answer.delivery_id)


def _new() -> None:
    with st.popover("New action", icon=":material/add:"):
        kind = st.selectbox("It shall", list(_TYPES), format_func=lambda k: _TYPES[k])
        name = st.text_input("Name", key="action-name", max_chars=200)
        about = st.text_input("What it is for", key="action-about")
        url = ""
        if kind == "CUSTOM_ACTION":
            url = st.text_input("URL to call", key="action-url", placeholder="https://")
        if st.button("Create", type="primary", key="create-action"):
            with told():
                document = {"name": name, "type": kind, "description": about}
                winnow().create("actions", {**document, "callbackUrl": url or None})
                st.rerun()
