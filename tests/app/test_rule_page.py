"""A rule in the console: what is doubtful about it, and what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import Opened, said

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.app.fake_api import State


def shown_by(page: AppTest) -> str:
    """Without the marks that keep a text from being read as Markdown."""
    return said(page).replace("\\", "")


def saved(page: AppTest) -> AppTest:
    return page.button(key="save-rule").click().run()


def test_what_is_probably_not_meant_is_told_beside_the_condition(opened: Opened) -> None:
    shown = shown_by(opened("rule", id="r1"))
    assert "w-problem w-warn" in shown
    assert "missing in 80%" in shown


def test_a_rule_that_nothing_is_doubtful_about_shows_what_it_matches(opened: Opened) -> None:
    page = opened("rule", id="r3")
    assert not page.exception
    assert "w-problem" not in said(page)
    assert "of 2,000 recent items" in said(page)


def test_a_save_tells_its_warnings_and_examples_that_fail_once(opened: Opened) -> None:
    page = saved(opened("rule", id="r1"))
    assert "Examples that do not hold: plain." in shown_by(page)
    assert "Examples that do not hold" not in shown_by(page.run())


def test_a_save_that_has_to_wait_says_so_and_shows_what_waits(opened: Opened, state: State) -> None:
    state.needs_approval = True
    page = saved(opened("rule", id="r1"))
    shown = shown_by(page)
    assert not page.exception
    assert "Not saved yet" in shown
    assert "Waiting for a second person" in shown
    assert state.configured["rules"][0]["version"] == 2


def test_a_new_rule_that_waits_is_found_among_the_rules(opened: Opened, state: State) -> None:
    state.needs_approval = True
    page = opened("rule", id="new")
    page.text_input[0].input("Lottery spam")
    saved(page)
    shown = shown_by(opened("rules"))
    assert "One change waits for a second person." in shown
    assert "Lottery spam" in shown_by(opened("rule", id="r-new"))


def waits(state: State, author: str) -> None:
    state.approvals.append(
        {
            "approvalId": "ap1",
            "ruleId": "r1",
            "ruleName": "Casino spam",
            "state": "waiting",
            "baseVersion": 2,
            "author": f"user:{author}",
            "authorName": "Grace",
            "reason": "as agreed",
        }
    )


@pytest.mark.parametrize(("key", "state_after"), [("approve", "approved"), ("refuse", "refused")])
def test_a_colleague_approves_or_refuses_with_a_comment(
    opened: Opened, state: State, key: str, state_after: str
) -> None:
    waits(state, "u2")
    page = opened("rule", id="r1")
    assert "A change of this rule by Grace" in shown_by(page)
    page.text_input(key="comment-ap1").input("seen")
    page.button(key=f"{key}-ap1").click().run()
    assert [(a["state"], a["comment"]) for a in state.approvals] == [(state_after, "seen")]
    assert "Waiting for a second person" not in shown_by(page)


def test_nobody_approves_what_is_their_own(opened: Opened, state: State) -> None:
    waits(state, "u1")
    page = opened("rule", id="r1")
    assert [b.key for b in page.button if "-ap1" in str(b.key)] == ["withdraw-ap1"]
    page.button(key="withdraw-ap1").click().run()
    assert [a["state"] for a in state.approvals] == ["withdrawn"]


def test_who_may_not_change_live_rules_sees_what_waits_and_decides_nothing(
    opened: Opened, state: State
) -> None:
    waits(state, "u2")
    state.permissions.remove("MUTATE_LIVE_RULES")
    page = opened("rule", id="r1")
    assert "Waiting for a second person" in shown_by(page)
    assert [b.key for b in page.button if "-ap1" in str(b.key)] == []


def test_an_author_is_told_that_a_change_was_refused(opened: Opened, state: State) -> None:
    waits(state, "u1")
    state.approvals[0] |= {"state": "refused", "decidedByName": "Bob", "comment": "too wide"}
    assert "refused by Bob: too wide" in shown_by(opened("rule", id="r1"))
