"""Routing: which queue a new job goes to, rule by rule, and trying it with an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, link
from app.screens.routing_rule import show_rule
from app.screens.routing_trial import show_trial
from app.session import may, winnow
from app.views.documents import names_by_id
from app.views.routing import (
    KINDS,
    changed,
    default_queue,
    in_order,
    is_on,
    moved,
    rest_html,
    rule_html,
)
from app.widgets.layout import flash, heading_with_room, says
from app.widgets.messages import empty, plain, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

EDIT = "MANAGE_ROUTING_RULES"


def show() -> None:
    flash()
    types, queues = winnow().configured("item-types"), winnow().configured("queues")
    if asked("id"):
        show_rule(asked("id"), types, queues, editable=may(EDIT))
        return
    room = heading_with_room("Routing", "The first rule that holds says which queue a job goes to.")
    kind = _kind()
    ready = bool(types and queues)
    if may(EDIT) and ready and room.button("New rule", icon=":material/add:", key="new-rule"):
        go("routing", id="new", kind=KINDS[kind])
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        _rules(kind, types, queues)
    with right:
        if ready and may("VIEW_MRT"):
            show_trial(kind, types)


def _kind() -> str:
    chosen = st.segmented_control(
        "Routed are",
        list(KINDS),
        default="DEFAULT",
        required=True,
        format_func=lambda k: KINDS[k],
        key="kind",
        bind="query-params",
        label_visibility="collapsed",
    )
    return str(chosen or "DEFAULT")


def _rules(kind: str, types: list[Document], queues: list[Document]) -> None:
    rules = in_order(winnow().configured("routing-rules"), kind)
    rest = default_queue(queues, kind)
    if not rules:
        _none_yet(kind, rest)
        return
    names, of = names_by_id(queues), names_by_id(types)
    order = [str(rule["id"]) for rule in rules]
    for place, rule in enumerate(rules):
        with st.container(border=True, key=f"route-{place}"):
            _row(place, rule, order, rule_html(rule, names, of))
    with st.container(border=True, key="route-rest"):
        st.html(rest_html(rest))


def _none_yet(kind: str, rest: str) -> None:
    where = f"to **{plain(rest)}**" if rest else "nowhere: no queue is the default"
    then = (
        "Make a rule above to send some of them elsewhere: a condition over the item, and a queue."
        if may(EDIT)
        else "Whoever manages routing can send some of them elsewhere."
    )
    empty("No routing rule yet", f"All {KINDS[kind].lower()} go {where}. {then}")


def _row(place: int, rule: Document, order: list[str], shown: str) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="stretch"):
            name = f"{place + 1}. {plain(str(rule.get('name', '')))}"
            link("routing", name, icon=":material/edit:", id=order[place])
        if may(EDIT):
            with st.container(width="content", horizontal=True, gap="small"):
                _buttons(place, rule, order)
    st.html(shown)


def _buttons(place: int, rule: Document, order: list[str]) -> None:
    kind, rule_id = str(rule.get("kind", "DEFAULT")), order[place]
    for name, icon, step, last in (
        ("Up", "upward", -1, 0),
        ("Down", "downward", 1, len(order) - 1),
    ):
        pressed = st.button(
            "",
            icon=f":material/arrow_{icon}:",
            key=f"{name.lower()}-{place}",
            help=f"{name}: asked {'earlier' if step < 0 else 'later'}",
            disabled=place == last,
        )
        if pressed:
            with told():
                winnow().casework.order_routing_rules(kind, moved(order, rule_id, step))
                st.rerun()
    on = is_on(rule)
    if st.button("Switch off" if on else "Switch on", key=f"switch-{place}"):
        with told():
            document = changed(rule, status="PAUSED" if on else "LIVE")
            winnow().update(
                "routing-rules", rule_id, document, expected_version=rule.get("version")
            )
            says(f"{rule.get('name')} is {'off' if on else 'on'}.")
            st.rerun()
