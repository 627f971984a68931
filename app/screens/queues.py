"""What waits for people, the most urgent first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from app.places import go, href, link
from app.session import may, winnow
from app.views.queue_rows import queue_rows
from app.widgets.layout import figures, heading_with_room
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.model import QueueStats

_COLUMNS = (
    Column("name", "Queue", "title"),
    Column("pending", "Pending", "number", "right"),
    Column("age", "Oldest", "badge"),
    Column("sla", "Promised within"),
    Column("arriving", "Arrived, last hour", "number", "right"),
    Column("decided", "Decided, last hour", "number", "right"),
    Column("reviewers", "Reviewing now"),
)


def show() -> None:
    queues = winnow().queues()
    room = heading_with_room("Queues")
    if not queues:
        empty("No queue yet", "A queue appears with the first action that sends items to review.")
        return
    _summary(queues)
    first = _first_to_review(queues)
    if first is not None and room.button(
        "Start reviewing", type="primary", icon=":material/play_arrow:", shortcut="Enter"
    ):
        go("job", queue=first.id)
    opened = link_table(
        queue_rows(queues, datetime.now(UTC), lambda q: href("job", queue=q)),
        _COLUMNS,
        key="queues",
    )
    if opened:
        go("job", queue=opened)
    if not any(queue.pending for queue in queues):
        empty("Nothing waits for review", "New jobs appear here as rules and reports ask for them.")
    if may("EDIT_MRT_QUEUES"):
        _new_queue()


def _summary(queues: list[QueueStats]) -> None:
    pending = sum(queue.pending for queue in queues)
    decided = sum(queue.decided_last_hour for queue in queues)
    arrived = sum(queue.enqueued_last_hour for queue in queues)
    st.html(
        figures(
            [
                (f"{pending:,}", "pending", ""),
                (f"{arrived:,}", "arrived in the last hour", ""),
                (f"{decided:,}", "decided in the last hour", ""),
            ]
        )
    )


def _first_to_review(queues: list[QueueStats]) -> QueueStats | None:
    """The default queue while it holds something, else whichever holds the oldest job."""
    waiting = [queue for queue in queues if queue.pending]
    default = [queue for queue in waiting if queue.is_default]
    oldest = sorted(waiting, key=lambda q: q.oldest_enqueued_at or datetime.max.replace(tzinfo=UTC))
    return next(iter(default or oldest), None)


def _new_queue() -> None:
    with st.popover("New queue", icon=":material/add:"), st.form("new-queue", border=False):
        name = st.text_input("Name", max_chars=120)
        description = st.text_input("What belongs here")
        minutes = st.number_input("Promised within, minutes", 0, 43_200, 0, help="0: no promise")
        if st.form_submit_button("Create", type="primary"):
            document = {"name": name, "description": description, "slaMinutes": minutes or None}
            winnow().create("queues", document)
            st.rerun()
    link("decisions", "What was decided", icon=":material/history:")
