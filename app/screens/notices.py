"""What somebody should look into, above everything else on the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import known, link
from app.views.figures import count
from app.widgets.messages import plain

if TYPE_CHECKING:
    from app.winnow_client.model import Overview, RuleProblem

_MOST = 5


def notices(told: Overview) -> None:
    if told.configuration_problem:
        st.error(
            "**The rules as they are configured now cannot be used.** Items are judged by the last "
            f"ones that could. {plain(told.configuration_problem)}",
            icon=":material/report:",
        )
    if told.broken_rules:
        _broken(told.broken_rules)
    if told.set_aside:
        _set_aside(told.set_aside)


def _broken(rules: list[RuleProblem]) -> None:
    one = "One rule that is switched on needs mending."
    what = one if len(rules) == 1 else f"{len(rules)} rules that are switched on need mending."
    lines = [f"{plain(rule.rule_name)}: {plain(rule.problem)}" for rule in rules[:_MOST]]
    st.error(
        "\n\n".join([f"**{what}**", *lines]),
        icon=":material/rule:",
    )
    for rule in rules[:_MOST]:
        link("rule", f"Mend {plain(rule.rule_name)}", icon=":material/edit:", id=rule.rule_id)


def _set_aside(items: int) -> None:
    what = "One item" if items == 1 else f"{count(items)} items"
    st.warning(f"**{what} could not be judged** and wait aside.", icon=":material/move_to_inbox:")
    if known("set-aside"):
        link("set-aside", "See why, and judge again", icon=":material/replay:")
