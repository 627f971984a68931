"""The parts every page is made of."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator


def heading(title: str, note: str = "") -> None:
    st.title(title, anchor=False)
    if note:
        st.html(f'<p class="w-quiet">{escape(note)}</p>')


def heading_with_room(title: str, note: str = "") -> DeltaGenerator:
    """A heading, and a place at its right end for buttons and filters."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="stretch"):
            heading(title, note)
        return st.container(
            width="content",
            horizontal=True,
            horizontal_alignment="right",
            vertical_alignment="center",
        )


def figures(values: Sequence[tuple[str, str, str]]) -> str:
    """HTML of large numbers: (number, what it counts, its interval or nothing)."""
    cells = (
        f"<div><b>{escape(value)}</b><span>{escape(label)}</span>"
        + (f"<i>{escape(note)}</i>" if note else "")
        + "</div>"
        for value, label, note in values
    )
    return '<div class="w-figures">' + "".join(cells) + "</div>"


def says(flash: str, *, done: bool = True) -> None:
    """Keeps one sentence for the next run, so that it survives going to another page."""
    icon = ":material/check_circle:" if done else ":material/info:"
    st.session_state["_flash"] = (flash, icon)


def flash() -> None:
    said = st.session_state.pop("_flash", None)
    if said:
        sentence, icon = said
        st.toast(sentence, icon=icon)
