"""One configuration document as JSON, saved through the API that judges it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.documents import body_of, pretty
from app.widgets.layout import says
from app.widgets.messages import told

if TYPE_CHECKING:
    from app.winnow_client.model import Document


def document_editor(kind: str, head: Document, *, editable: bool, height: int = 420) -> None:
    text = st.text_area(
        "Definition",
        pretty(body_of(head)),
        height=height,
        disabled=not editable,
        key=f"document-{head['id']}-{head.get('version')}",
        label_visibility="collapsed",
    )
    if not editable or not st.button("Save", type="primary", key="save-document"):
        return
    try:
        document = json.loads(str(text))
    except json.JSONDecodeError as error:
        st.error(f"Line {error.lineno}, column {error.colno}: not JSON ({error.msg}).")
        return
    with told():
        saved = winnow().update(
            kind, str(head["id"]), document, expected_version=head.get("version")
        )
        says(f"Saved as version {saved.get('version')}.")
        st.rerun()
