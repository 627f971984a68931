"""A bank's terms: as pasted text, as CSV, and tried on a text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from app.views.flip_rows import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Term = dict[str, str]
MODES = ("word", "substring", "regex")


def pasted(text: str, mode: str) -> list[Term]:
    """One term a line; blank lines and repeats are left out."""
    lines = (line.strip() for line in text.splitlines())
    return [{"text": line, "mode": mode, "note": ""} for line in dict.fromkeys(lines) if line]


def read_csv(text: str) -> list[Term]:
    """Columns text, mode, note, with or without a heading. Raises ValueError naming the line."""
    rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    if rows and rows[0][0].strip().lower().lstrip("\ufeff") == "text":
        rows = rows[1:]
    return [_term(number, row) for number, row in enumerate(rows, 1)]


def _term(number: int, row: Sequence[str]) -> Term:
    cells = [*map(str.strip, row), "", ""]
    mode = cells[1].lower() or "word"
    if mode not in MODES:
        raise ValueError(f"Entry {number}: “{cells[1]}” is no mode; use {', '.join(MODES)}.")
    if not cells[0]:
        raise ValueError(f"Entry {number}: the text is missing.")
    return {"text": cells[0].removeprefix("'"), "mode": mode, "note": cells[2]}


def to_csv(terms: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["text", "mode", "note"])
    for term in terms:
        row = (term.get("text", ""), term.get("mode", "word"), term.get("note", ""))
        table.writerow([safe(str(cell)) for cell in row])
    return out.getvalue()


def joined(known: Sequence[Term], more: Sequence[Term]) -> list[Term]:
    """Both lists; an entry with the same text and mode is kept once, the newer note wins."""
    merged = {(t["text"], t.get("mode", "word")): t for t in known}
    merged.update({(t["text"], t["mode"]): t for t in more})
    return list(merged.values())
