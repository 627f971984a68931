"""Item types: the shape of what a platform sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.screens.infer_type import paste_to_propose
from app.session import may, winnow
from app.widgets.document_editor import document_editor
from app.widgets.layout import flash, heading
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_COLUMNS = (
    Column("name", "Item type", "title"),
    Column("kind", "Kind", "badge"),
    Column("fields", "Fields", "number", "right"),
    Column("id", "Id for the API", "code"),
    Column("version", "Version", "number", "right"),
    Column("updated", "Changed", "time"),
)
_FIELDS = (
    Column("name", "Field", "title"),
    Column("type", "Type", "code"),
    Column("required", "Required"),
    Column("role", "Role"),
)


def show() -> None:
    flash()
    if asked("id"):
        _one(winnow().configuration("item-types", asked("id")))
        return
    heading("Item types", "What your platform sends: posts, messages, profiles, threads.")
    types = winnow().configured("item-types")
    if may("MANAGE_ORG"):
        with st.expander("New item type from examples", icon=":material/add:", expanded=not types):
            paste_to_propose("types")
    if not types:
        empty("No item type yet", "Paste a few of your items above; Winnow proposes the fields.")
        return
    opened = link_table([_row(one) for one in types], _COLUMNS, key="item-types")
    if opened:
        go("item-types", id=opened)


def _row(item_type: Document) -> Document:
    names = ", ".join(str(f["name"]) for f in item_type.get("fields", []))
    return {
        "_id": item_type["id"],
        "_href": href("item-types", id=str(item_type["id"])),
        "name": {"text": item_type.get("name", ""), "note": item_type.get("description") or names},
        "kind": {"text": str(item_type.get("kind", "")).capitalize(), "tone": "soft"},
        "fields": len(item_type.get("fields", [])),
        "id": str(item_type["id"]),
        "version": item_type.get("version"),
        "updated": item_type.get("updatedAt"),
    }


def _one(head: Document) -> None:
    link("item-types", "All item types", icon=":material/arrow_back:")
    heading(str(head.get("name", "")), str(head.get("description", "")))
    st.caption(f"`typeId` for the API: `{head['id']}`")
    shape, definition = st.tabs(["Fields", "Definition"])
    with shape:
        link_table(_field_rows(head), _FIELDS, key="fields", dense=True)
    with definition:
        document_editor("item-types", head, editable=may("MANAGE_ORG"))


def _field_rows(head: Document) -> list[Document]:
    roles = {field: role for role, field in dict(head.get("roles") or {}).items()}
    return [
        {
            "name": {"text": one["name"], "note": one.get("description", "")},
            "type": _type(one),
            "required": "yes" if one.get("required") else None,
            "role": roles.get(one["name"]),
        }
        for one in head.get("fields", [])
    ]


def _type(one: Document) -> str:
    container = one.get("container")
    if not isinstance(container, dict):
        return str(one.get("type", ""))
    kind = container.get("containerType") or container.get("kind") or "ARRAY"
    value = container.get("valueScalarType") or container.get("value") or one.get("type")
    return f"{kind} of {value}"
