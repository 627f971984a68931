"""The right side of a job: why it is here, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.screens.job_desk import POLICY_WIDGETS
from app.views.job_parts import appeals, keys, policy_texts, reasons
from app.widgets.action_parameters import parameter_inputs
from app.widgets.key_press import press_on

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.screens.job_desk import Desk
    from app.winnow_client.model import Job

_DIGITS = 9


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
    _choices(desk, job)
    _policy_line(desk, job)
    st.text_input(
        "Reason",
        key=desk.key("reason"),
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


def _choices(desk: Desk, job: Job) -> None:
    """Actions and policies; both are drawn and one is shown.

    What is chosen is kept by the browser and goes along with every press, so that a digit counts
    however soon `Enter` follows it.
    """
    with st.container(key=f"job-choosing-{_picking(desk)}", gap=None):
        with st.container(key="job-actions"):
            if not job.actions:
                st.caption("No action is offered for this type of item in this queue.")
            _chips("Actions", desk.key("actions"), {a.id: a.name for a in job.actions}, [])
        with st.container(key="job-policies"):
            _policies(desk, job)
    desk.choose()


def _picking(desk: Desk) -> str:
    return "policies" if desk.picking_policy else "actions"


def _chips(label: str, key: str, names: dict[str, str], chosen: list[str]) -> None:
    if names:
        st.pills(
            label,
            list(names),
            selection_mode="multi",
            default=[one for one in chosen if one in names],
            format_func=lambda one: names[one],
            key=key,
            label_visibility="collapsed",
            width="stretch",
        )


def _policies(desk: Desk, job: Job) -> None:
    names = {policy.id: policy.name for policy in job.policies}
    first, rest = list(names)[:_DIGITS], list(names)[_DIGITS:]
    shown, more = (desk.key(name) for name in POLICY_WIDGETS)
    _chips("Policies", shown, {one: names[one] for one in first}, desk.policies)
    if rest:
        st.multiselect(
            "More policies",
            rest,
            default=[one for one in desk.policies if one in rest],
            format_func=lambda one: names[one],
            key=more,
        )
    texts = policy_texts(job.policies)
    if texts:
        st.html(texts)


def _policy_line(desk: Desk, job: Job) -> None:
    if not job.policies:
        return
    names = {policy.id: policy.name for policy in job.policies}
    under = ", ".join(names[p] for p in desk.policies if p in names) or "none chosen"
    label = "Back to actions" if desk.picking_policy else f"Policy: {under}"
    st.button(
        label,
        key=desk.key("pick-policy"),
        shortcut="p",
        icon=":material/policy:",
        on_click=desk.toggle_picking,
        width="stretch",
        type="tertiary",
    )


def _finish(desk: Desk, job: Job) -> None:
    about = (job.job_id,)
    st.button(
        "Submit and next",
        key=desk.key("submit"),
        type="primary",
        shortcut="Enter",
        on_click=desk.submit,
        args=about,
        width="stretch",
    )
    ignore, skip = st.columns(2)
    ignore.button(
        "Ignore",
        key=desk.key("ignore"),
        shortcut="i",
        on_click=desk.ignore,
        args=about,
        width="stretch",
    )
    _put_aside(desk, job, skip)


def _finish_appeal(desk: Desk, job: Job) -> None:
    """Whether what was done stands; chosen actions are taken beside."""
    about = (job.job_id,)
    overturn, uphold = st.columns(2)
    overturn.button(
        "Overturn",
        key=desk.key("overturn"),
        type="primary",
        shortcut="o",
        on_click=desk.overturn,
        args=about,
        width="stretch",
        help="The appeal is right: actions and strikes are taken back.",
    )
    uphold.button(
        "Uphold",
        key=desk.key("uphold"),
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
    skip.button(
        "Skip",
        key=desk.key("skip"),
        shortcut="s",
        on_click=desk.skip,
        args=about,
        width="stretch",
    )
    put_back, help_ = st.columns(2)
    put_back.button(
        "Put back",
        key=desk.key("release"),
        type="tertiary",
        on_click=desk.release,
        args=about,
        width="stretch",
    )
    if help_.button("Keys  ?", key="help", type="tertiary", width="stretch"):
        _show_keys()
    turning = "p" if job.policies else ""
    press_on({"?": "help"}, choices=f"job-{_picking(desk)}", turning=turning)


@st.dialog("Keys")
def _show_keys() -> None:
    st.html(keys())
