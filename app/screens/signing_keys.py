"""The keys that webhooks are signed with, and replacing one while receivers learn the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.session import winnow
from app.views.figures import moment
from app.widgets.layout import says
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.webhooks import SigningKey

_COLOURS: dict[str, Any] = {"active": "green", "next": "blue"}
_MONTH_H = 24 * 30


def show_signing_keys() -> None:
    keys = winnow().signing_keys()
    used = [key for key in keys if key.state != "retired"]
    if not used:
        empty("No signing key", "Make one below: webhooks are signed with it.")
    for key in used:
        with st.container(border=True, key=f"signing-{key.key_id}"):
            _key(key, alone=len(used) == 1)
    _rotate()
    gone = [key for key in keys if key.state == "retired"]
    if gone:
        with st.expander(f"Retired ({len(gone)})", icon=":material/key_off:"):
            for key in gone:
                st.caption(f"`{key.key_id}` · retired {moment(key.retired_at)}")


def _key(key: SigningKey, *, alone: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(key.state.capitalize(), color=_COLOURS.get(key.state, "gray"))
        st.caption(_times(key), width="stretch")
        with st.popover("Secret", icon=":material/visibility:", disabled=not key.webhook_secret):
            st.caption("Verifies the headers `webhook-signature`.")
            st.code(key.webhook_secret or "", language=None)
        if not alone:
            _give_up(key)
    st.code(key.public_key_pem, language=None)


def _give_up(key: SigningKey) -> None:
    with st.popover("Give up", icon=":material/key_off:"):
        st.caption("Nothing is signed with it from that moment on; it does not come back.")
        if st.button("Give it up at once", key=f"retire-{key.key_id}"):
            with told():
                winnow().retire_signing_key(key.key_id)
                says("The key is retired; nothing is signed with it any more.")
                st.rerun()


def _times(key: SigningKey) -> str:
    if key.state == "next":
        return f"Signs beside the active key, and alone from {moment(key.active_from)}"
    until = f", until {moment(key.retired_at)}" if key.retired_at else ""
    return f"Signs since {moment(key.active_from)}{until}"


def _rotate() -> None:
    with st.form("rotate-key"):
        hours = st.number_input(
            "Hours for receivers to learn the next key",
            0,
            _MONTH_H,
            24,
            help="Until then everything is signed with both. 0 replaces the key at once.",
        )
        if st.form_submit_button("Make the next key", type="primary"):
            with told():
                winnow().rotate_signing_key(int(hours))
                says("The next key is made. Give its public half or its secret to receivers.")
                st.rerun()
