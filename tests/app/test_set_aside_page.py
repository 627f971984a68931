"""Items that could not be judged: the notice, the page, judging again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import Opened, rows_of, said
from tests.app.fake_api import stamp

if TYPE_CHECKING:
    from tests.app.fake_api import State


def aside(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "itemId": f"post-{seq}",
        "itemTypeId": "t1",
        "itemTypeName": "Post",
        "arrivedAt": stamp(60),
        "setAsideAt": stamp(50),
        "reason": f"RuntimeError: place {seq} is too much",
    }


@pytest.fixture
def troubled(state: State) -> State:
    state.set_aside[:] = [aside(7), aside(9)]
    return state


def test_the_overview_says_how_many_and_is_silent_about_none(opened: Opened, state: State) -> None:
    assert "could not be judged" not in said(opened("overview"))
    state.set_aside.append(aside(7))
    assert "One item could not be judged" in said(opened("overview"))
    state.set_aside.append(aside(9))
    assert "2 items could not be judged" in said(opened("overview"))


def test_all_are_listed_with_their_reason_and_judged_again(opened: Opened, troubled: State) -> None:
    page = opened("set-aside")
    rows = rows_of(page, "set-aside")
    assert [row["item"]["text"] for row in rows] == ["post-7", "post-9"]
    assert rows[0]["item"]["note"] == "RuntimeError: place 7 is too much"
    page.button[0].click().run()
    assert not page.exception
    assert troubled.set_aside == []
    assert "Nothing is set aside" in said(page)


def test_one_is_looked_at_and_judged_again(opened: Opened, troubled: State) -> None:
    page = opened("set-aside", seq="9")
    assert "RuntimeError: place 9 is too much" in said(page)
    page.button[0].click().run()
    assert not page.exception
    assert [item["seq"] for item in troubled.set_aside] == [7]


def test_what_was_judged_meanwhile_is_told(opened: Opened, troubled: State) -> None:
    assert len(troubled.set_aside) == 2
    assert "Not set aside any more" in said(opened("set-aside", seq="8"))


def test_who_may_not_judge_again_may_look(opened: Opened, troubled: State) -> None:
    troubled.permissions.remove("RUN_RETROACTION")
    page = opened("set-aside")
    assert len(rows_of(page, "set-aside")) == 2
    assert [button.label for button in page.button] == []


def test_rules_that_need_mending_are_named_on_the_overview(opened: Opened, state: State) -> None:
    state.broken_rules.append(
        {"ruleId": "r1", "ruleName": "Casino spam", "problem": "There is no field 'txet'."}
    )
    state.configuration_problem = "RuntimeError: too many patterns"
    told = said(opened("overview"))
    assert "One rule that is switched on needs mending" in told
    assert "There is no field 'txet'." in told
    assert "too many patterns" in told


def test_a_broken_rule_says_so_on_its_page_and_in_the_list(opened: Opened, state: State) -> None:
    state.configured["rules"][0]["problem"] = "There is no field 'txet'."
    assert "This rule needs mending" in said(opened("rule", id="r1"))
    broken = [row for row in rows_of(opened("rules"), "rules") if row["status"]["tone"] == "bad"]
    assert [row["_id"] for row in broken] == ["r1"]
