"""Records as people paste them: a JSON array, one object, or JSON Lines."""

from __future__ import annotations

import json
from typing import Any


def records_of(text: str) -> list[dict[str, Any]]:
    """The records in a JSON array, a single object, or JSON Lines.

    Raises ValueError, in words for people: which line, and what is wrong with it.
    """
    stripped = text.strip()
    if not stripped:
        raise ValueError("Paste at least one example.")
    try:
        whole = json.loads(stripped)
    except json.JSONDecodeError:
        whole = [_line(n, line) for n, line in enumerate(stripped.splitlines(), 1) if line.strip()]
    records = whole if isinstance(whole, list) else [whole]
    if not records or not all(isinstance(record, dict) for record in records):
        raise ValueError("Each example must be a JSON object: field names and values.")
    return list(records)


def _line(number: int, line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"Line {number}, column {error.colno}: not JSON ({error.msg}).") from error
