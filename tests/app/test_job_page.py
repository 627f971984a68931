"""Review, as one person does it: choose, submit, undo, skip, lose a lease."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from streamlit.testing.v1.element_tree import Widget

from tests.app.conftest import Opened, said
from tests.app.fake_data import ago
from tests.app.fake_reports import reported

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest
    from streamlit.testing.v1.element_tree import Button, ButtonGroup, WidgetList

    from tests.app.fake_api import State

W = TypeVar("W", bound=Widget)


def of_job(widgets: WidgetList[W], name: str) -> W:
    """The widget of that name for the job in hand."""
    [found] = [one for one in widgets if re.fullmatch(rf"{name}-\d+-job-\d+", one.key or "")]
    return found


def button(page: AppTest, name: str) -> Button:
    return of_job(page.button, name)


def chips(page: AppTest, name: str) -> ButtonGroup[str]:
    return of_job(page.pills, name)


def test_the_oldest_job_opens_with_why_it_is_here(opened: Opened) -> None:
    page = opened("job", queue="q1")
    shown = said(page)
    assert "<mark>casino</mark>" in shown
    assert "Casino spam" in shown
    assert "post-0" in shown


def test_what_the_rule_saw_unfolds_with_what_would_have_turned_it(opened: Opened) -> None:
    shown = said(opened("job", queue="q1"))
    assert "What it saw, as judged at" in shown
    assert "TRUE      likes &lt; 3   -- likes = 2" in shown
    assert "It would not have matched if `likes` were 3 or more." in shown


def test_an_action_is_chosen_then_submitted_and_the_next_job_opens(
    opened: Opened, state: State
) -> None:
    page = opened("job", queue="q1")
    chips(page, "actions").select("a1").run()
    button(page, "submit").click().run()
    assert [(d["kind"], d["actionIds"], d["policyIds"]) for d in state.decided] == [
        ("CUSTOM_ACTION", ["a1"], ["p1"])
    ]
    assert "post-1" in said(page)


def test_a_digit_that_arrives_together_with_enter_counts(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    chips(page, "actions").select("a2")
    button(page, "submit").click().run()
    assert [d["actionIds"] for d in state.decided] == [["a2"]]


def test_submitting_without_an_action_decides_nothing(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    button(page, "submit").click().run()
    assert state.decided == []
    assert "post-0" in said(page)
    assert [told.value for told in page.toast] == ["Choose an action first, or press i to ignore."]


def test_ignoring_names_no_action_and_no_policy(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    chips(page, "actions").select("a1").run()
    button(page, "ignore").click().run()
    assert [(d["kind"], d["actionIds"], d["policyIds"]) for d in state.decided] == [
        ("IGNORE", [], [])
    ]


def test_the_reason_goes_with_its_decision_only(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    of_job(page.text_input, "reason").input("as agreed").run()
    button(page, "ignore").click().run()
    button(page, "ignore").click().run()
    assert [d["reason"] for d in state.decided] == ["as agreed", ""]


def test_undo_brings_the_job_back_to_the_desk(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    button(page, "ignore").click().run()
    page.button(key="undo").click().run()
    assert state.decided == []
    assert "post-0" in said(page)


def test_a_policy_is_picked_by_the_digits_in_its_own_mode(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    button(page, "pick-policy").click().run()
    chips(page, "policies").select("p2").run()
    button(page, "pick-policy").click().run()
    chips(page, "actions").select("a1").run()
    button(page, "submit").click().run()
    assert [d["policyIds"] for d in state.decided] == [["p1", "p2"]]


def test_skipping_opens_the_next_job(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    button(page, "skip").click().run()
    assert "post-1" in said(page)
    assert all(job["jobId"] != "job-0" for job in state.waiting)


def test_a_lost_lease_is_told_and_decides_nothing(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    state.held["job-0"] = "somebody else"
    button(page, "ignore").click().run()
    assert state.decided == []
    assert "has run out" in said(page)
    assert [b.label for b in page.button if b.label == "Submit and next"] == []


def test_a_decided_job_opens_by_its_link_to_be_read(opened: Opened) -> None:
    button(opened("job", queue="q1"), "ignore").click().run()
    page = opened("job", job="job-0")
    assert "This job has been decided already. You see it as it is;" in said(page)
    assert "post-0" in said(page)


def test_media_are_veiled_until_b_is_pressed(opened: Opened) -> None:
    page = opened("job", queue="q1")
    assert "w-veiled" in said(page)
    button(page, "reveal").click().run()
    assert "w-veiled" not in said(page)


def test_the_veil_falls_again_with_the_next_job(opened: Opened) -> None:
    page = opened("job", queue="q1")
    button(page, "reveal").click().run()
    for _ in range(4):
        button(page, "ignore").click().run()
    assert "w-veiled" in said(page)


def test_an_empty_queue_says_so(opened: Opened, state: State) -> None:
    state.waiting.clear()
    assert "This queue is empty" in said(opened("job", queue="q1"))


def test_without_a_queue_the_page_asks_for_one(opened: Opened) -> None:
    assert "No queue is chosen" in said(opened("job"))


def test_an_action_asks_for_its_parameters_and_they_go_along(opened: Opened, state: State) -> None:
    page = opened("job", queue="q1")
    chips(page, "actions").select("a3").run()
    page.number_input(key="parameter-job-0-a3-days").set_value(7).run()
    button(page, "submit").click().run()
    assert [d["parameters"] for d in state.decided] == [{"a3": {"days": 7}}]


def appealed(state: State) -> None:
    """The oldest job is about an appeal."""
    said_before = {"actionName": "Ban", "actorName": "Ann"}
    appeal = {"id": "1", "appealId": "ap1", "reason": "a joke", "against": [said_before]}
    state.waiting[0] |= {"kind": "APPEAL", "appeals": [appeal]}


def test_an_appeal_shows_what_it_is_against(opened: Opened, state: State) -> None:
    appealed(state)
    shown = said(opened("job", queue="q1"))
    assert "a joke" in shown
    assert "<b>Ban</b>" in shown
    assert "by Ann" in shown


def test_an_appeal_is_overturned_or_upheld(opened: Opened, state: State) -> None:
    appealed(state)
    page = opened("job", queue="q1")
    assert {"Submit and next", "Ignore"}.isdisjoint(one.label for one in page.button)
    button(page, "overturn").click().run()
    assert [d["kind"] for d in state.decided] == ["ACCEPT_APPEAL"]
    assert "post-1" in said(page)


def test_an_upheld_decision_is_told_as_such(opened: Opened, state: State) -> None:
    appealed(state)
    page = opened("job", queue="q1")
    button(page, "uphold").click().run()
    assert [(d["kind"], d["actionIds"]) for d in state.decided] == [("REJECT_APPEAL", [])]
    assert "Upheld" in said(page)


def test_an_action_chosen_beside_an_appeal_goes_along(opened: Opened, state: State) -> None:
    appealed(state)
    page = opened("job", queue="q1")
    chips(page, "actions").select("a2")
    button(page, "uphold").click().run()
    assert [(d["kind"], d["actionIds"]) for d in state.decided] == [("REJECT_APPEAL", ["a2"])]


def test_a_reported_job_tells_who_said_what_and_how_reliable_they_are(
    opened: Opened, state: State
) -> None:
    state.waiting[0] = reported(state.waiting[0])
    page = opened("job", queue="q1")
    shown = said(page)
    assert "Reported 4 times" in shown
    assert "Spam and scams (3)" in shown
    assert "reader-0 (4 of 5 upheld)" in shown
    assert "reader-1 (first report)" in shown
    assert "reader-2 (4 of 5 upheld) and 1 more" in shown
    assert "money &amp; more &lt;i&gt;money&lt;/i&gt;" in shown
    assert [tab.label for tab in page.tabs][:3] == ["Thread (3)", "Reports (4)", "Sent along (1)"]


def test_what_a_reporter_said_before_is_asked_once_a_job(opened: Opened, state: State) -> None:
    state.waiting[0] = reported(state.waiting[0])
    page = opened("job", queue="q1")
    chips(page, "actions").select("a1").run()
    assert state.standings == ["reader-0", "reader-1", "reader-2"]


def test_a_thread_marks_this_item_and_what_was_reported_too(opened: Opened, state: State) -> None:
    state.waiting[0] = reported(state.waiting[0])
    shown = said(opened("job", queue="q1"))
    assert shown.count('class="w-flagged"') == 2
    assert shown.index("Who wants to win?") < shown.index("this item")


def test_what_the_item_names_and_what_was_reported_with_it_are_told(
    opened: Opened, state: State
) -> None:
    field = {"name": "text", "type": "STRING", "container": None, "value": "come <here>"}
    place = {"itemId": "th-1", "itemTypeName": "Room", "name": "Lobby", "submissionId": "s1"}
    other = {"itemId": "post-9", "itemTypeName": "Post", "fields": [field], "toldAt": ago(1)}
    related = [
        {"item": place, "field": "room", "flagged": False},
        {"item": other, "field": None, "flagged": True},
    ]
    state.waiting[0] = state.waiting[0] | {"related": related}
    page = opened("job", queue="q1")
    shown = said(page)
    assert page.tabs[0].label == "Related (2)"
    assert "<b>Lobby</b>" in shown
    assert "Room · room" in shown
    assert "come &lt;here&gt;" in shown
    assert shown.count("the platform was asked for it") == 1
    assert shown.count('<span class="w-tag">reported</span>') == 1


def test_the_routing_rule_that_chose_the_queue_is_named(opened: Opened, state: State) -> None:
    state.waiting[0] = reported(state.waiting[0])
    shown = said(opened("job", queue="q1"))
    assert "Routed here by Money offers" in shown
    assert "Grave things first: did not hold" in shown


def test_a_queue_that_the_action_names_is_not_called_the_default(
    opened: Opened, state: State
) -> None:
    state.waiting[0] = state.waiting[0] | {"routing": {"queueName": "Spam", "queueNamed": True}}
    shown = said(opened("job", queue="q1"))
    assert "Its action names this queue" in shown
    assert "default queue" not in shown


def test_a_job_without_reports_has_no_empty_parts(opened: Opened) -> None:
    page = opened("job", queue="q1")
    labels = [tab.label for tab in page.tabs]
    assert labels == ["More by this author (8)", "History (0)"]


def test_an_item_that_was_never_sent_says_so(opened: Opened, state: State) -> None:
    state.waiting[0]["item"] |= {"submissionId": None, "fields": []}
    assert "never sent this item" in said(opened("job", queue="q1"))


def test_the_strikes_of_the_author_stand_beside_their_name(opened: Opened) -> None:
    page = opened("job", queue="q1")
    assert "2 strikes" in said(page)
    button(page, "ignore").click().run()
    assert "strikes" not in said(page)


def test_who_may_not_look_into_people_sees_no_strikes(opened: Opened, state: State) -> None:
    state.permissions.remove("VIEW_INVESTIGATION")
    page = opened("job", queue="q1")
    assert not page.exception
    assert "strikes" not in said(page)
