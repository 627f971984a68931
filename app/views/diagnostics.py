"""What is wrong with a rule's text, shown in place."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Diagnostic


def diagnostics_html(text: str, diagnostics: Sequence[Diagnostic]) -> str:
    lines = text.split("\n")
    return "".join(_problem(lines, diagnostic) for diagnostic in diagnostics)


def warnings_html(canonical: str, warnings: Sequence[Diagnostic]) -> str:
    """What is probably not meant. canonical: the text that the places are in."""
    lines = canonical.split("\n")
    return "".join(_problem(lines, warning, "w-problem w-warn") for warning in warnings)


def _problem(lines: Sequence[str], diagnostic: Diagnostic, style: str = "w-problem") -> str:
    at = diagnostic.line - 1
    line = lines[at] if 0 <= at < len(lines) else ""
    pointed = ""
    if line.strip():
        column = max(0, diagnostic.column - 1)
        begin = max(0, column - 60)
        caret = " " * (column - begin) + "^" * max(1, min(diagnostic.length, 60))
        pointed = f"<pre>{escape(line[begin : begin + 120])}\n{caret}</pre>"
    hint = f'<div class="w-quiet">{escape(diagnostic.hint)}</div>' if diagnostic.hint else ""
    where = f"line {diagnostic.line}, column {diagnostic.column}"
    return (
        f'<div class="{style}"><b>{escape(diagnostic.message)}</b> '
        f'<span class="w-quiet">{where}</span>{pointed}{hint}</div>'
    )


def gutter_marks(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Marks for the editor's gutter; rows and columns count from 0 there."""
    return [
        {
            "row": diagnostic.line - 1,
            "column": diagnostic.column - 1,
            "type": "error",
            "text": f"{diagnostic.message} {diagnostic.hint}".strip(),
        }
        for diagnostic in diagnostics
    ]
