"""Every version of a rule: who, when, why, what changed, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.screens.rule_save import awaits_approval
from app.session import may, winnow
from app.views.diff import changed, diff_html
from app.views.documents import body_of, person
from app.views.figures import moment
from app.widgets.layout import says
from app.widgets.messages import told

if TYPE_CHECKING:
    from app.winnow_client.model import ConfigVersion


def show_versions(rule_id: str, head: dict[str, Any]) -> None:
    versions = sorted(winnow().versions("rules", rule_id), key=lambda v: v.version, reverse=True)
    if not versions:
        return
    chosen = st.selectbox("Version", versions, format_func=_label, key=f"version-{rule_id}")
    older = next((v for v in versions if v.version < chosen.version), None)
    before = body_of(older.document) if older else {}
    what = f"What changed since version {older.version}" if older else "As it was first written"
    st.html(
        f'<p class="w-quiet">{what}</p>' + diff_html(*changed(before, body_of(chosen.document)))
    )
    if chosen.version != head.get("version") and may("MUTATE_LIVE_RULES"):
        _way_back(rule_id, chosen)


def _label(version: ConfigVersion) -> str:
    reason = f": {version.reason}" if version.reason else ""
    who = person(version.author, version.author_name)
    return f"{version.version} · {moment(version.created_at)} · {who}{reason}"


def _way_back(rule_id: str, version: ConfigVersion) -> None:
    if st.button(f"Bring back version {version.version}", icon=":material/undo:"):
        with told():
            back = winnow().rollback(
                "rules", rule_id, version.version, "Brought back in the console"
            )
            if not awaits_approval(back):
                says(f"Version {version.version} is back, saved as a new version.")
            st.rerun()
