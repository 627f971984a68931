"""Everything known about one item or person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, href, link
from app.places import known as may_open
from app.screens.bad_faith import bad_faith_panel
from app.screens.item_explanation import explain_panel
from app.screens.label_panel import label_panel
from app.screens.strike_panel import strike_panel
from app.session import may, winnow
from app.views.documents import names_by_id
from app.views.item_history import action, evaluation, job, listed, submission
from app.views.job_parts import history
from app.views.person_parts import label_chips, labels_html, strikes_html
from app.views.reports import report_list, reports_made
from app.widgets.layout import flash, heading
from app.widgets.messages import empty
from app.widgets.put_right import part_open, put_right_bar
from app.winnow_client import ApiError
from app.winnow_client.model import ItemHistory, Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Document, Report
    from app.winnow_client.persons import Label, Strikes

_MISSING = 404


@dataclass(frozen=True)
class About:
    """What was said of an item or a person. strikes: None for what is no person; made: by them."""

    subject: Ref
    labels: list[Label]
    strikes: Strikes | None
    reports: Sequence[Report]
    made: Sequence[Report]


def show() -> None:
    type_id, item_id = asked("type"), asked("id")
    if not type_id or not item_id:
        empty("Which item?", "Open one from a job, a decision or a backtest.")
        return
    types = {str(one["id"]): one for one in winnow().configured("item-types")}
    flash()
    sent = _sent(type_id, item_id)
    labels = winnow().labels(type_id, item_id)
    strikes = _strikes(types.get(type_id, {}), item_id)
    reports = winnow().reports_of(type_id, item_id) if may("VIEW_MRT") else []
    _title(types.get(type_id, {}), sent, labels)
    put_right_bar((type_id, item_id))
    made = winnow().casework.reports_by(Ref(type_id=type_id, id=item_id)) if _told(strikes) else []
    if sent is None and not (labels or reports or made or (strikes and strikes.items)):
        empty(
            "Nothing is known of it",
            "The platform never sent this, nobody reported it, and it has neither labels nor "
            "strikes. Look whether the address names the right type and id.",
        )
        if type_id not in types or not may("MANUALLY_ACTION_CONTENT"):
            return
    known = About(Ref(type_id=type_id, id=item_id), labels, strikes, reports, made)
    _parts(sent or ItemHistory(), known)


def _told(strikes: Strikes | None) -> bool:
    """Whether it is a person, whose reports one may see."""
    return strikes is not None and may("VIEW_MRT")


def _sent(type_id: str, item_id: str) -> ItemHistory | None:
    """None for what the platform never sent: a person, most often."""
    try:
        return winnow().item(type_id, item_id)
    except ApiError as error:
        if error.status == _MISSING:
            return None
        raise


def _strikes(item_type: Document, item_id: str) -> Strikes | None:
    """None for what is not a person."""
    if item_type.get("kind") != "USER":
        return None
    return winnow().strikes(str(item_type["id"]), item_id)


def _title(item_type: Document, sent: ItemHistory | None, labels: list[Label]) -> None:
    unsent = "" if sent is not None else " · never sent by the platform"
    heading(asked("id"), f"{item_type.get('name', asked('type'))}{unsent}")
    chips = label_chips(labels)
    if chips:
        st.html(chips)
    latest = sent.submissions[0] if sent and sent.submissions else {}
    if latest.get("creatorId") and latest.get("creatorTypeId"):
        creator, kind = str(latest["creatorId"]), str(latest["creatorTypeId"])
        link("item", f"By {creator}", icon=":material/person:", type=kind, id=creator)


def _parts(sent: ItemHistory, known: About) -> None:
    rules = _names("rules") if may("VIEW_RULES_DASHBOARD") else {}
    actions = _names("actions") if may("VIEW_RULES_DASHBOARD") else {}
    about = _about(known)
    parts = {**_past(sent, rules, actions), **about} if sent.submissions else about
    labels = list(parts)
    shown = part_open((known.subject.type_id, known.subject.id), labels)
    for tab, (label, text) in zip(st.tabs(labels, default=shown), parts.items(), strict=True):
        with tab:
            st.html(text)
            if label.startswith("Evaluations") and sent.evaluations and rules:
                explain_panel(known.subject.type_id, sent.evaluations, rules)
            _put_right(label.partition(" (")[0], known)


def _about(known: About) -> dict[str, str]:
    """What was said of it: by the name of its tab."""
    parts = {}
    if may("VIEW_MRT"):
        parts[f"Reports ({len(known.reports)})"] = report_list(known.reports, {})
    if known.made:
        parts[f"Reports made ({len(known.made)})"] = reports_made(known.made)
    if known.strikes is not None:
        parts[f"Strikes ({known.strikes.total:g})"] = strikes_html(known.strikes)
    held = sum(label.holds for label in known.labels)
    return parts | {f"Labels ({held})": labels_html(known.labels)}


def _put_right(part: str, known: About) -> None:
    """What may be changed by hand, under what it changes."""
    acts = may("MANUALLY_ACTION_CONTENT")
    if part == "Strikes" and known.strikes is not None and acts:
        strike_panel(known.subject, known.strikes)
    elif part == "Labels" and acts:
        label_panel(known.subject, known.labels)
    elif may("EDIT_MRT_QUEUES") and part == ("Reports made" if known.made else "Reports"):
        bad_faith_panel(known.subject, known.made or known.reports, part)


def _past(sent: ItemHistory, rules: dict[str, str], actions: dict[str, str]) -> dict[str, str]:
    return {
        f"Submissions ({len(sent.submissions)})": listed(sent.submissions, submission),
        f"Evaluations ({len(sent.evaluations)})": listed(
            sent.evaluations, partial(evaluation, rules=rules)
        ),
        f"Actions ({len(sent.actions)})": listed(sent.actions, action),
        f"Jobs ({len(sent.jobs)})": _jobs(sent.jobs),
        f"Decisions ({len(sent.decisions)})": history(sent.decisions, actions),
    }


def _names(kind: str) -> dict[str, str]:
    return names_by_id(winnow().configured(kind))


def _jobs(jobs: list[Document]) -> str:
    queues = _names("queues")
    opens = may_open("job")
    return listed(
        jobs, lambda one: job(one, queues, href("job", job=str(one["jobId"])) if opens else "")
    )
