"""Everything known about one item or person."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, href, known, link
from app.screens.item_explanation import explain_panel
from app.session import may, winnow
from app.views.documents import names_by_id
from app.views.item_history import action, evaluation, job, listed, submission
from app.views.job_parts import history
from app.views.person_parts import label_chips, labels_html, strikes_html
from app.views.reports import report_list
from app.widgets.layout import heading
from app.widgets.messages import empty
from app.winnow_client import ApiError
from app.winnow_client.model import ItemHistory

if TYPE_CHECKING:
    from app.winnow_client.model import Document, Report
    from app.winnow_client.persons import Label, Strikes

_MISSING = 404


def show() -> None:
    type_id, item_id = asked("type"), asked("id")
    if not type_id or not item_id:
        empty("Which item?", "Open one from a job, a decision or a backtest.")
        return
    types = {str(one["id"]): one for one in winnow().configured("item-types")}
    sent = _sent(type_id, item_id)
    labels = winnow().labels(type_id, item_id)
    strikes = _strikes(types.get(type_id, {}), item_id)
    reports = winnow().reports_of(type_id, item_id) if may("VIEW_MRT") else []
    _title(types.get(type_id, {}), sent, labels)
    if sent is None and not (labels or reports or (strikes and strikes.items)):
        empty(
            "Nothing is known of it",
            "The platform never sent this, nobody reported it, and it has neither labels nor "
            "strikes. Look whether the address names the right type and id.",
        )
        return
    _parts(type_id, sent or ItemHistory(), labels, strikes, reports)


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


def _parts(
    type_id: str,
    sent: ItemHistory,
    labels: list[Label],
    strikes: Strikes | None,
    reports: list[Report],
) -> None:
    rules = _names("rules") if may("VIEW_RULES_DASHBOARD") else {}
    actions = _names("actions") if may("VIEW_RULES_DASHBOARD") else {}
    about = {f"Reports ({len(reports)})": report_list(reports, {})} if may("VIEW_MRT") else {}
    if strikes is not None:
        about[f"Strikes ({strikes.total:g})"] = strikes_html(strikes)
    about[f"Labels ({sum(label.holds for label in labels)})"] = labels_html(labels)
    parts = {**_past(sent, rules, actions), **about} if sent.submissions else about
    for tab, (label, text) in zip(st.tabs(list(parts)), parts.items(), strict=True):
        with tab:
            st.html(text)
            if label.startswith("Evaluations") and sent.evaluations and rules:
                explain_panel(type_id, sent.evaluations, rules)


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
    opens = known("job")
    return listed(
        jobs, lambda one: job(one, queues, href("job", job=str(one["jobId"])) if opens else "")
    )
