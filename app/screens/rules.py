"""Every rule: is it on, what does it do, how much does it catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import go, href
from app.screens.approvals import waiting_notice
from app.screens.rule_save import show_saved_warnings
from app.session import may, winnow
from app.views.documents import names_by_id
from app.views.rule_rows import STATUSES, chosen, rule_rows
from app.widgets.layout import flash, heading_with_room
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty
from app.winnow_client import ApiError

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_COLUMNS = (
    Column("name", "Rule", "title"),
    Column("status", "Status", "badge"),
    Column("types", "Applies to"),
    Column("actions", "Then"),
    Column("matches", "Matches, 7 days", "share"),
    Column("owner", "Changed by"),
    Column("updated", "Changed", "time"),
)


def show() -> None:
    flash()
    room = heading_with_room("Rules")
    if may("MUTATE_NON_LIVE_RULES") and room.button(
        "New rule", type="primary", icon=":material/add:"
    ):
        go("rule", id="new")
    show_saved_warnings()
    waiting_notice()
    rules = winnow().configured("rules")
    types = names_by_id(winnow().configured("item-types"))
    if not rules:
        empty(
            "No rule yet",
            "A rule is one SQL condition over an item. Press **New rule**, write "
            "`contains(text, 'free money')` and see at once what it would have matched.",
        )
        return
    shown = _filtered(rules, types)
    opened = link_table(
        rule_rows(
            shown,
            types=types,
            actions=names_by_id(winnow().configured("actions")),
            matches=_matches(),
            href=lambda rule: href("rule", id=rule),
        ),
        _COLUMNS,
        key="rules",
    )
    st.caption(f"{len(shown)} of {len(rules)} rules")
    if opened:
        go("rule", id=opened)


def _filtered(rules: list[Document], types: dict[str, str]) -> list[Document]:
    search, status, kind = st.columns([2, 2.4, 1.3], vertical_alignment="bottom")
    text = search.text_input(
        "Search",
        key="q",
        type="search",
        live=True,
        placeholder="Name, condition or tag",
        bind="query-params",
        label_visibility="collapsed",
    )
    wanted = status.segmented_control(
        "Status",
        STATUSES,
        format_func=str.capitalize,
        key="status",
        bind="query-params",
        label_visibility="collapsed",
    )
    type_id = kind.selectbox(
        "Item type",
        ["", *types],
        format_func=lambda t: types.get(t, "All item types"),
        key="type",
        bind="query-params",
        label_visibility="collapsed",
    )
    return [dict(r) for r in chosen(rules, text=text or "", status=wanted, type_id=type_id)]


def _matches() -> dict[str, int]:
    """Matches of the last week by rule; none for those who may not see figures."""
    try:
        by_rule = winnow().overview(7).matches_by_rule
    except ApiError:
        return {}
    return {str(one.get("ruleId")): int(one.get("matches") or 0) for one in by_rule}
