"""Rules as rows of a table, and the filters above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.views.documents import person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STATUSES = ("LIVE", "SHADOW", "DRAFT", "PAUSED", "ARCHIVED")
TONES = {"LIVE": "good", "SHADOW": "info", "DRAFT": "soft", "PAUSED": "warn", "ARCHIVED": "soft"}
_RANK = {status: rank for rank, status in enumerate(STATUSES)}


def chosen(
    rules: Sequence[Mapping[str, Any]], *, text: str, status: str | None, type_id: str | None
) -> list[Mapping[str, Any]]:
    """The rules that pass every filter; archived ones only when asked for."""
    return [
        rule
        for rule in rules
        if (rule.get("status") == status if status else rule.get("status") != "ARCHIVED")
        and (not type_id or type_id in rule.get("itemTypeIds", []))
        and _mentions(rule, text)
    ]


def _mentions(rule: Mapping[str, Any], text: str) -> bool:
    searched = (rule.get("name"), rule.get("where"), rule.get("description"))
    words = " ".join([*map(str, searched), *map(str, rule.get("tags", []))]).casefold()
    return all(word in words for word in text.casefold().split())


def rule_rows(
    rules: Sequence[Mapping[str, Any]],
    *,
    types: Mapping[str, str],
    actions: Mapping[str, str],
    matches: Mapping[str, int],
    href: Callable[[str], str],
) -> list[dict[str, Any]]:
    """Live ones first, then the busiest."""
    most = max([1, *matches.values()])

    def rank(rule: Mapping[str, Any]) -> tuple[int, int, str]:
        return (
            _RANK.get(str(rule.get("status")), len(_RANK)),
            -matches.get(str(rule["id"]), 0),
            str(rule.get("name", "")).lower(),
        )

    return [
        {
            **_row(rule, types, actions, matches.get(str(rule["id"]), 0), most, href),
            "owner": person(rule.get("updatedBy"), rule.get("updatedByName")) or None,
        }
        for rule in sorted(rules, key=rank)
    ]


def _row(
    rule: Mapping[str, Any],
    types: Mapping[str, str],
    actions: Mapping[str, str],
    hits: int,
    most: int,
    href: Callable[[str], str],
) -> dict[str, Any]:
    rule_id = str(rule["id"])
    return {
        "_id": rule_id,
        "_href": href(rule_id),
        "name": {
            "text": str(rule.get("name", "")),
            "note": str(rule.get("description") or rule.get("where", "")),
        },
        "status": _status(rule),
        "types": ", ".join(types.get(t, t) for t in rule.get("itemTypeIds", [])),
        "actions": ", ".join(actions.get(a, a) for a in rule.get("actionIds", [])) or None,
        "matches": {"part": hits / most, "text": f"{hits:,}", "order": hits},
        "updated": rule.get("updatedAt"),
    }


def _status(rule: Mapping[str, Any]) -> dict[str, str]:
    status = str(rule.get("status", ""))
    percent = rule.get("rolloutPercent", 100)
    partial = status == "LIVE" and isinstance(percent, int | float) and percent < 100  # noqa: PLR2004
    text = status.capitalize() + (f" {percent:g}%" if partial else "")
    if rule.get("problem"):
        return {"text": f"{text}, broken", "tone": "bad"}
    return {"text": text, "tone": TONES.get(status, "plain")}


def doubts(saved: Mapping[str, Any], examples: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the API says is probably not meant by a rule it saved, a line each."""
    several = len({one.get("itemType") for one in saved.get("warnings", [])}) > 1
    lines = [
        (f"{one.get('itemType')}: " if several else "")
        + f"{one.get('message', '')} {one.get('hint', '')}".strip()
        for one in saved.get("warnings", [])
    ]
    failed = [index for index in saved.get("failedExamples", []) if index < len(examples)]
    notes = [str(examples[index].get("note") or f"example {index + 1}") for index in failed]
    return [*lines, *([f"Examples that do not hold: {', '.join(notes)}."] if notes else [])]
