"""The parts of the job page as HTML: where it comes from, what else there is, what was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from app.views.documents import person
from app.views.figures import age, moment
from app.views.item_card import brief
from app.views.reports import reports_brief

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from app.winnow_client.model import (
        Appeal,
        Challenged,
        Decision,
        Job,
        OtherItem,
        PolicyChoice,
        Routing,
        RoutingStep,
        ShownItem,
        Source,
        Standing,
    )

KEYS = (
    ("1 to 9", "choose an action, or a policy while picking policies"),
    ("Enter", "submit and open the next job"),
    ("i", "ignore: nothing is wrong with it"),
    ("o", "overturn: an appeal is right, what was done is taken back"),
    ("k", "uphold: an appeal is wrong, what was done stands"),
    ("s", "skip: somebody else shall decide"),
    ("p", "pick the policy"),
    ("b", "reveal or hide images and video"),
    ("u", "take the last decision back, for ten seconds"),
    ("?", "this list"),
)
_KINDS = {
    "RULE_EXECUTION": "Rule",
    "REPORT": "Report",
    "POST_ACTIONS": "Action",
    "MRT_JOB": "Moved here",
    "APPEAL": "Appeal",
}
_OUTCOMES = {
    "TRUE": "held",
    "FALSE": "did not hold",
    "UNKNOWN": "could not be told",
    "NOT_RUN": "not asked, another had decided",
    "BROKEN": "not understood for this type of item",
}


def job_line(job: Job, strikes: float = 0, now: datetime | None = None) -> str:
    """strikes: of its author, those that hold."""
    now = now or datetime.now(UTC)
    if job.decided_at is not None:
        since = f"decided {age(job.decided_at, now)} ago"
    else:
        since = f"waiting {age(job.enqueued_at, now)}"
    return (
        f'<div class="w-line"><b>{escape(job.queue_name)}</b>'
        f"<span>{escape(job.item.item_type_name or job.item.item_type_id)} "
        f"<b>{escape(job.item.item_id)}</b></span>{_author(job, strikes)}"
        f"<span>{escape(since)}</span></div>"
    )


def _author(job: Job, strikes: float) -> str:
    if job.creator is None:
        return ""
    many = "1 strike" if strikes == 1 else f"{strikes:g} strikes"
    struck = f' <b class="w-grave">{many}</b>' if strikes else ""
    return f"<span>by <b>{escape(job.creator.item_id)}</b>{struck}</span>"


def reasons(job: Job, standings: Mapping[tuple[str, str], Standing]) -> str:
    """Everything that brought it here; reports as one entry, and each rule once, however often."""
    others = [source for source in job.sources if source.kind != "REPORT" or not job.reports]
    said = [reports_brief(job.reports, standings)] if job.reports else []
    shown = "".join([*said, *_each_once(others)]) or "<div>Put here by hand.</div>"
    routed = routing_line(job.routing) if job.routing else ""
    listed = f'<div class="w-list">{shown}</div>'
    return f'<p class="w-quiet w-label">Why it is here</p>{listed}{routed}'


def routing_line(routing: Routing) -> str:
    """Which routing rule chose the queue; what the others said when it is unfolded."""
    chosen = next((step.name for step in routing.trail if step.rule_id == routing.rule_id), None)
    if routing.queue_named:
        told = "Its action names this queue"
    elif routing.rule_id is None:
        told = "No routing rule held: the default queue" if routing.trail else "The default queue"
    else:
        told = f"Routed here by {chosen or routing.rule_id}"
    if not routing.trail:
        return f'<p class="w-quiet w-routing">{escape(told)}</p>'
    summary = f"<summary>{escape(told)}</summary>"
    steps = routing_steps(routing.trail)
    return f'<details class="w-quiet w-routing">{summary}<ul>{steps}</ul></details>'


def routing_steps(trail: Sequence[RoutingStep]) -> str:
    """What each routing rule said, as entries of a list."""
    return "".join(map(_step, trail))


def _step(step: RoutingStep) -> str:
    said = _OUTCOMES.get(step.outcome, step.outcome.lower())
    shadow = ", in shadow" if step.shadow else ""
    return f"<li>{escape(step.name)}: {escape(said)}{shadow}</li>"


def _each_once(sources: Sequence[Source]) -> Iterator[str]:
    """The last of those that say the same, for an item that was sent again."""
    alike: dict[tuple[str | None, ...], list[Source]] = {}
    for source in sources:
        said = (source.kind, source.rule_id, source.rule_name, source.reason, source.where)
        alike.setdefault(said, []).append(source)
    for same in alike.values():
        yield _reason(same[-1], len(same))


def _reason(source: Source, times: int) -> str:
    kind = _KINDS.get(source.kind, source.kind.replace("_", " ").capitalize())
    name = escape(source.rule_name or source.reason or "")
    text = f'<p class="w-rule">{escape(source.where)}</p>' if source.where else ""
    saw = _saw(source) if source.trace else ""
    often = f' <span class="w-quiet">{times} times</span>' if times > 1 else ""
    return f'<div><span class="w-quiet">{escape(kind)}</span> <b>{name}</b>{often}{text}{saw}</div>'


def _saw(source: Source) -> str:
    """What the rule saw when it judged the item, unfolded when wanted."""
    turned = f'<p class="w-quiet">{escape(source.counterfactual)}</p>'
    told = f'<pre class="w-rule">{escape(source.trace)}</pre>{turned}'
    summary = f"What it saw, as judged at {escape(moment(source.judged_at))}"
    return f'<details><summary class="w-quiet">{summary}</summary>{told}</details>'


def appeals(found: Sequence[Appeal], decided: Sequence[Decision] = ()) -> str:
    """Each appeal, with what it is against: who did that, when, why and by which rule.

    decided: what people decided about the item before.
    """
    known = {one.decision_id: one for one in decided}
    shown = "".join(_appeal(one, known) for one in found)
    return (
        f'<p class="w-quiet w-label">What is appealed against</p><div class="w-list">{shown}</div>'
    )


def _appeal(appeal: Appeal, known: Mapping[str, Decision]) -> str:
    done = "".join(_done(one, known.get(one.decision_id or "")) for one in appeal.against)
    ended = {"ACCEPT": " · overturned", "REJECT": " · upheld"}.get(appeal.state, "")
    again = " · a second appeal" if appeal.earlier_id else ""
    return (
        f'<div><b>{escape(appeal.appeal_id)}</b>{ended}{again} <span class="w-quiet">'
        f"{escape(moment(appeal.received_at))}</span>"
        f'<p dir="auto">{escape(appeal.reason or "No reason was given.")}</p>'
        + (done or '<span class="w-quiet">what was done is not known here</span>')
        + "</div>"
    )


def _done(one: Challenged, decision: Decision | None) -> str:
    """One action: by whom, and where known under which policy, by which rule, when and why."""
    notes = [f"by {one.actor_name}"]
    notes += [f"rule {', '.join(one.rule_names)}"] if one.rule_names else []
    notes += [f"under {', '.join(one.policy_names)}"] if one.policy_names else []
    notes += [moment(decision.decided_at)] if decision else []
    said = (decision.reason or "") if decision else ""
    reason = f'<p dir="auto">“{escape(said)}”</p>' if said else ""
    return (
        f'<div class="w-done"><b>{escape(one.action_name)}</b> '
        f'<span class="w-quiet">{escape(" · ".join(notes))}</span>{reason}</div>'
    )


def other_items(items: Sequence[OtherItem]) -> str:
    if not items:
        return '<p class="w-quiet">Nothing else by this author is known.</p>'
    rows = (
        f'<div><span class="w-quiet">{escape(moment(item.arrived_at))}</span>'
        f'<p dir="auto">{brief(item.data)}</p></div>'
        for item in items
    )
    return '<div class="w-list">' + "".join(rows) + "</div>"


def never_sent(item: ShownItem) -> str:
    """What to know of an item that the platform never sent; nothing for any other."""
    if item.submission_id is not None:
        return ""
    if item.told_at is None:
        text = "Winnow was never sent this item, and the platform told nothing about it."
    else:
        text = f"Never sent: the platform was asked for it on {moment(item.told_at)}."
    return f'<p class="w-quiet">{escape(text)}</p>'


def history(decisions: Sequence[Decision], names: Mapping[str, str]) -> str:
    if not decisions:
        return '<p class="w-quiet">Nobody has decided about this item before.</p>'
    return '<div class="w-list">' + "".join(_past(one, names) for one in decisions) + "</div>"


def _past(decision: Decision, names: Mapping[str, str]) -> str:
    said = {"IGNORE": "Ignored", "ACCEPT_APPEAL": "Overturned", "REJECT_APPEAL": "Upheld"}
    verdict = said.get(decision.kind) or ", ".join(names.get(a, a) for a in decision.action_ids)
    undone = " (taken back)" if decision.undone_at else ""
    reason = f'<p dir="auto">{escape(decision.reason)}</p>' if decision.reason else ""
    return (
        f"<div><b>{escape(verdict or decision.kind)}</b>{undone} "
        f'<span class="w-quiet">{escape(person(decision.decided_by, decision.decided_by_name))}, '
        f"{escape(moment(decision.decided_at))}</span>{reason}</div>"
    )


def policy_texts(policies: Sequence[PolicyChoice]) -> str:
    """What those policies forbid that say so."""
    told = "".join(
        f'<p class="w-quiet"><b>{escape(one.name)}</b> {escape(one.text)}</p>'
        for one in policies
        if one.text
    )
    return f'<div class="w-policies">{told}</div>' if told else ""


def keys() -> str:
    rows = "".join(f"<kbd>{escape(key)}</kbd><span>{escape(does)}</span>" for key, does in KEYS)
    return f'<div class="w-keys">{rows}</div>'
