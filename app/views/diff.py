"""What changed between two versions, as HTML."""

from __future__ import annotations

import difflib
from html import escape
from typing import TYPE_CHECKING, Any

from app.views.documents import pretty

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLASSES = {"+": "add", "-": "del", " ": ""}


def diff_html(before: str, after: str) -> str:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    shown = (
        f'<div class="{_CLASSES[line[0]]}">{escape(line) or "&nbsp;"}</div>'
        for line in lines
        if line[0] in _CLASSES
    )
    return '<div class="w-diff">' + "".join(shown) + "</div>"


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """The two documents cut down to the keys that differ, a rule's condition as plain text."""
    keys = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    return _lines(before, keys), _lines(after, keys)


def _lines(document: Mapping[str, Any], keys: list[str]) -> str:
    parts = []
    for key in keys:
        value = document.get(key)
        text = value if isinstance(value, str) else pretty(value)
        indented = "\n".join(f"  {line}" for line in text.splitlines())
        parts.append(f"{key}:\n{indented}")
    return "\n".join(parts)
