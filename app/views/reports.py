"""What users said of an item as HTML: in short, each report, the thread and what came with it."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from app.views.figures import count, moment
from app.views.item_card import brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.winnow_client.model import OtherItem, Ref, Report, Standing, ThreadItem

Standings = dict[tuple[str, str], "Standing"]
NAMED = 3
_STATES = {
    "open": "",
    "upheld": "upheld",
    "dismissed": "dismissed",
    "closed": "closed without a decision",
    "invalidated": "taken back: bad faith",
}


def key_of(reporter: Ref) -> tuple[str, str]:
    return reporter.type_id, reporter.id


def reporters(reports: Iterable[Report], most: int = NAMED) -> list[Ref]:
    """Who reported, each once, latest first."""
    once = {key_of(report.reporter): report.reporter for report in reports}
    return list(once.values())[:most]


def reports_brief(reports: Sequence[Report], standings: Mapping[tuple[str, str], Standing]) -> str:
    """One entry among the reasons: how often, for what, by whom, and the latest words."""
    people = reporters(reports, most=len(reports))
    policies = Counter(report.policy_name or report.policy_id or "" for report in reports)
    under = ", ".join(
        f"{name} ({times})" if len(reports) > 1 else name
        for name, times in policies.most_common(NAMED)
        if name
    )
    said = next((report.reason for report in reports if report.reason), "")
    who = ", ".join(_who(one, standings) for one in people[:NAMED])
    more = f" and {count(len(people) - NAMED)} more" if len(people) > NAMED else ""
    grave = ' <b class="w-grave">Child safety</b>' if any(r.csam for r in reports) else ""
    return (
        f'<div><span class="w-quiet">{_times(len(reports))}</span> <b>{escape(under)}</b>{grave}'
        + (f'<p class="w-two" dir="auto">{escape(said)}</p>' if said else "")
        + f'<span class="w-quiet">by {who}{more}</span></div>'
    )


def _times(reports: int) -> str:
    return "Reported" if reports == 1 else f"Reported {count(reports)} times"


def _who(reporter: Ref, standings: Mapping[tuple[str, str], Standing]) -> str:
    standing = standing_line(standings.get(key_of(reporter)))
    return escape(reporter.id) + (f" ({standing})" if standing else "")


def standing_line(standing: Standing | None) -> str:
    """What became of a reporter's reports; nothing where nobody knows yet."""
    if standing is None:
        return ""
    if standing.accuracy is None:
        return "first report" if standing.reports <= 1 else f"{count(standing.reports)} undecided"
    decided = standing.upheld + standing.dismissed + standing.invalidated
    return f"{count(standing.upheld)} of {count(decided)} upheld"


def report_list(reports: Sequence[Report], standings: Mapping[tuple[str, str], Standing]) -> str:
    if not reports:
        return '<p class="w-quiet">Nobody has reported this.</p>'
    return '<div class="w-list">' + "".join(_report(one, standings) for one in reports) + "</div>"


def reports_made(reports: Sequence[Report]) -> str:
    """By one person: about what, and what became of each."""
    ended = Counter(_STATES.get(report.state) or report.state for report in reports)
    told = ", ".join(f"{count(many)} {escape(state)}" for state, many in ended.most_common())
    rows = "".join(map(_made, reports))
    return f'<p class="w-label"><b>{told}</b></p><div class="w-list">{rows}</div>'


def _made(report: Report) -> str:
    policy = report.policy_name or report.policy_id or "No policy named"
    return (
        f"<div><b>{escape(policy)}</b> <code>{escape(report.item.id)}</code> "
        f"<span class='w-quiet'>{escape(moment(report.reported_at))} · "
        f"{escape(_STATES.get(report.state) or report.state)}</span>"
        f'<p dir="auto">{escape(report.reason or "No reason was given.")}</p></div>'
    )


def _report(report: Report, standings: Mapping[tuple[str, str], Standing]) -> str:
    policy = report.policy_name or report.policy_id or "No policy named"
    grave = ' <b class="w-grave">Child safety</b>' if report.csam else ""
    ended = _STATES.get(report.state, report.state)
    return (
        f"<div><b>{escape(policy)}</b>{grave} <span class='w-quiet'>by "
        f"{_who(report.reporter, standings)}, {escape(moment(report.reported_at))}"
        + (f" · {escape(ended)}" if ended else "")
        + f'</span><p dir="auto">{escape(report.reason or "No reason was given.")}</p></div>'
    )


def thread_html(thread: Sequence[ThreadItem], item: tuple[str, str]) -> str:
    """Messages in the order of the report. item: type and id of what the job is about."""
    rows = "".join(_message(one, item) for one in thread)
    return f'<div class="w-list w-thread">{rows}</div>'


def _message(one: ThreadItem, item: tuple[str, str]) -> str:
    this = (one.item.item_type_id, one.item.item_id) == item
    marks = ["this item"] if this else []
    marks += ["reported"] if one.flagged else []
    tags = "".join(f' <span class="w-tag">{mark}</span>' for mark in marks)
    flagged = ' class="w-flagged"' if marks else ""
    return f"<div{flagged}>{_by_line(one.item)}{tags}{_text(one.item)}</div>"


def additional_html(items: Sequence[OtherItem]) -> str:
    rows = "".join(
        f'<div>{_by_line(item)} <span class="w-quiet">{escape(item.item_type_name)} '
        f"{escape(item.item_id)}</span>{_text(item)}</div>"
        for item in items
    )
    return f'<div class="w-list">{rows}</div>'


def _by_line(item: OtherItem) -> str:
    who = f"<b>{escape(item.creator_id)}</b> " if item.creator_id else ""
    return f'{who}<span class="w-quiet">{escape(moment(item.arrived_at))}</span>'


def _text(item: OtherItem) -> str:
    return f'<p dir="auto">{brief(item.data)}</p>'
