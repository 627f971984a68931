"""One backtest: charts first, every figure with its interval, then the items that flip."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, link
from app.session import winnow
from app.views.backtest_parts import (
    by_day,
    comparison,
    day_chart,
    headline,
    quality,
    quality_chart,
    segment_rows,
    unanswered_note,
)
from app.views.backtest_rows import title_of
from app.views.documents import names_by_id, person, pretty
from app.views.figures import moment
from app.views.flip_rows import flip_rows, flips_csv
from app.widgets.layout import figures, heading
from app.widgets.link_table import Column, link_table
from app.widgets.messages import told

if TYPE_CHECKING:
    from app.winnow_client.model import Backtest, Document

_UNFINISHED = ("queued", "running")
_FLIPS = (
    Column("change", "Change", "badge", width="9rem"),
    Column("item", "Item", "title"),
    Column("truth", "People said", "badge", width="8rem"),
    Column("when", "Arrived", "time", width="8rem"),
)
_SEGMENTS = (
    Column("segment", "Segment", "title"),
    Column("rows", "Items", "number", "right"),
    Column("hits", "Matches", "number", "right"),
    Column("rate", "Hit rate"),
    Column("precision", "Precision"),
    Column("recall", "Recall"),
)


def show() -> None:
    backtest_id = asked("id")
    if not backtest_id:
        go("backtests")
    run = winnow().backtest(backtest_id)
    link("backtests", "All backtests", icon=":material/arrow_back:")
    title = title_of(run, names_by_id(winnow().configured("rules")))
    heading("Backtest" if title == run.request.get("where") else title)
    _asked_for(run)
    if run.state in _UNFINISHED:
        _wait(backtest_id)
    elif run.state == "done" and run.report is not None:
        _report(run, run.report)
    else:
        st.error(run.error or f"This run was {run.state}.", icon=":material/error:")


def _asked_for(run: Backtest) -> None:
    who = person(run.requested_by, run.requested_by_name)
    by = f" by {who}" if who else ""
    parts = [f'<p class="w-quiet">Asked {escape(moment(run.created_at))}{escape(by)}</p>']
    for label, key in (("Candidate", "where"), ("Compared with", "baselineWhere")):
        text = run.request.get(key)
        if text:
            rule = f'<div class="w-rule">{escape(str(text))}</div>'
            parts.append(f'<div class="w-said"><span class="w-quiet">{label}</span>{rule}</div>')
    st.html("".join(parts))


@st.fragment(run_every=1)
def _wait(backtest_id: str) -> None:
    run = winnow().backtest(backtest_id)
    if run.state not in _UNFINISHED:
        st.rerun(scope="app")
    progress = run.progress or {}
    done, total = progress.get("filesDone", 0), progress.get("files", 0)
    text = f"{done} of {total} files" if total else "Waiting for a worker"
    st.progress(min(1.0, done / total) if total else 0.0, text=text)
    if st.button("Cancel this run"):
        with told():
            winnow().cancel_backtest(backtest_id)


def _report(run: Backtest, report: Document) -> None:
    st.html(figures([*headline(report), *quality(report)]))
    if note := unanswered_note(report):
        st.warning(f"{note}. Items whose outcome depends on it count as no match.")
    days = by_day(report)
    left, right = st.columns([1.25, 1], gap="medium")
    with left.container(border=True):
        st.subheader("Matches by day", anchor=False)
        if days:
            st.altair_chart(day_chart(days, compared=bool(report.get("baseline"))), width="stretch")
    with right.container(border=True):
        st.subheader("How right it was", anchor=False)
        chart = quality_chart(report)
        if chart is not None:
            st.altair_chart(chart, width="stretch")
        st.caption(f"{report.get('labelled', 0):,} items whose truth is known; 95% intervals")
    versus = comparison(report)
    if versus:
        st.subheader("Against what it is compared with", anchor=False)
        st.html(figures(versus))
    segments = segment_rows(report)
    if segments:
        st.subheader("By segment", anchor=False)
        link_table(segments, _SEGMENTS, key="segments", dense=True)
    _flips(run)
    _export(run, report)


def _flips(run: Backtest) -> None:
    with told():
        page = winnow().flips(run.backtest_id)
        if not page.items:
            return
        st.subheader("Items whose verdict changes", anchor=False)
        opened = link_table(flip_rows(page.items), _FLIPS, key="flips", dense=True)
        if page.next_cursor:
            st.caption(f"The first {len(page.items)}")
        type_id = str(run.request.get("itemTypeId", ""))
        if opened and type_id:
            go("item", type=type_id, id=opened)
        st.download_button(
            "Flips as CSV", flips_csv(page.items), f"flips-{run.backtest_id}.csv", "text/csv"
        )


def _export(run: Backtest, report: Document) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Report as JSON",
            pretty(report),
            f"backtest-{run.backtest_id}.json",
            "application/json",
            icon=":material/download:",
        )
        if run.digest:
            st.caption(f"Digest `{run.digest[:16]}`: the same digest means the same figures.")
