"""The SQL editor: reports what is typed at every pause, marks what is wrong in its gutter."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.components.v1.components import declare_component

if TYPE_CHECKING:
    from collections.abc import Sequence


def sql_editor(
    text: str, *, key: str, marks: Sequence[dict[str, Any]] = (), readonly: bool = False
) -> str:
    """`text` is what it opens with; a new key opens it anew."""
    mount = declare_component("winnow_sql_editor", path=_frontend())
    typed = mount(
        defaultValue=text,
        placeholder="contains(text, 'free money') AND length(text) < 200",
        mode="sql",
        theme="tomorrow_night" if st.context.theme.type == "dark" else "chrome",
        keyboardHandler="vscode",
        minLines=7,
        maxLines=18,
        height=None,
        fontSize=14,
        tabSize=2,
        wrapEnabled=True,
        showGutter=True,
        showPrintMargin=False,
        readOnly=readonly,
        annotations=list(marks),
        markers=[],
        autoUpdate=True,
        key=key,
        default=text,
    )
    return str(typed)


def _frontend() -> Path:
    """Where streamlit-ace keeps its editor.

    Its own Python half registers when it is first imported, with whichever server runs then;
    ours registers at every run.
    """
    found = find_spec("streamlit_ace")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "frontend" / "build"
