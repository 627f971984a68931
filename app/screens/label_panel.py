"""Labels put on and taken off by hand; each can be undone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.figures import moment
from app.widgets.messages import told
from app.widgets.put_right import PutRight, fresh, keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Ref
    from app.winnow_client.persons import Label

_ADD, _WITHDRAW = "entity-label:add", "entity-label:withdraw"


def label_panel(entity: Ref, labels: Sequence[Label]) -> None:
    """For those who may act on content."""
    with st.container(horizontal=True):
        with st.popover("Add a label", icon=":material/new_label:", key=fresh("add-label")):
            _add(entity)
        standing = {one.label_id: one for one in labels if one.holds}
        if standing:
            with st.popover(
                "Take one off", icon=":material/label_off:", key=fresh("withdraw-label")
            ):
                _withdraw(entity, standing)


def _add(entity: Ref) -> None:
    with st.form(fresh("add-label-form"), border=False):
        name = st.text_input("Label", max_chars=100, placeholder="trusted")
        last = st.date_input(
            "Until the end of", None, min_value="today", help="UTC; empty: until it is taken off."
        )
        reason = st.text_input("Reason", max_chars=2000)
        if not st.form_submit_button("Add", type="primary"):
            return
    with told():
        _put_on(entity, name, _end_of(last), reason)


def _put_on(entity: Ref, name: str, expires_at: datetime | None, reason: str) -> None:
    made = winnow().casework.add_label(entity, name, expires_at=expires_at, reason=reason)

    def undo() -> None:
        winnow().casework.withdraw_label(made.label_id, "the label was taken back")

    until = f" until {moment(expires_at)}" if expires_at else ""
    keep(PutRight((entity.type_id, entity.id), "Labels", f"Labelled {name}{until}.", _ADD, undo))


def _end_of(last: date | None) -> datetime | None:
    return datetime.combine(last, time.max, UTC).replace(microsecond=0) if last else None


def _withdraw(entity: Ref, standing: dict[str, Label]) -> None:
    with st.form(fresh("withdraw-label-form"), border=False):
        label_id = st.selectbox("Label", list(standing), format_func=lambda one: standing[one].name)
        reason = st.text_input("Reason", max_chars=2000)
        st.caption("Items that arrived before still found it.")
        if not st.form_submit_button("Take off", type="primary"):
            return
    with told():
        gone = standing[str(label_id)]
        winnow().casework.withdraw_label(gone.label_id, reason)

        def undo() -> None:
            winnow().casework.add_label(
                entity, gone.name, expires_at=gone.expires_at, reason=gone.reason
            )

        about = (entity.type_id, entity.id)
        keep(PutRight(about, "Labels", f"{gone.name} is taken off.", _WITHDRAW, undo))
