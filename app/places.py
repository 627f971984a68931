"""Going from one page to another, with the state in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = "_places"


def remember(pages: Mapping[str, st.Page]) -> None:
    """Called once a run by the entry script, before any page is shown."""
    st.session_state[_KNOWN] = dict(pages)


def known(path: str) -> bool:
    """Whether the person looking may open that page."""
    return path in st.session_state.get(_KNOWN, {})


def go(path: str, **params: str) -> NoReturn:
    st.switch_page(st.session_state[_KNOWN][path], query_params=params)


def link(path: str, label: str, *, icon: str | None = None, **params: str) -> None:
    """A link inside the console; plain text for those who may not follow it."""
    page = st.session_state.get(_KNOWN, {}).get(path)
    if page is None:
        st.markdown(label)
    else:
        st.page_link(page, label=label, icon=icon, query_params=params or None)


def href(path: str, **params: str) -> str:
    return f"/{path}?{urlencode(params)}" if params else f"/{path}"


def asked(name: str) -> str:
    """A query parameter of this page's address, or the empty text."""
    value = st.query_params.get(name, "")
    return str(value)
