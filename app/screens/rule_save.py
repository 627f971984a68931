"""Saving a rule: done at once, or put before a second person; what is doubtful about it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.places import go
from app.session import winnow
from app.views.rule_rows import doubts
from app.widgets.layout import says
from app.widgets.messages import plain, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.screens.rule_form import Draft

_DOUBTS = "_rule_doubts"


def show_saved_warnings() -> None:
    """Once after a save, above the rule."""
    lines = st.session_state.pop(_DOUBTS, [])
    if lines:
        st.warning("\n\n".join(map(plain, lines)), icon=":material/lightbulb:")


def save_panel(draft: Draft, head: Mapping[str, Any]) -> None:
    if not draft.editable:
        st.caption("Your role may read this rule, not change it.")
        return
    reason, button = st.bottom.columns([5, 1], vertical_alignment="bottom")
    why = reason.text_input(
        "Why this change",
        key=f"why-{draft.editor_key}",
        placeholder="Why this change? For whoever asks later",
        label_visibility="collapsed",
    )
    if button.button("Save", type="primary", width="stretch", shortcut="Ctrl+S", key="save-rule"):
        with told():
            _save(draft, head, why)


def _save(draft: Draft, head: Mapping[str, Any], why: str) -> None:
    document = {
        **draft.body,
        "where": draft.where,
        "itemTypeIds": draft.type_ids,
        "examples": draft.examples,
    }
    if head:
        saved = winnow().update(
            "rules", draft.rule_id, document, reason=why, expected_version=draft.version
        )
    else:
        saved = winnow().create("rules", {**document, "reason": why})
    if awaits_approval(saved):
        go("rule", id=draft.rule_id) if head else go("rules")
    st.session_state[_DOUBTS] = doubts(saved, draft.examples)
    says(f"Saved as version {saved.get('version', 1)}.")
    go("rule", id=str(saved.get("id", draft.rule_id)))


def awaits_approval(saved: Mapping[str, Any]) -> bool:
    """Says so where a save was not done yet but waits for a second person."""
    if "approvalId" not in saved:
        return False
    detail = str(saved.get("detail") or "")
    st.session_state[_DOUBTS] = [f"Not saved yet. {detail}"]
    return True
