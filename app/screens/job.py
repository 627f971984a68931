"""One job on one screen: what it is, why it is here, and what to do about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, link
from app.screens.job_desk import Desk
from app.screens.job_panel import show_panel
from app.session import winnow
from app.views.item_card import has_media, item_card
from app.views.job_parts import history, job_line, never_sent, other_items
from app.views.related import related_html
from app.views.reports import additional_html, report_list, thread_html
from app.widgets.layout import flash
from app.widgets.messages import empty
from app.winnow_client import ApiError

if TYPE_CHECKING:
    from app.winnow_client.model import Job

_CONFLICT = 409
_HEARTBEAT_S = 20


def show() -> None:
    flash()
    desk = Desk.here(asked("queue"))
    refusal = desk.open(asked("job"))
    if refusal is not None:
        st.warning(refusal, icon=":material/lock_clock:")
    if desk.job is None:
        nothing = _nothing_left if asked("queue") else _no_queue_chosen
        nothing(desk)
        return
    st.query_params["job"] = desk.job.job_id
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        _item(desk, desk.job)
    with right:
        show_panel(desk, desk.job)
    if desk.held:
        _heartbeat(desk.job.job_id)


def _item(desk: Desk, job: Job) -> None:
    st.html(job_line(job, desk.strikes()))
    fields = job.item.fields
    with st.container(border=True, height=388, key="job-item"):
        unseen = never_sent(job.item)
        if unseen:
            st.html(unseen)
        if fields or not unseen:
            st.html(item_card(fields, revealed=desk.revealed, colour=desk.in_colour))
    if has_media(fields):
        with st.container(horizontal=True):
            label = "Hide media" if desk.revealed else "Reveal media"
            veil = desk.key("reveal")
            st.button(label, shortcut="b", key=veil, on_click=desk.toggle_veil)
            st.toggle("Colour", key=desk.key("colour"), help="Media are shown grey until asked")
    _around(desk, job)


def _around(desk: Desk, job: Job) -> None:
    """What came with the reports where there are any, then the author's other items."""
    item = (job.item.item_type_id, job.item.item_id)
    author, past = f"More by this author ({len(job.other_items)})", f"History ({len(job.history)})"
    parts = {
        f"Thread ({len(job.thread)})": thread_html(job.thread, item) if job.thread else "",
        f"Reports ({len(job.reports)})": (
            report_list(job.reports, desk.standings()) if job.reports else ""
        ),
        f"Sent along ({len(job.additional_items)})": (
            additional_html(job.additional_items) if job.additional_items else ""
        ),
        f"Related ({len(job.related)})": related_html(job.related) if job.related else "",
        author: other_items(job.other_items),
        past: history(job.history, {a.id: a.name for a in job.actions}),
    }
    shown = {label: text for label, text in parts.items() if text}
    for tab, text in zip(st.tabs(list(shown)), shown.values(), strict=True):
        with tab.container(height=230, border=False):
            st.html(text)


def _no_queue_chosen(desk: Desk) -> None:
    desk.undo_bar()
    empty("No queue is chosen", "Jobs are reviewed queue by queue: choose one to start.")
    link("queues", "All queues", icon=":material/inbox:")


def _nothing_left(desk: Desk) -> None:
    desk.undo_bar()
    empty(
        "This queue is empty",
        "Everything here has been decided or is open with a colleague. New jobs appear in "
        "**Queues** as they arrive.",
    )
    with st.container(horizontal=True):
        if st.button("Look again", type="primary", shortcut="Enter"):
            st.rerun()
        link("queues", "All queues", icon=":material/inbox:")


@st.fragment(run_every=_HEARTBEAT_S)
def _heartbeat(job_id: str) -> None:
    """Runs while the tab is open, so that a closed laptop gives the job back."""
    desk = Desk.here(asked("queue"))
    if desk.job is None or desk.job.job_id != job_id or desk.job.lease_token is None:
        return
    if time.monotonic() - desk.held_since < _HEARTBEAT_S / 2:
        return
    try:
        winnow().heartbeat(job_id, desk.job.lease_token)
    except ApiError as error:
        if error.status != _CONFLICT:
            return
        desk.lose()
        st.rerun(scope="app")
