"""Why a rule said of an item what it said, asked for when somebody wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked
from app.session import winnow
from app.views.figures import moment, parsed
from app.views.person_parts import explanation_html
from app.widgets.messages import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.model import Document


@st.fragment
def explain_panel(type_id: str, evaluations: Sequence[Document], rules: Mapping[str, str]) -> None:
    """rules: names by id; the one that matched first is proposed."""
    matched = [str(one["ruleId"]) for one in evaluations[0].get("outcomes") or []]
    ordered = [*(r for r in matched if r in rules), *(r for r in rules if r not in matched)]
    with st.form("explain"):
        when, which = st.columns(2)
        evaluation = when.selectbox(
            "Evaluation",
            evaluations,
            format_func=lambda one: moment(parsed(one.get("arrivedAt"))),
        )
        rule_id = which.selectbox("Rule", ordered, format_func=lambda r: rules[r])
        wanted = st.form_submit_button("Explain", icon=":material/account_tree:")
    if wanted and evaluation and rule_id:
        with told():
            found = winnow().explain(
                type_id, asked("id"), str(evaluation["submissionId"]), str(rule_id)
            )
            st.html(explanation_html(found))
