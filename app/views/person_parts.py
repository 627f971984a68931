"""Strikes and labels as HTML, and why a rule held."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app.views.documents import person
from app.views.figures import count, moment

if TYPE_CHECKING:
    from datetime import datetime

    from app.winnow_client.persons import Explanation, Label, Strike, Strikes

_SAID = {True: "It held.", False: "It did not hold.", None: "It could not be told."}


def strikes_html(record: Strikes) -> str:
    if not record.items:
        return '<p class="w-quiet">No strike so far.</p>'
    total = "One strike holds" if record.total == 1 else f"{count(record.total)} strikes hold"
    rows = "".join(map(_strike, record.items))
    return f'<p class="w-label"><b>{total} now.</b></p><div class="w-list">{rows}</div>'


def _strike(strike: Strike) -> str:
    amount = f"{strike.amount:+g}"
    cause = f" for <code>{escape(strike.item_id)}</code>" if strike.item_id else ""
    over = _over(strike.expires_at, strike.revoked_at, "revoked", holds=strike.holds)
    reason = f'<p dir="auto">{escape(strike.reason)}</p>' if strike.reason else ""
    return (
        f"<div><b>{amount}</b> {escape(strike.policy_name or 'No policy')}{cause} "
        f'<span class="w-quiet">{escape(person(strike.actor, strike.actor_name))}, '
        f"{escape(moment(strike.at))}{over}</span>{reason}</div>"
    )


def label_chips(labels: list[Label]) -> str:
    """Those that hold now, in a line."""
    names = dict.fromkeys(label.name for label in labels if label.holds)
    return "".join(f'<span class="w-chip">{escape(name)}</span>' for name in names)


def labels_html(labels: list[Label]) -> str:
    if not labels:
        return '<p class="w-quiet">No label. Rules ask for them with <code>has_label()</code>.</p>'
    return '<div class="w-list">' + "".join(map(_label, labels)) + "</div>"


def _label(label: Label) -> str:
    over = _over(label.expires_at, label.withdrawn_at, "taken off", holds=label.holds)
    reason = f'<p dir="auto">{escape(label.reason)}</p>' if label.reason else ""
    return (
        f'<div><b>{escape(label.name)}</b> <span class="w-quiet">'
        f"{escape(person(label.actor, label.actor_name))}, {escape(moment(label.at))}{over}"
        f"</span>{reason}</div>"
    )


def _over(expires: datetime | None, ended: datetime | None, verb: str, *, holds: bool) -> str:
    if ended is not None:
        return f" · {verb} {escape(moment(ended))}"
    if expires is None:
        return ""
    return f" · {'until' if holds else 'over since'} {escape(moment(expires))}"


def explanation_html(told: Explanation) -> str:
    lines = [told.counterfactual, told.note]
    notes = "".join(f'<p class="w-quiet">{escape(line)}</p>' for line in lines if line)
    return (
        f'<p><b>{_SAID[told.outcome]}</b></p><pre class="w-rule">{escape(told.text)}</pre>{notes}'
    )
