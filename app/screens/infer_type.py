"""An item type proposed from pasted examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.documents import pretty
from app.views.records import records_of
from app.widgets.layout import says
from app.widgets.messages import told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_SAMPLE = """{"text": "free money, click here", "author": "u17", "likes": 3}
{"text": "lunch, anyone?", "author": "u4", "likes": 11}"""


def paste_to_propose(key: str) -> None:
    """Paste, look at the proposal, correct it, save it."""
    name = st.text_input("What do you call it", key=f"infer-name-{key}", placeholder="Post")
    text = st.text_area(
        "A few items as JSON, one a line", placeholder=_SAMPLE, height=130, key=f"infer-text-{key}"
    )
    if st.button("Propose the fields", key=f"infer-{key}", type="primary"):
        _propose(key, str(name), str(text))
    proposal = st.session_state.get(f"_proposal-{key}")
    if proposal:
        _confirm(key, proposal)


def _propose(key: str, name: str, text: str) -> None:
    try:
        records = records_of(text)
    except ValueError as error:
        st.error(str(error))
        return
    with told():
        proposed = winnow().infer_item_type(name or "Post", records)
        st.session_state[f"_proposal-{key}"] = proposed.get("document", proposed)


def _confirm(key: str, proposal: Document) -> None:
    st.dataframe(
        [
            {"field": f["name"], "type": f["type"], "required": f.get("required", False)}
            for f in proposal.get("fields", [])
        ],
        hide_index=True,
    )
    with st.expander("Correct it"):
        text = st.text_area("Definition", pretty(proposal), height=280, key=f"infer-doc-{key}")
    if st.button("Save this item type", key=f"infer-save-{key}", type="primary"):
        _save(key, str(text))


def _save(key: str, text: str) -> None:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        st.error(f"Line {error.lineno}, column {error.colno}: not JSON ({error.msg}).")
        return
    with told():
        winnow().create("item-types", document)
        st.session_state.pop(f"_proposal-{key}", None)
        says(f"Item type {document.get('name', '')} saved.")
        st.rerun()
