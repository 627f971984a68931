"""Appeals in the console: what became of them, and what one is against."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from app.views.appeal_rows import headline, rate_rows
from app.views.job_parts import appeals
from app.winnow_client.casework import AppealFigures, Rate
from app.winnow_client.model import Appeal, Decision
from tests.app.conftest import Opened, rows_of, said
from tests.app.fake_casework import appeal

if TYPE_CHECKING:
    from tests.app.fake_api import State


def test_figures_rates_and_appeals_are_shown(opened: Opened, state: State) -> None:
    state.casework.resolved = 8
    state.casework.appeals = [appeal(1), appeal(2, "ACCEPT"), appeal(3, "REJECT")]
    page = opened("appeals")
    assert not page.exception
    shown = said(page)
    assert "<b>1 h 30 min</b><span>median time to a decision</span>" in shown
    assert "<b>50.0%</b>" in shown
    assert "None of the appeals decided in this period was against one." in shown
    assert [row["name"]["text"] for row in rows_of(page, "rates-By moderator")] == ["Grace", "Ada"]
    assert [row["state"]["text"] for row in rows_of(page, "appeals")] == [
        "Waiting",
        "Overturned",
        "Upheld",
    ]
    assert rows_of(page, "appeals")[1]["took"] == "2 h"


def test_the_outcome_is_in_the_address(opened: Opened, state: State) -> None:
    state.casework.appeals = [appeal(1), appeal(2, "ACCEPT")]
    page = opened("appeals", state="Overturned")
    assert [row["appeal"]["text"] for row in rows_of(page, "appeals")] == ["a-2"]


def test_without_appeals_it_says_where_they_come_from(opened: Opened) -> None:
    page = opened("appeals")
    assert not page.exception
    assert "No appeal here" in said(page)


def test_the_headline_names_the_interval_and_the_oldest() -> None:
    told = AppealFigures(
        all=Rate(overturned=1, resolved=4, rate=0.25, low=0.046, high=0.699),
        waiting=2,
        oldest_waiting=datetime(2026, 1, 5, 9, tzinfo=UTC),
    )
    figures = headline(told, datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert figures[:4] == [
        ("4", "decided", ""),
        ("3", "upheld", ""),
        ("1", "overturned", ""),
        ("25.0%", "overturned, of those decided", "4.6 to 69.9 %"),
    ]
    assert figures[4:] == [
        ("\u2013", "median time to a decision", ""),
        ("2", "waiting", "oldest 3 h"),
    ]


def test_what_is_overturned_most_often_comes_first() -> None:
    rates = [Rate(name="a", resolved=9, rate=0.0), Rate(name="b", overturned=1, resolved=1, rate=1)]
    assert [row["name"]["text"] for row in rate_rows(rates)] == ["b", "a"]
    assert [row["upheld"] for row in rate_rows(rates)] == [0, 9]


def test_a_job_tells_who_did_it_why_when_and_by_which_rule() -> None:
    one = msgspec.convert(appeal(1), Appeal, strict=False)
    before = Decision(
        decision_id="d-7",
        reason="sells <b>pills</b>",
        decided_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
    )
    shown = appeals([one], [before])
    assert "by Grace · rule Casino spam · under Spam and scams · 05 Jan 2026, 09:00 UTC" in shown
    assert "sells &lt;b&gt;pills&lt;/b&gt;" in shown
    assert "It was a &lt;i&gt;joke&lt;/i&gt;" in shown


def test_an_appeal_against_nothing_known_says_so() -> None:
    bare = msgspec.convert({**appeal(1), "against": []}, Appeal, strict=False)
    assert "what was done is not known here" in appeals([bare])
