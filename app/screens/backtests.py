"""Past runs, and the form that starts one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.places import asked, go, href
from app.session import winnow
from app.views.backtest_rows import backtest_rows
from app.views.documents import names_by_id
from app.widgets.layout import flash, heading
from app.widgets.link_table import Column, link_table
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from datetime import date

    from app.winnow_client.model import Document

_COLUMNS = (
    Column("what", "Candidate", "title"),
    Column("state", "State", "badge"),
    Column("rows", "Items", "number", "right"),
    Column("hits", "Matches", "number", "right"),
    Column("precision", "Precision"),
    Column("who", "Asked by"),
    Column("when", "Asked", "time"),
)


def show() -> None:
    flash()
    heading("Backtests", "What a rule would have done, on what really happened.")
    types = names_by_id(winnow().configured("item-types"))
    rules = winnow().configured("rules")
    if not types:
        empty("No history yet", "Describe an item type and send items; then try a rule on them.")
        return
    with st.expander("Start a backtest", expanded=bool(asked("rule")), icon=":material/add:"):
        _start(types, rules)
    runs = winnow().backtests()
    if not runs:
        empty(
            "No run yet",
            "Start one above: choose a rule, or write a condition, and the period to try it on.",
        )
        return
    rows = backtest_rows(runs, names_by_id(rules), lambda run: href("backtest", id=run))
    opened = link_table(rows, _COLUMNS, key="backtests")
    if opened:
        go("backtest", id=opened)


def _start(types: dict[str, str], rules: list[Document]) -> None:
    names = names_by_id(rules)
    given = asked("rule")
    left, right = st.columns(2, gap="medium")
    with left:
        rule = st.selectbox(
            "Candidate",
            ["", *names],
            index=[*names].index(given) + 1 if given in names else 0,
            format_func=lambda r: names.get(r, "A condition written here"),
        )
        where = "" if rule else st.text_area("Condition", height=110, key="candidate")
        baseline = st.text_area(
            "Compare with (optional)", height=80, key="baseline", placeholder="another condition"
        )
    with right:
        type_id = _type_of(rule, rules, types)
        period = st.date_input("Period (all of history when empty)", value=[], key="period")
        truth = st.selectbox(
            "What was right",
            ["labels", "none", "field"],
            format_func=lambda t: _TRUTHS[t],
            help="Labels are what people decided in review.",
        )
        field = st.text_input("Field that holds the truth") if truth == "field" else ""
    if st.button("Run", type="primary", icon=":material/play_arrow:", key="run-backtest"):
        source = {"ruleId": rule} if rule else {"where": where}
        request = {**source, "itemTypeId": type_id, "baselineWhere": baseline.strip() or None}
        request |= {"truth": {"labels": "labels", "none": None}.get(truth, field)}
        with told():
            go("backtest", id=winnow().start_backtest({**request, **_between(period)}))


_TRUTHS = {
    "labels": "People's decisions",
    "none": "Not known: count only",
    "field": "A field of the item",
}


def _type_of(rule: str, rules: list[Document], types: dict[str, str]) -> str:
    allowed = next((r.get("itemTypeIds", []) for r in rules if r["id"] == rule), list(types))
    offered = [t for t in types if t in allowed] or list(types)
    return str(st.selectbox("Item type", offered, format_func=lambda t: types.get(t, t)))


def _between(period: Any) -> dict[str, str | None]:
    """Whole days, UTC; the last one included."""
    days: list[date] = list(period) if isinstance(period, tuple | list) else []
    return {
        "from": f"{days[0].isoformat()}T00:00:00Z" if days else None,
        "to": f"{days[1].isoformat()}T23:59:59.999999Z" if len(days) > 1 else None,
    }
