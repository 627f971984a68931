"""What became of an item, as HTML: evaluations, actions and jobs, latest first."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from app.views.documents import person, pretty
from app.views.figures import moment, parsed
from app.views.item_card import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST = 50
_OUTCOMES = {"TRUE": "", "UNKNOWN": " (could not be told)"}


def listed(rows: Sequence[Mapping[str, Any]], one: Callable[[Mapping[str, Any]], str]) -> str:
    if not rows:
        return '<p class="w-quiet">None.</p>'
    return '<div class="w-list">' + "".join(map(one, rows[:MOST])) + "</div>"


def _at(row: Mapping[str, Any], key: str) -> str:
    return f'<span class="w-quiet">{escape(moment(parsed(row.get(key))))}</span>'


def submission(row: Mapping[str, Any]) -> str:
    data = row.get("data") or {}
    whole = f'<p class="w-rule">{escape(pretty(data))}</p>'
    return (
        f'<div>{_at(row, "arrivedAt")}<p dir="auto">{brief(data)}</p>'
        f'<details class="w-quiet"><summary>All fields</summary>{whole}</details></div>'
    )


def evaluation(row: Mapping[str, Any], rules: Mapping[str, str]) -> str:
    outcomes = row.get("outcomes") or []
    said = ", ".join(_outcome(one, rules) for one in outcomes) or "No rule matched"
    version = f"configuration {row.get('configVersion')}"
    return (
        f"<div><b>{said}</b> {_at(row, 'arrivedAt')} "
        f'<span class="w-quiet">· {escape(version)}</span></div>'
    )


def _outcome(one: Mapping[str, Any], rules: Mapping[str, str]) -> str:
    rule_id, held = str(one.get("ruleId", "")), one.get("held")
    name = rules.get(rule_id, rule_id) + _OUTCOMES.get(str(one.get("outcome")), "")
    notes = [str(one["status"]).lower()] if one.get("status") not in (None, "LIVE") else []
    notes += [str(held).replace("_", " ").lower()] if held else []
    return escape(name + (f" ({', '.join(notes)})" if notes else ""))


def action(row: Mapping[str, Any]) -> str:
    who = person(row.get("actor"), row.get("actorName"))
    source = str(row.get("source", "")).replace("-", " ").replace("_", " ").lower()
    under = ", ".join(str(p.get("name")) for p in row.get("policies") or [] if p.get("name"))
    return (
        f"<div><b>{escape(str(row.get('actionName') or row.get('actionId')))}</b> "
        f'<span class="w-quiet">{escape(who)}{" · " if source else ""}{escape(source)} · '
        f"{escape(moment(parsed(row.get('createdAt'))))}</span>"
        + (f"<p>{escape(under)}</p>" if under else "")
        + "</div>"
    )


def job(row: Mapping[str, Any], queues: Mapping[str, str], href: str) -> str:
    """href: of the job's page; empty for those who may not open it."""
    queue = escape(queues.get(str(row.get("queueId")), str(row.get("queueId"))))
    name = f'<a href="{escape(href)}" target="_self">{queue}</a>' if href else queue
    kind = {"DEFAULT": "", "APPEAL": " · appeal"}.get(str(row.get("kind")), f" · {row.get('kind')}")
    ended = f" · decided {moment(parsed(row['decidedAt']))}" if row.get("decidedAt") else ""
    return (
        f"<div><b>{name}</b> {escape(str(row.get('state', '')))}{escape(kind)} "
        f'{_at(row, "enqueuedAt")}<span class="w-quiet">{escape(ended)}</span></div>'
    )
