"""Who is looking at the page, and the client that speaks for them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import httpx
import streamlit as st

from app.winnow_client import Transport, Winnow

if TYPE_CHECKING:
    from app.winnow_client.model import User

COOKIE = "winnow_session"
_USER_FRESH_FOR_S = 30.0


def api_url_from_environment() -> str:
    return os.environ.get("WINNOW_API_URL", "http://127.0.0.1:8080/api/v1").rstrip("/")


@st.cache_resource(show_spinner=False, on_release=httpx.Client.close)
def _connection(api_url: str) -> httpx.Client:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
    return httpx.Client(base_url=api_url, timeout=httpx.Timeout(20, connect=3), limits=limits)


def read_token() -> str | None:
    """The session cookie as it was when this tab connected."""
    token = st.context.cookies.get(COOKIE)
    return str(token) if token else None


def winnow() -> Winnow:
    return Winnow(Transport(_connection(api_url_from_environment()), read_token()))


def current_user() -> User:
    """The signed-in person; asked again twice a minute, so that a changed role shows soon."""
    known: tuple[float, User] | None = st.session_state.get("_current_user")
    if known is not None and time.monotonic() - known[0] < _USER_FRESH_FOR_S:
        return known[1]
    user = winnow().me()
    st.session_state["_current_user"] = (time.monotonic(), user)
    return user


def may(permission: str) -> bool:
    return permission in current_user().permissions
