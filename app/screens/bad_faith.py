"""Reports made in bad faith, taken back with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.session import winnow
from app.widgets.messages import told
from app.widgets.put_right import PutRight, fresh, keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Ref, Report


def bad_faith_panel(about: Ref, reports: Sequence[Report], part: str) -> None:
    """For those who may manage queues. about, part: of the page, and its tab."""
    open_ones = [report for report in reports if report.state == "open"]
    once = {report.reporter: report.reporter.id for report in open_ones}
    if not once:
        return
    with (
        st.popover("Reported in bad faith", icon=":material/thumb_down:", key=fresh("bad-faith")),
        st.form(fresh("bad-faith-form"), border=False),
    ):
        reporter = st.selectbox("Reporter", list(once), format_func=lambda one: once[one])
        reason = st.text_input("Reason", max_chars=2000)
        st.caption(
            "Every open report of theirs is taken back, about whatever it is, and jobs that "
            "nothing else opened are closed. This cannot be undone."
        )
        if not st.form_submit_button("Take back their reports", type="primary"):
            return
    with told():
        done = winnow().casework.invalidate_reports(reporter, reason)
        closed = f", {done.jobs_closed} closed jobs" if done.jobs_closed else ""
        sentence = f"Reports of {reporter.id} taken back: {done.reports}{closed}."
        keep(PutRight((about.type_id, about.id), part, sentence, "report:invalidate"))
