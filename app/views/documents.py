"""Configuration documents as the console handles them: heads with their metadata, and bodies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UUID = 36
_METADATA = {
    "id",
    "version",
    "updatedAt",
    "updatedBy",
    "updatedByName",
    "createdAt",
    "deleted",
    "problem",
}


def body_of(head: Mapping[str, Any]) -> dict[str, Any]:
    """What may be sent back: the document without what the server adds to it."""
    return {key: value for key, value in head.items() if key not in _METADATA}


def names_by_id(heads: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Id -> name, in the order of names."""
    pairs = sorted(
        ((str(h["id"]), str(h.get("name", ""))) for h in heads), key=lambda p: p[1].lower()
    )
    return dict(pairs)


def pretty(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def person(actor: object, name: object = "") -> str:
    """Who an actor such as `user:<id>` is; a colleague without a name keeps a short id."""
    if name and name != actor:
        return str(name)
    kind, _, identity = str(actor or "").partition(":")
    if kind != "user":
        return str(actor or "")
    return f"colleague {identity[:8]}" if len(identity) == _UUID else identity
