"""Policies: what is not allowed, and the guidance reviewers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.session import may, winnow
from app.views.documents import body_of, names_by_id
from app.views.policy_tree import policy_rows
from app.widgets.layout import flash, heading, heading_with_room, says
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_COLUMNS = (
    Column("name", "Policy", "title"),
    Column("severity", "Severity"),
    Column("strikes", "Strike weight", "number", "right"),
    Column("updated", "Changed", "time"),
)


_SEVERITIES = ("NONE", "LOW", "MEDIUM", "HIGH", "SEVERE")


def show() -> None:
    flash()
    policies = winnow().configured("policies")
    if asked("id"):
        head = {} if asked("id") == "new" else winnow().configuration("policies", asked("id"))
        _edit(head, names_by_id(p for p in policies if p["id"] != head.get("id")))
        return
    room = heading_with_room("Policies")
    if may("MANAGE_POLICIES") and room.button("New policy", icon=":material/add:"):
        go("policies", id="new")
    if not policies:
        empty(
            "No policy yet",
            "A policy says what is not allowed. Decisions and rules name the policies they "
            "enforce, and every figure can be told by policy.",
        )
        return
    rows = policy_rows(policies, lambda p: href("policies", id=p))
    opened = link_table(rows, _COLUMNS, key="policies")
    if opened:
        go("policies", id=opened)


def _edit(head: Document, others: dict[str, str]) -> None:
    link("policies", "All policies", icon=":material/arrow_back:")
    heading(str(head.get("name") or "New policy"))
    off = not may("MANAGE_POLICIES")
    with st.form("policy"):
        left, right = st.columns([2, 1], gap="medium")
        name = left.text_input("Name", head.get("name", ""), max_chars=200, disabled=off)
        text = left.text_area("Policy", head.get("text", ""), height=150, disabled=off)
        guide = left.text_area(
            "Guidance for reviewers", head.get("guidelines", ""), height=110, disabled=off
        )
        parents = ["", *others]
        parent = right.selectbox(
            "Part of",
            parents,
            index=parents.index(head["parentId"]) if head.get("parentId") in others else 0,
            format_func=lambda p: others.get(p, "(stands alone)"),
            disabled=off,
        )
        severity = right.select_slider(
            "Severity", _SEVERITIES, head.get("severity") or "NONE", disabled=off
        )
        weight = right.number_input(
            "Strike weight",
            0,
            1000,
            head.get("strikeWeight"),
            placeholder="as its parent",
            disabled=off,
        )
        if st.form_submit_button("Save", type="primary", disabled=off):
            document = {**body_of(head), "name": name, "text": text, "guidelines": guide}
            document |= {"parentId": parent or None, "severity": severity, "strikeWeight": weight}
            _save(head, document)


def _save(head: Document, document: Document) -> None:
    with told():
        if head:
            version = head.get("version")
            winnow().update("policies", str(head["id"]), document, expected_version=version)
        else:
            winnow().create("policies", document)
        says(f"{document['name']} saved.")
        go("policies")
