"""Trying the routing with an item: which queue it would go to, and what each rule said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.views.documents import names_by_id
from app.views.records import records_of
from app.views.routing import SOURCES, route_html
from app.widgets.messages import plain, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_EXAMPLES = {"STRING": "text", "NUMBER": 1, "BOOLEAN": True}
_USUAL = {"DEFAULT": "post-items", "APPEAL": "submit-appeal", "NCMEC": "submit-report"}


@st.fragment
def show_trial(kind: str, types: list[Document]) -> None:
    of = {str(one["id"]): one for one in types if kind != "NCMEC" or one.get("kind") == "USER"}
    st.subheader("Try it with an item", anchor=False)
    if not of:
        st.caption("Child-safety jobs are about people: describe a type of user first.")
        return
    type_id = st.selectbox(
        "Type", list(of), format_func=lambda t: str(of[t].get("name", t)), key=f"try-type-{kind}"
    )
    with st.form(f"try-{kind}"):
        item_id = st.text_input("Id of an item that was sent", key=f"try-id-{kind}")
        text = st.text_area(
            "or its fields, as JSON", key=f"try-data-{kind}", placeholder=_example(of[type_id])
        )
        policies = names_by_id(winnow().configured("policies"))
        under = st.multiselect(
            "Opened for", list(policies), format_func=lambda p: policies[p], placeholder="No policy"
        )
        sources = list(SOURCES)
        source = st.selectbox(
            "Opened by", sources, sources.index(_USUAL[kind]), format_func=lambda s: SOURCES[s]
        )
        wanted = st.form_submit_button("Try", icon=":material/alt_route:")
    if not wanted:
        return
    trial: Document = {"kind": kind, "policyIds": under, "source": source}
    try:
        trial |= _item(item_id, text)
    except ValueError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    with told():
        st.html(route_html(winnow().casework.try_routing(str(type_id), trial)))


def _item(item_id: str, text: str) -> Document:
    """Raises ValueError, in words for people."""
    if item_id.strip():
        return {"itemId": item_id.strip()}
    if not text.strip():
        raise ValueError("Name an item that was sent, or give the fields of one.")
    found = records_of(text)
    if len(found) != 1:
        raise ValueError("Give the fields of one item.")
    return {"data": found[0]}


def _example(item_type: Document) -> str:
    first = item_type.get("fields", [])[:2]
    return json.dumps({one["name"]: _EXAMPLES.get(one["type"], "…") for one in first})
