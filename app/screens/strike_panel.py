"""A person's strikes put right by hand: some added or taken off, one taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.documents import names_by_id
from app.views.figures import count, moment
from app.widgets.messages import told
from app.widgets.put_right import PutRight, fresh, keep

if TYPE_CHECKING:
    from app.winnow_client.model import Ref
    from app.winnow_client.persons import Strike, Strikes

_MOST = 1000


def strike_panel(person: Ref, record: Strikes) -> None:
    """For those who may act on people."""
    with st.container(horizontal=True):
        with st.popover("Adjust", icon=":material/exposure:", key=fresh("adjust-strikes")):
            _adjust(person)
        standing = {one.strike_id: one for one in record.items if one.holds}
        if standing:
            with st.popover("Revoke one", icon=":material/undo:", key=fresh("revoke-strike")):
                _revoke(person, standing)


def _adjust(person: Ref) -> None:
    policies = names_by_id(winnow().configured("policies"))
    with st.form(fresh("adjust-strikes-form"), border=False):
        amount = st.number_input(
            "Strikes to add", -_MOST, _MOST, 1, help="Below zero takes some off."
        )
        policy = st.selectbox(
            "Under", list(policies), index=None, format_func=lambda p: policies[p],
            placeholder="No policy",
        )  # fmt: skip
        reason = st.text_input("Reason", max_chars=2000)
        st.caption("No threshold's actions follow.")
        if not st.form_submit_button("Adjust", type="primary"):
            return
    with told():
        client = winnow().casework
        done = client.adjust_strikes(person, int(amount), reason=reason, policy_id=policy)

        def undo() -> None:
            winnow().casework.revoke_strike(done.strike_id, "the adjustment was taken back")

        sentence = f"Adjusted by {amount:+d}: {count(done.total)} hold now."
        keep(PutRight((person.type_id, person.id), "Strikes", sentence, "strike:adjust", undo))


def _revoke(person: Ref, standing: dict[str, Strike]) -> None:
    with st.form(fresh("revoke-strike-form"), border=False):
        strike_id = st.selectbox(
            "Strike", list(standing), format_func=lambda one: _named(standing[one])
        )
        reason = st.text_input("Reason", max_chars=2000)
        st.caption("Undone, it holds again from then on.")
        if not st.form_submit_button("Revoke", type="primary"):
            return
    with told():
        done = winnow().casework.revoke_strike(str(strike_id), reason)

        def undo() -> None:
            winnow().casework.restore_strike(done.strike_id, "the revocation was taken back")

        sentence = f"Revoked: {count(done.total)} hold now."
        keep(PutRight((person.type_id, person.id), "Strikes", sentence, "strike:revoke", undo))


def _named(strike: Strike) -> str:
    return f"{strike.amount:+g} {strike.policy_name or 'No policy'}, {moment(strike.at)}"
