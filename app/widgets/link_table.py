"""A table whose rows lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

_ASSETS = Path(__file__).parents[1] / "assets"
_HTML = '<div id="table"></div>'
_JS = (_ASSETS / "link_table.js").read_text("utf-8")
_CSS = (_ASSETS / "link_table.css").read_text("utf-8")

Kind = Literal["text", "title", "badge", "badges", "number", "time", "spark", "share", "code"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """kind: what a row holds under `key`.

    A text, a number, an ISO time, {text, note} for a title, {text, tone} for a badge,
    {part, text} for a share, numbers for a spark.
    """

    key: str
    label: str
    kind: Kind = "text"
    align: Literal["", "right"] = ""
    width: str = ""


def link_table(
    rows: Sequence[Row], columns: Sequence[Column], *, key: str, dense: bool = False
) -> str | None:
    """The `_id` of the row just opened, or None. A row's `_href` lets it open in a new tab."""
    mount = st.components.v2.component("winnow_link_table", html=_HTML, css=_CSS, js=_JS)
    data = {
        "rows": [dict(row) for row in rows],
        "columns": [asdict(column) for column in columns],
        "dense": dense,
    }
    opened = mount(data=data, key=key, on_open_change=_nothing)["open"]
    return str(opened) if opened is not None else None


def badge(text: str, tone: str = "plain") -> dict[str, str]:
    return {"text": text, "tone": tone}


def _nothing() -> None:
    """Streamlit reports a trigger only where a callback is named."""
