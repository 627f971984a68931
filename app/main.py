"""What Streamlit runs for every tab: who is it, which page, and one border for every refusal."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.navigation import PLACES, allowed, pages, sections
from app.places import remember
from app.session import current_user
from app.widgets.messages import show_refusal, show_signed_out
from app.winnow_client import ApiError

if TYPE_CHECKING:
    from app.winnow_client.model import User

_ASSETS = Path(__file__).parent / "assets"


def main() -> None:
    st.set_page_config(page_title="Winnow", page_icon=_ASSETS / "mark.svg", layout="wide")
    st.html(_ASSETS / "console.css")
    st.logo(str(_ASSETS / "wordmark.svg"), size="large", icon_image=str(_ASSETS / "mark.svg"))
    try:
        user = current_user()
    except ApiError as error:
        _outside(error)
        return
    places = allowed(PLACES, frozenset(user.permissions))
    if not places:
        st.warning("Your role has no pages here. Ask an administrator for another role.")
        return
    known = pages(places)
    remember(known)
    page = st.navigation(sections(places, known), position="sidebar", expanded=True)
    _sidebar(user)
    try:
        page.run()
    except ApiError as error:
        show_refusal(error)


def _outside(error: ApiError) -> None:
    """Nobody is signed in, or the API cannot say who: no page, no navigation."""
    st.navigation([st.Page(lambda: None, title="Winnow")], position="hidden")
    if error.status in {401, 403}:
        show_signed_out()
    else:
        show_refusal(error)


def _sidebar(user: User) -> None:
    who = escape(user.name or user.email)
    role = escape(user.role.replace("_", " ").capitalize())
    with st.sidebar:
        st.html(
            f'<p class="w-who"><b>{who}</b><br><span>{role}<br>{escape(user.org_name)}</span><br>'
            '<a href="/sign-out" target="_self">Sign out</a></p>'
        )


main()
