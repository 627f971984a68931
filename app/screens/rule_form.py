"""A rule being edited in this tab, and the form for everything but its condition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.session import may, winnow
from app.views.documents import body_of, names_by_id
from app.views.rule_rows import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.winnow_client.model import Checked, Document

_ON = ("LIVE", "SHADOW")
_STATE = "_rule_draft"


@dataclass
class Draft:
    """opened_with: the condition the editor opened with; `where` is what it says now."""

    rule_id: str
    version: int | None
    opened_with: str
    where: str
    type_ids: list[str]
    shown_type: str
    editable: bool
    examples: list[Document] = field(default_factory=list)
    body: Document = field(default_factory=dict)
    checked: Checked | None = None

    @property
    def editor_key(self) -> str:
        return f"where-{self.rule_id}-{self.version}"


def draft_of(rule_id: str, head: Mapping[str, Any], types: Mapping[str, str]) -> Draft:
    """The draft of this tab; begun anew for another rule, or when a newer version was saved."""
    known = st.session_state.get(_STATE)
    version = head.get("version")
    if isinstance(known, Draft) and (known.rule_id, known.version) == (rule_id, version):
        return known
    type_ids = [t for t in head.get("itemTypeIds", []) if t in types] or [next(iter(types))]
    live = head.get("status") in _ON
    draft = Draft(
        rule_id=rule_id,
        version=version,
        opened_with=str(head.get("where", "")),
        where=str(head.get("where", "")),
        type_ids=type_ids,
        shown_type=type_ids[0],
        editable=may("MUTATE_LIVE_RULES") or (may("MUTATE_NON_LIVE_RULES") and not live),
        examples=list(head.get("examples", [])),
        body=body_of(head),
    )
    st.session_state[_STATE] = draft
    return draft


def settings_form(draft: Draft, types: Mapping[str, str]) -> None:
    body, off = draft.body, not draft.editable
    key = draft.editor_key
    left, right = st.columns(2, gap="medium")
    with left:
        body["name"] = st.text_input(
            "Name", body.get("name", ""), max_chars=200, disabled=off, key=f"name-{key}"
        )
        body["description"] = st.text_input(
            "What it is for", body.get("description", ""), disabled=off, key=f"about-{key}"
        )
        draft.type_ids = st.multiselect(
            "Applies to",
            list(types),
            default=draft.type_ids,
            format_func=lambda t: types.get(t, t),
            disabled=off,
            key=f"types-{key}",
        )
        body["tags"] = st.multiselect(
            "Tags",
            body.get("tags", []),
            default=body.get("tags", []),
            accept_new_options=True,
            disabled=off,
            key=f"tags-{key}",
            placeholder="Type to add",
        )
    with right:
        _effects(draft)


def _effects(draft: Draft) -> None:
    body, off, key = draft.body, not draft.editable, draft.editor_key
    actions = names_by_id(winnow().configured("actions"))
    policies = names_by_id(winnow().configured("policies"))
    body["actionIds"] = st.multiselect(
        "Then do",
        list(actions),
        default=[a for a in body.get("actionIds", []) if a in actions],
        format_func=lambda a: actions.get(a, a),
        disabled=off,
        key=f"actions-{key}",
        placeholder="Nothing: it only records its matches",
    )
    body["policyIds"] = st.multiselect(
        "Under",
        list(policies),
        default=[p for p in body.get("policyIds", []) if p in policies],
        format_func=lambda p: policies.get(p, p),
        disabled=off,
        key=f"policies-{key}",
        placeholder="Choose the policies it enforces",
    )
    body["status"] = st.segmented_control(
        "Status",
        STATUSES,
        default=body.get("status", "DRAFT"),
        format_func=str.capitalize,
        required=True,
        disabled=off,
        key=f"status-{key}",
        help="Shadow judges every item and records, but never acts.",
    )
    _limits(draft)


def _limits(draft: Draft) -> None:
    body, off, key = draft.body, not draft.editable, draft.editor_key
    rollout, cap = st.columns(2)
    body["rolloutPercent"] = rollout.slider(
        "Share of authors, %",
        0,
        100,
        int(body.get("rolloutPercent", 100)),
        disabled=off,
        key=f"rollout-{key}",
        help="A stable share: the same author is always in or always out.",
    )
    most = cap.number_input(
        "At most a day",
        min_value=0,
        value=int(body.get("maxDailyActions") or 0),
        disabled=off,
        key=f"cap-{key}",
        help="0 sets no limit.",
    )
    body["maxDailyActions"] = most or None
