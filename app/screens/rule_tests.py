"""Items a rule must match, and items it must not."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.session import winnow
from app.views.documents import pretty
from app.views.item_card import brief
from app.widgets.messages import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.screens.rule_form import Draft
    from app.winnow_client.model import Document


def show_tests(draft: Draft, head: Mapping[str, Any]) -> None:
    if not draft.examples:
        st.html(
            '<p class="w-quiet">Examples are this rule\'s tests: give one item it must match and'
            " one it must not. They run at every save.</p>"
        )
    for index, example in enumerate(draft.examples):
        _example(draft, index, example)
    if draft.editable:
        _add(draft)
    if head and draft.examples and st.button("Run the saved examples", icon=":material/science:"):
        with told():
            st.html(_outcome(winnow().run_examples(draft.rule_id)))


def _example(draft: Draft, index: int, example: Document) -> None:
    expected = "must match" if example.get("matches", True) else "must not match"
    text, remove = st.columns([8, 1], vertical_alignment="center")
    note = f" · {escape(str(example['note']))}" if example.get("note") else ""
    text.html(
        f'<div class="w-list"><div><span class="w-quiet">{expected}{note}</span>'
        f'<p dir="auto">{brief(example.get("data", {}))}</p></div></div>'
    )
    if draft.editable and remove.button(
        "Remove", key=f"drop-{draft.editor_key}-{index}", type="tertiary"
    ):
        draft.examples.pop(index)
        st.rerun()


def _add(draft: Draft) -> None:
    with st.form(f"example-{draft.editor_key}", clear_on_submit=True, border=True):
        data = st.text_area("Fields of the item, as JSON", pretty({"text": ""}), height=100)
        note = st.text_input("Note")
        matches = st.segmented_control(
            "It", ["must match", "must not match"], default="must match", required=True
        )
        if st.form_submit_button("Add example"):
            _append(draft, str(data), str(note), matches=matches == "must match")


def _append(draft: Draft, data: str, note: str, *, matches: bool) -> None:
    try:
        fields = json.loads(data)
    except json.JSONDecodeError as error:
        st.error(f"Line {error.lineno}, column {error.colno}: this is not JSON ({error.msg}).")
        return
    if not isinstance(fields, dict):
        st.error("Give one JSON object: the item's fields by name.")
        return
    draft.examples.append({"data": fields, "matches": matches, "note": note})
    st.rerun()


def _outcome(ran: Document) -> str:
    rows = ran.get("examples", [])
    failed = [row for row in rows if not row.get("passed")]
    if not failed:
        return f"<p>✓ All {len(rows)} examples hold.</p>"
    return '<div class="w-list">' + "".join(map(_failed, failed)) + "</div>"


def _failed(row: Document) -> str:
    outcome = {"True": "matched", "False": "did not match"}.get(
        str(row.get("outcome")), "could not be told"
    )
    expected = "must match" if row.get("expected") else "must not match"
    why = escape(str(row.get("problem") or row.get("note") or ""))
    return (
        f"<div><b>Example {int(row['index']) + 1} {outcome}, but {expected}</b>"
        f'<p class="w-quiet">{why}</p></div>'
    )
