"""Routing rules as people read them: each in its place, and where a tried item would go."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from app.views.job_parts import routing_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.casework import Route
    from app.winnow_client.model import Document

KINDS = {"DEFAULT": "Jobs", "APPEAL": "Appeals", "NCMEC": "Child safety"}
STATUSES = {"LIVE": "Live", "SHADOW": "Shadow", "PAUSED": "Off"}
SOURCES = {
    "post-items": "an item that was sent",
    "submit-report": "a report",
    "submit-appeal": "an appeal",
    "post-actions": "an action of the platform",
    "mrt-decision": "a decision",
    "post-content": "content sent by name",
    "user-strike-action-execution": "a strike threshold",
}
_DEFAULTS = {"DEFAULT": "isDefault", "APPEAL": "isAppealsDefault", "NCMEC": "isChildSafetyDefault"}
_BODY = ("name", "description", "status", "kind", "position", "itemTypeIds", "where", "queueId")


def kind_named(name: str) -> str:
    """The kind that an address names; jobs where it names none."""
    return next((kind for kind, each in KINDS.items() if each == name), "DEFAULT")


def in_order(rules: Sequence[Document], kind: str) -> list[Document]:
    """Those of one kind, as they are asked."""
    of_kind = [rule for rule in rules if rule.get("kind", "DEFAULT") == kind]
    return sorted(of_kind, key=lambda rule: (rule.get("position") or 0, str(rule["id"])))


def moved(ids: Sequence[str], rule_id: str, step: int) -> list[str]:
    """The ids with one of them that many places further; it stays within the list."""
    others = [one for one in ids if one != rule_id]
    place = min(max(list(ids).index(rule_id) + step, 0), len(others))
    return [*others[:place], rule_id, *others[place:]]


def is_on(rule: Mapping[str, Any]) -> bool:
    return rule.get("status", "LIVE") in {"LIVE", "SHADOW"}


def changed(rule: Mapping[str, Any], **changes: object) -> Document:
    """The rule as it may be saved again."""
    return {key: rule[key] for key in _BODY if key in rule} | changes


def default_queue(queues: Sequence[Document], kind: str) -> str:
    """Where the rest of a kind goes; without a queue for it, the default one."""
    for mark in (_DEFAULTS[kind], _DEFAULTS["DEFAULT"]):
        for queue in queues:
            if queue.get(mark):
                return str(queue.get("name", ""))
    return ""


def rule_html(rule: Document, queues: Mapping[str, str], types: Mapping[str, str]) -> str:
    queue_id = str(rule.get("queueId", ""))
    of = ", ".join(types.get(str(one), str(one)) for one in rule.get("itemTypeIds", []))
    status = str(rule.get("status", "LIVE"))
    mark = "" if status == "LIVE" else f' <span class="w-tag">{_status(status)}</span>'
    where = " ".join(str(rule.get("where", "")).split())
    faded = "" if is_on(rule) else ' class="w-off"'
    return (
        f"<div{faded}><span>→ <b>{escape(queues.get(queue_id, queue_id))}</b></span>{mark} "
        f'<span class="w-quiet">· {escape(of or "no item type")}</span>'
        f'<p class="w-rule w-two">{escape(where)}</p></div>'
    )


def _status(status: str) -> str:
    return escape(STATUSES.get(status, status.capitalize()))


def rest_html(queue: str) -> str:
    where = f"→ <b>{escape(queue)}</b>" if queue else "nowhere: no queue is the default"
    rest = '<span class="w-quiet">Everything else</span>'
    return f'<div class="w-line">{rest}<span>{where}</span></div>'


def route_html(route: Route) -> str:
    """Where it would go, which rule says so, and what every rule said."""
    queue = route.queue_name or "no queue: none is the default"
    why = (
        f"<b>{escape(route.rule_name or route.rule_id)}</b> held."
        if route.rule_id
        else "No rule held, so the default queue takes it."
        if route.trail
        else "No rule is for this type of item, so the default queue takes it."
    )
    steps = routing_steps(route.trail)
    return f'<p class="w-goes">→ <b>{escape(queue)}</b></p><p class="w-label">{why}</p>' + (
        f'<ul class="w-quiet w-steps">{steps}</ul>' if steps else ""
    )
