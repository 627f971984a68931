"""The items two rules disagree about, as rows of a table and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Flip = Mapping[str, Any]
_TRUTHS = {
    "True": {"text": "violating", "tone": "bad"},
    "False": {"text": "fine", "tone": "good"},
    "None": None,
}


def flip_rows(flips: Sequence[Flip]) -> list[dict[str, Any]]:
    return [
        {
            "_id": _item_id(flip),
            "change": {"text": "now matches", "tone": "warn"}
            if flip.get("added")
            else {"text": "no longer", "tone": "soft"},
            "item": {"text": _told(flip), "note": _item_id(flip)},
            "truth": _TRUTHS[str(flip.get("truth"))],
            "when": flip.get("arrivedAt"),
        }
        for flip in flips
    ]


def _item_id(flip: Flip) -> str:
    return str(flip.get("itemId") or "")


def _told(flip: Flip, most: int = 180) -> str:
    data = flip.get("data") or {}
    texts = [v for v in data.values() if isinstance(v, str)]
    text = max(texts, key=len) if texts else json.dumps(data, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 1] + "…"


def flips_csv(flips: Sequence[Flip]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["item_id", "change", "arrived_at", "data"])
    for flip in flips:
        change = "added" if flip.get("added") else "removed"
        data = json.dumps(flip.get("data") or {}, ensure_ascii=False)
        table.writerow([safe(_item_id(flip)), change, flip.get("arrivedAt", ""), safe(data)])
    return out.getvalue()


def safe(text: str) -> str:
    """A cell that a spreadsheet takes for text, whatever it begins with."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
