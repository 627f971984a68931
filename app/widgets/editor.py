"""The SQL editor: reports what is typed at every pause, marks what is wrong in its gutter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit_ace import st_ace

if TYPE_CHECKING:
    from collections.abc import Sequence


def sql_editor(
    text: str, *, key: str, annotations: Sequence[dict[str, Any]] = (), readonly: bool = False
) -> str:
    """`text` is what it opens with; a new key opens it anew."""
    dark = st.context.theme.type == "dark"
    typed = st_ace(
        value=text,
        placeholder="contains(text, 'free money') AND length(text) < 200",
        language="sql",
        theme="tomorrow_night" if dark else "chrome",
        min_lines=7,
        max_lines=18,
        font_size=14,
        tab_size=2,
        wrap=True,
        show_gutter=True,
        readonly=readonly,
        annotations=list(annotations),
        auto_update=True,
        key=key,
    )
    return str(typed if typed is not None else text)
