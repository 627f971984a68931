"""Changes of rules that wait for a second person: looked at, approved, refused, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import go, link
from app.session import current_user, may, winnow
from app.views.approval_parts import approval_diff, asked_line, decided_line, refused_since
from app.widgets.layout import says
from app.widgets.messages import plain, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.approvals import Approval
    from app.winnow_client.model import Document

_MOST = 5


def show_approvals(head: Document, approvals: Sequence[Approval]) -> None:
    """What waits about one rule, or that its author's last change was refused."""
    waiting = [one for one in approvals if one.state == "waiting"]
    for one in waiting:
        _waiting(one)
    refused = None if waiting else refused_since(approvals, head, current_user().user_id)
    if refused is not None:
        st.warning(plain(decided_line(refused)), icon=":material/thumb_down:")


def waiting_notice() -> None:
    """On the page of all rules: what waits, each leading to its rule."""
    with told():
        waiting = winnow().approvals(state="waiting")
        if not waiting:
            return
        one = "One change waits" if len(waiting) == 1 else f"{len(waiting)} changes wait"
        with st.container(border=True, key="approvals-waiting"):
            st.markdown(f":material/hourglass_top: **{one} for a second person.**")
            for each in waiting[:_MOST]:
                label = f"{plain(each.rule_name)}: {plain(asked_line(each))}"
                link("rule", label, icon=":material/rule:", id=each.rule_id)


def _waiting(approval: Approval) -> None:
    key = approval.approval_id
    with st.container(border=True, key=f"approval-{key}"):
        st.markdown(":material/hourglass_top: **Waiting for a second person**")
        st.caption(plain(asked_line(approval)))
        with told():
            page = winnow().approval(key)
            with st.expander("What would change", expanded=True, icon=":material/difference:"):
                st.html(approval_diff(page))
        if approval.author == f"user:{current_user().user_id}":
            _own(approval)
        elif may("MUTATE_LIVE_RULES"):
            _second_look(approval)
        else:
            st.caption("Somebody whose role may change live rules decides about it.")


def _own(approval: Approval) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("It is yours: a colleague has to look at it.", width="stretch")
        if st.button("Withdraw", key=f"withdraw-{approval.approval_id}"):
            with told():
                winnow().withdraw(approval.approval_id)
                _back(approval, "Withdrawn; the rule is as it was.")


def _second_look(approval: Approval) -> None:
    key = approval.approval_id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        comment = st.text_input(
            "Comment",
            key=f"comment-{key}",
            placeholder="Comment (optional)",
            label_visibility="collapsed",
            max_chars=2000,
        )
        approved = st.button("Approve", key=f"approve-{key}", type="primary")
        refused = st.button("Refuse", key=f"refuse-{key}")
    with told():
        if approved:
            winnow().approve(key, comment)
            _back(approval, "Approved and saved.")
        if refused:
            winnow().refuse(key, comment)
            _back(approval, "Refused; the rule is as it was.")


def _back(approval: Approval, sentence: str) -> None:
    """To the rule; to all of them where a new one was not saved."""
    says(sentence)
    if approval.base_version or sentence.startswith("Approved"):
        go("rule", id=approval.rule_id)
    go("rules")
