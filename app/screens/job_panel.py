"""The right side of a job: why it is here, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.views.job_parts import appeals, keys, reasons
from app.widgets.action_parameters import parameter_inputs
from app.widgets.key_press import press_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

    from app.screens.job_desk import Desk
    from app.winnow_client.model import ActionChoice, Job, PolicyChoice

_DIGITS = "123456789"


def show_panel(desk: Desk, job: Job) -> None:
    desk.undo_bar()
    appealed = appeals(job.appeals, job.history) if job.appeals else ""
    st.html(f'<div class="w-why">{appealed}{reasons(job, desk.standings())}</div>')
    if not desk.held:
        if st.button("Next job", type="primary", shortcut="Enter", key="next-job"):
            desk.take(None)
            st.query_params.pop("job", None)
            st.rerun()
        return
    st.session_state["_pressed"] = set()
    if desk.picking_policy:
        _policies(desk, job)
    else:
        _actions(desk, job)
    _policy_line(desk, job)
    st.text_input(
        "Reason",
        key="job-reason",
        placeholder="Reason (optional)",
        label_visibility="collapsed",
        max_chars=2000,
    )
    chosen = [action for action in job.actions if action.id in desk.chosen]
    desk.parameters = parameter_inputs(chosen, job.job_id)
    if job.kind == "APPEAL":
        _finish_appeal(desk, job)
    else:
        _finish(desk, job)


def _actions(desk: Desk, job: Job) -> None:
    with st.container(key="job-actions"):
        if not job.actions:
            st.caption("No action is offered for this type of item in this queue.")
        for index, action in enumerate(job.actions):
            _action(desk, job.job_id, index, action)


def _action(desk: Desk, job_id: str, index: int, action: ActionChoice) -> None:
    chosen = action.id in desk.chosen
    st.button(
        action.name,
        key=_key(index),
        type="primary" if chosen else "secondary",
        icon=":material/check:" if chosen else None,
        shortcut=_DIGITS[index] if index < len(_DIGITS) else None,
        on_click=desk.toggle_action,
        args=(job_id, action.id),
        width="stretch",
    )


def _key(index: int) -> str:
    return f"job-action-{index}"


def _policies(desk: Desk, job: Job) -> None:
    first, rest = job.policies[: len(_DIGITS)], job.policies[len(_DIGITS) :]
    with st.container(key="job-policies"):
        for index, policy in enumerate(first):
            chosen = policy.id in desk.policies
            st.button(
                policy.name,
                key=f"job-policy-{index}",
                type="primary" if chosen else "secondary",
                icon=":material/check:" if chosen else None,
                help=policy.text or None,
                shortcut=_DIGITS[index],
                on_click=desk.toggle_policy,
                args=(job.job_id, policy.id),
                width="stretch",
            )
        if rest:
            _more_policies(desk, first, rest)


def _more_policies(desk: Desk, first: Sequence[PolicyChoice], rest: Sequence[PolicyChoice]) -> None:
    names = {policy.id: policy.name for policy in rest}
    more = st.multiselect(
        "More policies",
        list(names),
        default=[p for p in desk.policies if p in names],
        format_func=lambda p: names[p],
        key="job-more-policies",
    )
    desk.policies = [p for p in desk.policies if p in {q.id for q in first}] + list(more)


def _policy_line(desk: Desk, job: Job) -> None:
    if not job.policies:
        return
    names = {policy.id: policy.name for policy in job.policies}
    under = ", ".join(names[p] for p in desk.policies if p in names) or "none chosen"
    label = "Back to actions" if desk.picking_policy else f"Policy: {under}"
    st.button(
        label,
        key="pick-policy",
        shortcut="p",
        icon=":material/policy:",
        on_click=desk.toggle_picking,
        width="stretch",
        type="tertiary",
    )


def _finish(desk: Desk, job: Job) -> None:
    about = (job.job_id,)
    offered = [(_key(index), action.id) for index, action in enumerate(job.actions)]
    st.button(
        "Submit and next",
        key="submit",
        type="primary",
        shortcut="Enter",
        on_click=desk.submit,
        args=(job.job_id, offered),
        disabled=False,
        width="stretch",
    )
    ignore, skip = st.columns(2)
    ignore.button(
        "Ignore", key="ignore", shortcut="i", on_click=desk.ignore, args=about, width="stretch"
    )
    _put_aside(desk, job, skip)


def _finish_appeal(desk: Desk, job: Job) -> None:
    """Whether what was done stands; chosen actions are taken beside."""
    about = (job.job_id,)
    overturn, uphold = st.columns(2)
    overturn.button(
        "Overturn  o",
        key="overturn",
        type="primary",
        shortcut="o",
        on_click=desk.overturn,
        args=about,
        width="stretch",
        help="The appeal is right: actions and strikes are taken back.",
    )
    uphold.button(
        "Uphold  k",
        key="uphold",
        type="primary",
        shortcut="k",
        on_click=desk.uphold,
        args=about,
        width="stretch",
        help="The appeal is wrong: what was done stands.",
    )
    _put_aside(desk, job, st.container())


def _put_aside(desk: Desk, job: Job, skip: DeltaGenerator) -> None:
    about = (job.job_id,)
    skip.button("Skip", key="skip", shortcut="s", on_click=desk.skip, args=about, width="stretch")
    put_back, help_ = st.columns(2)
    put_back.button(
        "Put back",
        key="release",
        type="tertiary",
        on_click=desk.release,
        args=about,
        width="stretch",
    )
    if help_.button("Keys  ?", key="help", type="tertiary", width="stretch"):
        _show_keys()
    press_on("?", "help")


@st.dialog("Keys")
def _show_keys() -> None:
    st.html(keys())
