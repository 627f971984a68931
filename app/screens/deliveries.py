"""Webhooks: what was sent, what came back, and sending it again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.session import winnow
from app.views.documents import names_by_id, pretty
from app.views.figures import moment
from app.widgets.layout import flash, heading_with_room, says
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.webhooks import Attempt, Delivery, Endpoint

_STATES = ("pending", "leased", "delivered", "dead", "cancelled")
_TOLD = {"leased": "Being sent", "dead": "Given up", "cancelled": "Taken back"}
_TONES = {"pending": "info", "leased": "info", "delivered": "good", "dead": "bad"}
_COLUMNS = (
    Column("what", "Action", "title"),
    Column("state", "State", "badge"),
    Column("attempts", "Attempts", "number", "right"),
    Column("created", "Created", "time"),
    Column("delivered", "Delivered", "time"),
)
_ATTEMPTS = (
    Column("n", "Attempt", "number", width="6rem"),
    Column("at", "Sent", "time"),
    Column("answer", "Answer", "badge"),
    Column("latency", "Took", width="7rem"),
    Column("response", "What came back", "code"),
)


def show() -> None:
    flash()
    if asked("id"):
        _one(winnow().delivery(asked("id")))
        return
    room = heading_with_room("Webhooks", "Every signed call to your platform, with each attempt.")
    actions = names_by_id(winnow().configured("actions"))
    with room:
        _many(actions)
    _troubled(winnow().endpoints())
    state = st.segmented_control(
        "State", _STATES, format_func=_state, key="state", bind="query-params"
    )
    page = winnow().deliveries(state=state or "")
    if not page.items:
        empty(
            "No webhook in this state" if state else "No webhook yet",
            "Calls appear here when an action with a URL is taken.",
        )
        return
    opened = link_table([_row(one, actions) for one in page.items], _COLUMNS, key="deliveries")
    if opened:
        go("deliveries", id=opened)


def _many(actions: dict[str, str]) -> None:
    """Which ended webhooks to send again; counted before it is done."""
    with st.popover("Send many again", icon=":material/replay:"):
        state = st.selectbox("That are", ("dead", "delivered", "cancelled"), format_func=_state)
        action = st.selectbox(
            "Of", ["", *actions], format_func=lambda key: actions.get(key, "every action")
        )
        since = st.date_input("Created from", value=None, key="replay-from")
        until = st.date_input("Created before", value=None, key="replay-to")
        wanted = {
            "state": state,
            "action_id": action,
            "since": _midnight(since),
            "until": _midnight(until),
        }
        with told():
            found = winnow().replay_many(**wanted, apply=False).matched
            label = f"Send {found:,} again" if found else "Nothing to send"
            if st.button(label, type="primary", key="replay-many", disabled=not found):
                sent = winnow().replay_many(**wanted, apply=True).replayed
                says(f"Queued {sent:,} webhooks to be sent again.")
                st.rerun()


def _midnight(day: object) -> str:
    return f"{day.isoformat()}T00:00:00Z" if isinstance(day, date) else ""


def _troubled(endpoints: list[Endpoint]) -> None:
    """Hosts that are left alone for a while because they failed again and again."""
    for one in endpoints:
        if one.breaker != "closed":
            st.warning(
                f"{one.endpoint} does not answer: {one.failures} failures in a row, "
                f"{one.waiting:,} webhooks wait. It is tried again and again until it does.",
                icon=":material/cloud_off:",
            )


def _state(state: str) -> str:
    return _TOLD.get(state, state.capitalize())


def _row(delivery: Delivery, actions: dict[str, str]) -> dict[str, object]:
    attempts = delivery.attempts
    return {
        "_id": delivery.delivery_id,
        "_href": href("deliveries", id=delivery.delivery_id),
        "what": {"text": _name(delivery, actions), "note": delivery.url},
        "state": {"text": _state(delivery.state), "tone": _TONES.get(delivery.state, "soft")},
        "attempts": len(attempts) if isinstance(attempts, list) else attempts,
        "created": delivery.created_at.isoformat() if delivery.created_at else None,
        "delivered": delivery.delivered_at.isoformat() if delivery.delivered_at else None,
    }


def _name(delivery: Delivery, actions: dict[str, str]) -> str:
    named = actions.get(delivery.action_id or "", "")
    return delivery.action_name or named or delivery.kind or "Webhook"


def _one(delivery: Delivery) -> None:
    link("deliveries", "All webhooks", icon=":material/arrow_back:")
    name = _name(delivery, names_by_id(winnow().configured("actions")))
    if heading_with_room(name, delivery.url).button(
        "Send again", icon=":material/replay:", type="primary"
    ):
        with told():
            winnow().replay(delivery.delivery_id)
            says("Queued to be sent again.")
            st.rerun()
    st.caption(f"{_state(delivery.state)} · created {moment(delivery.created_at)}")
    log = delivery.attempts if isinstance(delivery.attempts, list) else delivery.attempt_log
    if log:
        link_table([_attempt(one) for one in log], _ATTEMPTS, key="attempts", dense=True)
    else:
        st.html('<p class="w-quiet">Not attempted yet.</p>')
    if delivery.body:
        st.caption("What is sent")
        st.code(_body(delivery.body), language="json", wrap_lines=True)


def _body(body: object) -> str:
    return body if isinstance(body, str) else pretty(body)


def _attempt(attempt: Attempt) -> dict[str, object]:
    good = attempt.status is not None and attempt.status < 300  # noqa: PLR2004 - HTTP success
    answer = str(attempt.status) if attempt.status else (attempt.error or "no answer")
    took = f"{attempt.latency_ms:,.0f} ms" if attempt.latency_ms is not None else None
    return {
        "n": attempt.attempt,
        "at": attempt.started_at.isoformat() if attempt.started_at else None,
        "answer": {"text": answer, "tone": "good" if good else "bad"},
        "latency": took,
        "response": (attempt.response or "")[:300] or None,
    }
