"""Policies as an indented tree in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Policy = Mapping[str, Any]
_INDENT = "\u2003"


def in_tree_order(policies: Sequence[Policy]) -> list[tuple[int, Policy]]:
    """(depth, policy), each under its parent; one whose parent is unknown stands at the top."""
    known = {str(p["id"]) for p in policies}
    children: dict[str, list[Policy]] = {}
    for policy in sorted(policies, key=lambda p: str(p.get("name", "")).lower()):
        parent = str(policy.get("parentId") or "")
        children.setdefault(parent if parent in known else "", []).append(policy)
    ordered: list[tuple[int, Policy]] = []
    waiting = [(0, p) for p in reversed(children.get("", []))]
    while waiting:
        depth, policy = waiting.pop()
        ordered.append((depth, policy))
        below = children.get(str(policy["id"]), [])
        waiting.extend((depth + 1, child) for child in reversed(below))
    return ordered


def policy_rows(policies: Sequence[Policy], href: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "_id": policy["id"],
            "_href": href(str(policy["id"])),
            "name": {
                "text": _INDENT * depth + str(policy.get("name", "")),
                "note": _INDENT * depth + str(policy.get("text") or ""),
            },
            "severity": str(policy.get("severity") or "none").capitalize(),
            "strikes": policy.get("strikeWeight"),
            "updated": policy.get("updatedAt"),
        }
        for depth, policy in in_tree_order(policies)
    ]
