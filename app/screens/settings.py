"""The organisation, its keys and its people."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import streamlit as st

from app.screens.org_settings import show_org_settings
from app.screens.signing_keys import show_signing_keys
from app.session import current_user, may, winnow
from app.widgets.layout import flash, heading, says
from app.widgets.link_table import Column, link_table
from app.widgets.messages import told

if TYPE_CHECKING:
    from app.winnow_client.model import ApiKey, User

_ROLES = (
    "ADMIN",
    "RULES_MANAGER",
    "MODERATOR_MANAGER",
    "MODERATOR",
    "CHILD_SAFETY_MODERATOR",
    "ANALYST",
    "EXTERNAL_MODERATOR",
)
_KEYS = (
    Column("name", "Key", "title"),
    Column("prefix", "Begins with", "code"),
    Column("state", "State", "badge"),
    Column("used", "Last used", "time"),
    Column("created", "Made", "time"),
)
_PEOPLE = (
    Column("name", "Person", "title"),
    Column("role", "Role"),
    Column("state", "State", "badge"),
    Column("since", "Since", "time"),
)


def show() -> None:
    flash()
    heading("Settings", current_user().org_name)
    parts = {"People": _people} if may("MANAGE_USERS") else {}
    if may("MANAGE_ORG"):
        parts = {
            "Organisation": show_org_settings,
            "API keys": _api_keys,
            **parts,
            "Signing keys": show_signing_keys,
        }
    for tab, show_part in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab, told():
            show_part()


def _api_keys() -> None:
    shown = st.session_state.pop("_new_key", None)
    if shown:
        st.success("**Copy this key now.** It is not shown again.", icon=":material/key:")
        st.code(shown, language=None)
    keys = winnow().api_keys()
    link_table([_key_row(key) for key in keys], _KEYS, key="api-keys")
    make, revoke = st.columns(2, gap="medium")
    with make.form("new-key", clear_on_submit=True):
        name = st.text_input("A new key for", placeholder="production ingest")
        if st.form_submit_button("Make a key", type="primary"):
            with told():
                st.session_state["_new_key"] = winnow().create_api_key(name).key
                st.rerun()
    live = {key.key_id: key.name for key in keys if key.revoked_at is None}
    with revoke.form("revoke-key"):
        gone = st.selectbox("Revoke a key", list(live), index=None, format_func=lambda k: live[k])
        if st.form_submit_button("Revoke") and gone:
            with told():
                winnow().revoke_api_key(gone)
                says(f"Key {live[gone]} no longer works.")
                st.rerun()


def _key_row(key: ApiKey) -> dict[str, object]:
    state = (
        {"text": "Revoked", "tone": "soft"}
        if key.revoked_at
        else {"text": "Active", "tone": "good"}
    )
    return {
        "name": {"text": key.name},
        "prefix": f"{key.prefix}…",
        "state": state,
        "used": key.last_used_at.isoformat() if key.last_used_at else None,
        "created": key.created_at.isoformat() if key.created_at else None,
    }


def _people() -> None:
    shown = st.session_state.pop("_new_password", None)
    if shown:
        st.success("**Hand this password over now.** It is not shown again.")
        st.code(shown, language=None)
    users = winnow().users()
    link_table([_person(user) for user in users], _PEOPLE, key="people")
    add, change = st.columns(2, gap="medium")
    with add.form("new-person", clear_on_submit=True):
        name, email = st.text_input("Name"), st.text_input("Email", type="email")
        role = st.selectbox("Role", _ROLES, index=3, format_func=_role)
        if st.form_submit_button("Add a person", type="primary"):
            password = secrets.token_urlsafe(12)
            with told():
                body = {"name": name, "email": email, "role": role, "password": password}
                made = winnow().create_user(body)
                st.session_state["_new_password"] = str(made.get("password") or password)
                st.rerun()
    with change.form("change-person"):
        _change(users)


def _change(users: list[User]) -> None:
    by_id = {user.user_id: user for user in users}
    user_id = st.selectbox(
        "Change", list(by_id), index=None, format_func=lambda u: by_id[u].name or by_id[u].email
    )
    role = st.selectbox("to", [*_ROLES, ""], format_func=lambda r: _role(r) or "No access")
    if st.form_submit_button("Change") and user_id:
        with told():
            change = {"role": role, "disabled": False} if role else {"disabled": True}
            winnow().update_user(user_id, change)
            says("Changed.")
            st.rerun()


def _person(user: User) -> dict[str, object]:
    off = {"text": "No access", "tone": "soft"}
    return {
        "name": {"text": user.name or user.email, "note": user.email if user.name else ""},
        "role": _role(user.role),
        "state": off if user.disabled_at else {"text": "Active", "tone": "good"},
        "since": user.created_at.isoformat() if user.created_at else None,
    }


def _role(role: str) -> str:
    return role.replace("_", " ").capitalize()
