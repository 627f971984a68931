"""One rule: its condition with what it would match, its tests, effects, and every version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.places import asked, go
from app.screens.approvals import show_approvals
from app.screens.rule_form import Draft, draft_of, settings_form
from app.screens.rule_save import save_panel, show_saved_warnings
from app.screens.rule_tests import show_tests
from app.screens.rule_versions import show_versions
from app.session import may, winnow
from app.views.diagnostics import diagnostics_html, gutter_marks, warnings_html
from app.views.documents import names_by_id
from app.views.preview import examples_html, preview_figures, preview_note
from app.views.rule_rows import TONES
from app.widgets.editor import sql_editor
from app.widgets.layout import figures, flash, heading, heading_with_room
from app.widgets.messages import empty, plain, told
from app.winnow_client import ApiError

if TYPE_CHECKING:
    from app.winnow_client.approvals import Approval
    from app.winnow_client.model import Checked, Document

_MISSING = 404


def show() -> None:
    flash()
    rule_id = asked("id") or "new"
    types = names_by_id(winnow().configured("item-types"))
    if not types:
        empty(
            "First describe an item",
            "A rule reads the fields of an item type. Make one under **Item types**: paste a "
            "JSON example and Winnow proposes the fields.",
        )
        return
    approvals = [] if rule_id == "new" else winnow().approvals(rule_id=rule_id)
    head = {} if rule_id == "new" else _head(rule_id, approvals)
    if head is None:
        heading(approvals[0].rule_name)
        show_approvals({}, approvals)
        return
    _title(head)
    show_saved_warnings()
    show_approvals(head, approvals)
    if head.get("problem"):
        st.error(
            f"**This rule needs mending.** {plain(str(head['problem']))}",
            icon=":material/report:",
        )
    draft = draft_of(rule_id, head, types)
    _editor_and_preview(draft, types)
    labels = ["Settings", f"Examples ({len(draft.examples)})"]
    tabs = st.tabs([*labels, "Versions"] if head else labels)
    with tabs[0]:
        settings_form(draft, types)
    with tabs[1]:
        show_tests(draft, head)
    if head:
        with tabs[2]:
            show_versions(rule_id, head)
    save_panel(draft, head)


def _head(rule_id: str, approvals: list[Approval]) -> Document | None:
    """None for a new rule that only waits to be approved."""
    try:
        return winnow().configuration("rules", rule_id)
    except ApiError as error:
        if error.status == _MISSING and approvals:
            return None
        raise


def _title(head: Document) -> None:
    with heading_with_room(str(head.get("name") or "New rule")):
        if head:
            _badge(head)
            if may("RUN_BACKTEST") and st.button("Backtest", icon=":material/query_stats:"):
                go("backtests", rule=str(head["id"]))


def _badge(head: Document) -> None:
    status = str(head.get("status", ""))
    colours: dict[str, Any] = {"good": "green", "info": "blue", "warn": "orange", "soft": "gray"}
    colour = colours.get(TONES.get(status, "soft"), "gray")
    st.badge(f"{status.capitalize()} · version {head.get('version')}", color=colour)


@st.fragment
def _editor_and_preview(draft: Draft, types: dict[str, str]) -> None:
    """Runs at every pause in typing, and only it."""
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        _type_choice(draft, types)
        checked = draft.checked
        marks = gutter_marks(checked.diagnostics) if checked else []
        draft.where = sql_editor(
            draft.opened_with, key=draft.editor_key, marks=marks, readonly=not draft.editable
        )
        draft.checked = _check(draft)
    with right:
        _preview(draft)


def _type_choice(draft: Draft, types: dict[str, str]) -> None:
    if len(draft.type_ids) > 1:
        names = draft.type_ids
        draft.shown_type = (
            st.segmented_control(
                "Try it on", names, default=draft.shown_type, format_func=lambda t: types.get(t, t)
            )
            or draft.shown_type
        )


def _check(draft: Draft) -> Checked | None:
    if not draft.where.strip():
        st.html('<p class="w-quiet">Write a condition: what must be true of an item.</p>')
        return None
    with told():
        saved = None if draft.rule_id == "new" else draft.rule_id
        checked = winnow().check(draft.where, draft.shown_type, saved)
        if checked.ok:
            doubts = warnings_html(checked.canonical or draft.where, checked.warnings)
            st.html(f'<p class="w-quiet">✓ Understood</p>{doubts}')
        else:
            st.html(diagnostics_html(draft.where, checked.diagnostics))
        return checked
    return None


def _preview(draft: Draft) -> None:
    if draft.checked is None or not draft.checked.ok:
        st.html('<p class="w-quiet">What it matches appears here as soon as it is understood.</p>')
        return
    with told():
        preview = winnow().preview(draft.where, draft.shown_type)
        if not preview.sampled:
            empty("Nothing to try it on yet", "Send items of this type, and come back.")
            return
        st.html(figures(preview_figures(preview)))
        if preview.unknown:
            st.caption(preview_note(preview))
        if not preview.examples:
            st.html('<p class="w-quiet">No recent item matches.</p>')
            return
        with st.container(height=290, border=True):
            st.html(examples_html(preview.examples))
