"""What changed between two documents: by key, and as a text that is read line by line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_DIFF: Final = 5_000
"""Lines of a unified diff; what goes beyond is left out and said to be."""

CONTEXT: Final = 3


@dataclass(frozen=True)
class Changed:
    """before, after: JSON values; None where the key is missing."""

    key: str
    before: object
    after: object


@dataclass(frozen=True)
class Difference:
    """text: a unified diff of the two documents as texts; empty where nothing changed."""

    changes: tuple[Changed, ...]
    text: str


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    """Keys in the order of the later document, then those that are gone."""
    keys = [key for key in (*after, *(k for k in before if k not in after)) if key != "schema"]
    changes = tuple(
        Changed(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )
    return Difference(changes, unified(before, after) if changes else "")


def unified(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    old, new = text_of(before), text_of(after)
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    shown = max(start - CONTEXT, 0)
    old_part = old[shown : len(old) - max(end - CONTEXT, 0)]
    new_part = new[shown : len(new) - max(end - CONTEXT, 0)]
    lines = [_moved(line, shown) for line in difflib.unified_diff(old_part, new_part, lineterm="")]
    cut = len(lines) - LONGEST_DIFF
    told = lines[:LONGEST_DIFF] + ([f"({cut} more lines)"] if cut > 0 else [])
    return "\n".join(told[2:])


def text_of(document: Mapping[str, object]) -> list[str]:
    """One canonical text for one document: a key or an element of a list each on its line.

    A text of several lines, such as a rule's condition, keeps them.
    """
    lines: list[str] = []
    for key, value in document.items():
        if key != "schema":
            lines.extend(_lines(key, value))
    return lines


def _lines(key: str, value: object) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        return [f"{key}:", *(f"  {line}" for line in value.split("\n"))]
    if isinstance(value, list) and value:
        return [f"{key}:", *(f"  - {_plain(each)}" for each in value)]
    if isinstance(value, Mapping) and value:
        return [f"{key}:", *(f"  {name}: {_plain(each)}" for name, each in value.items())]
    return [f"{key}: {value if isinstance(value, str) else _plain(value)}"]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _alike(left: list[str], right: list[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(left), len(right)))


def _moved(line: str, by: int) -> str:
    """A hunk's heading, counted from the whole text's first line."""
    if not line.startswith("@@ ") or by == 0:
        return line
    _, old, new, _ = line.split(" ", 3)
    return f"@@ {_shifted(old, by)} {_shifted(new, by)} @@"


def _shifted(place: str, by: int) -> str:
    number, comma, count = place[1:].partition(",")
    return f"{place[0]}{int(number) + by}{comma}{count}"
