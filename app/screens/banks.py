"""Text banks: lists of words and patterns that rules name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, href, link
from app.session import may, winnow
from app.views.bank_terms import MODES, joined, pasted, read_csv, to_csv
from app.views.bank_trial import trial_html
from app.views.documents import body_of, person
from app.widgets.layout import flash, heading, heading_with_room, says
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_COLUMNS = (
    Column("name", "Bank", "title"),
    Column("terms", "Entries", "number", "right"),
    Column("owner", "Changed by"),
    Column("updated", "Changed", "time"),
)


def show() -> None:
    flash()
    if asked("id"):
        _bank(winnow().configuration("banks", asked("id")))
        return
    room = heading_with_room("Banks", "Words that rules look for: matches(text, 'bank name').")
    banks = winnow().configured("banks")
    if may("MUTATE_NON_LIVE_RULES"):
        with room:
            _new()
    if not banks:
        empty("No bank yet", "Make one above and paste the words, one a line.")
        return
    opened = link_table([_row(bank) for bank in banks], _COLUMNS, key="banks")
    if opened:
        go("banks", id=opened)


def _row(bank: Document) -> Document:
    return {
        "_id": bank["id"],
        "_href": href("banks", id=str(bank["id"])),
        "name": {"text": bank.get("name", ""), "note": bank.get("description", "")},
        "terms": len(bank.get("terms", [])),
        "owner": person(bank.get("updatedBy"), bank.get("updatedByName")) or None,
        "updated": bank.get("updatedAt"),
    }


def _new() -> None:
    with st.popover("New bank", icon=":material/add:"), st.form("new-bank", border=False):
        name = st.text_input("Name", max_chars=200)
        description = st.text_input("What it is for")
        words = st.text_area("Words, one a line", height=140)
        if st.form_submit_button("Create", type="primary"):
            with told():
                document = {"name": name, "description": description}
                made = winnow().create("banks", {**document, "terms": pasted(str(words), "word")})
                go("banks", id=str(made["id"]))


def _bank(bank: Document) -> None:
    link("banks", "All banks", icon=":material/arrow_back:")
    heading(str(bank.get("name", "")), str(bank.get("description", "")))
    editable = may("MUTATE_NON_LIVE_RULES")
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        _entries(bank, editable=editable)
    with right:
        _test_box(bank)
        if editable:
            _paste(bank)
            _upload(bank)
        st.download_button(
            "Download CSV",
            to_csv(bank.get("terms", [])),
            f"{bank.get('name', 'bank')}.csv",
            "text/csv",
            icon=":material/download:",
        )


def _entries(bank: Document, *, editable: bool) -> None:
    key = f"terms-{bank['id']}-{bank.get('version')}"
    edited = st.data_editor(
        bank.get("terms", []) or [{"text": "", "mode": "word", "note": ""}],
        num_rows="dynamic",
        disabled=not editable,
        hide_index=True,
        height=430,
        key=key,
        column_order=("text", "mode", "note"),
        column_config={
            "text": st.column_config.TextColumn("Entry", width="medium", required=True),
            "mode": st.column_config.SelectboxColumn("Mode", options=list(MODES), default="word"),
            "note": st.column_config.TextColumn("Note"),
        },
    )
    if editable and st.button("Save", type="primary", shortcut="Ctrl+S", key=f"save-{key}"):
        rows = [{k: str(row.get(k) or "") for k in ("text", "mode", "note")} for row in edited]
        terms = [{**row, "mode": row["mode"] or "word"} for row in rows if row["text"].strip()]
        _save(bank, terms, "Edited")


def _save(bank: Document, terms: list[dict[str, str]], reason: str) -> None:
    with told():
        winnow().update(
            "banks",
            str(bank["id"]),
            {**body_of(bank), "terms": terms},
            reason=reason,
            expected_version=bank.get("version"),
        )
        says(f"Saved: {len(terms):,} entries.")
        st.rerun()


def _paste(bank: Document) -> None:
    box = st.expander("Paste entries", icon=":material/content_paste:")
    with box.form("paste", clear_on_submit=True, border=False):
        text = st.text_area("One a line", height=120)
        mode = st.segmented_control("Mode", MODES, default="word", required=True)
        if st.form_submit_button("Add") and text.strip():
            terms = joined(bank.get("terms", []), pasted(text, str(mode)))
            _save(bank, terms, "Pasted entries")


def _upload(bank: Document) -> None:
    with st.expander("Upload CSV", icon=":material/upload_file:"):
        given = st.file_uploader("Columns: text, mode, note", type=["csv", "txt"])
        if given is not None and st.button("Add these entries"):
            try:
                more = read_csv(given.getvalue().decode("utf-8"))
            except (ValueError, UnicodeDecodeError) as error:
                st.error(f"{given.name}: {error}")
                return
            _save(bank, joined(bank.get("terms", []), more), f"Uploaded {given.name}")


def _test_box(bank: Document) -> None:
    with st.container(border=True):
        text = st.text_area("Try a text on the saved bank", height=90, key="bank-test")
        if text.strip():
            with told():
                st.html(trial_html(text, winnow().try_bank(str(bank["id"]), text)))
