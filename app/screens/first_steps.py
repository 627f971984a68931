"""An organisation's first day: an item type, a rule, the first item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import go
from app.screens.infer_type import paste_to_propose
from app.session import may, winnow

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_CURL = """curl -X POST "$WINNOW/api/v1/items/async" \\
  -H "X-API-Key: $WINNOW_API_KEY" -H "Content-Type: application/json" \\
  -d '{{"items": [{{"id": "1", "typeId": "{type_id}",
        "data": {data}}}]}}'"""


def first_steps() -> None:
    types = winnow().configured("item-types")
    own = [one for one in types if one.get("kind") != "USER"]
    rules = winnow().configured("rules")
    st.html('<p class="w-quiet">Three steps, and the first item is judged.</p>')
    _step(1, "Describe an item", done=bool(own))
    if not own and may("MANAGE_ORG"):
        paste_to_propose("first")
    _step(2, "Write a rule", done=bool(rules))
    if own and not rules:
        st.markdown("A rule is one SQL condition over the item's fields.")
        if st.button("Write the first rule", type="primary"):
            go("rule", id="new")
    _step(3, "Send an item", done=False)
    st.code(_example(own[0]) if own else _CURL.format(type_id="…", data="{…}"), language="bash")
    st.caption("Keys for `X-API-Key` are made under **Settings**.")


def _step(number: int, title: str, *, done: bool) -> None:
    mark = ":material/check_circle:" if done else f"{number}."
    st.subheader(f"{mark} {title}", anchor=False)


def _example(item_type: Document) -> str:
    text = [f["name"] for f in item_type.get("fields", []) if f.get("type") == "STRING"][:1]
    data = f'{{"{text[0]}": "free money, click here"}}' if text else "{}"
    return _CURL.format(type_id=item_type["id"], data=data)
