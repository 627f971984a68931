"""The organisation's settings and signing keys in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.views.org_settings import callback_of, settings_body, threshold_document
from app.views.strike_chart import counts_upto, meets, strike_chart
from app.winnow_client.persons import Bar
from tests.app.conftest import Opened, said
from tests.app.fake_settings import DEFAULTS

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.app.fake_api import State


def pressed(page: AppTest, label: str) -> AppTest:
    [button] = [one for one in page.button if one.label == label]
    return button.click().run()


def test_saving_without_a_change_saves_the_defaults(opened: Opened, state: State) -> None:
    page = opened("settings")
    assert "Nothing was changed yet" in said(page)
    page.button(key="save-settings").click().run()
    assert not page.exception
    assert {key: state.settings[key] for key in DEFAULTS} == DEFAULTS
    assert "Version 1 by Grace" in said(page)


def test_a_second_person_is_asked_for_once_it_is_switched_on(opened: Opened, state: State) -> None:
    page = opened("settings")
    page.toggle(key="org-liveNeedsSecondPerson-0").set_value(True)
    page.text_input(key="org-why-0").input("two pairs of eyes")
    page.button(key="save-settings").click().run()
    assert state.settings["liveNeedsSecondPerson"] is True
    assert state.settings["reason"] == "two pairs of eyes"


def test_a_threshold_is_added_with_its_actions_and_says_whom_it_is_about(
    opened: Opened, state: State
) -> None:
    page = opened("settings")
    page.button(key="add-threshold").click().run()
    assert "11 people had that many at some time in the last 90 days" in said(page)
    assert "7 have them now" in said(page)
    assert state.casework.histograms == [90, None]
    [chosen] = [one for one in page.multiselect if str(one.key).startswith("with-")]
    chosen.select("a1").run()
    page.button(key="save-settings").click().run()
    assert state.settings["strikeThresholds"] == [
        {"threshold": 3, "actionIds": ["a1"], "actionParameters": {}, "target": "USER"}
    ]


def test_a_threshold_without_an_action_is_refused_where_it_stands(
    opened: Opened, state: State
) -> None:
    page = opened("settings")
    page.button(key="add-threshold").click().run()
    page.button(key="save-settings").click().run()
    assert "A threshold needs an action" in said(page)
    assert state.settings == {}


def test_a_threshold_is_removed(opened: Opened, state: State) -> None:
    one = {"threshold": 3, "actionIds": ["a1"], "actionParameters": {}, "target": "ITEM"}
    state.settings = {"version": 4, "strikeThresholds": [one]}
    page = opened("settings")
    [remove] = [b for b in page.button if str(b.key).startswith("remove-")]
    remove.click().run()
    page.button(key="save-settings").click().run()
    assert state.settings["strikeThresholds"] == []


def test_a_callback_is_kept_with_its_headers(opened: Opened, state: State) -> None:
    page = opened("settings")
    page.text_input(key="org-appealCallback-0").input("https://platform.example.org/a").run()
    page.text_area(key="org-appealCallback-headers-0").input('{"x-team": "safety"}')
    page.button(key="save-settings").click().run()
    assert state.settings["appealCallback"] == {
        "url": "https://platform.example.org/a",
        "headers": {"x-team": "safety"},
        "body": {},
    }


@pytest.mark.parametrize(
    ("headers", "words"), [("{", "The headers: line 1"), ("[1]", "must be a JSON object")]
)
def test_headers_that_are_no_object_are_told(headers: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        callback_of("https://x.example", headers, "")


def test_a_callback_without_an_address_is_none() -> None:
    assert callback_of(" ", "{", "") is None


def test_settings_that_the_console_does_not_know_stay() -> None:
    told = {"version": 3, "updatedBy": "user:u1", "newerThing": 7, "strikeTtlDays": 90}
    assert settings_body(told, {"strikeTtlDays": 30}) == {"newerThing": 7, "strikeTtlDays": 30}


def test_a_threshold_forgets_the_values_of_actions_it_lost() -> None:
    row = {
        "threshold": 3,
        "actionIds": ["a1"],
        "actionParameters": {"a1": {"days": 7}, "a2": {"days": 1}},
        "target": "USER",
    }
    assert threshold_document(row)["actionParameters"] == {"a1": {"days": 7}}


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (1, "6 people had that many at some time in the last 90 days, 5 have them now."),
        (3, "2 people had that many at some time in the last 90 days, one has them now."),
        (4, "One person had that many at some time in the last 90 days, none have them now."),
        (5, "Nobody had that many in the last 90 days."),
    ],
)
def test_a_threshold_tells_whom_it_would_have_met(threshold: int, words: str) -> None:
    lately = [Bar(strikes=1, people=4), Bar(strikes=3, people=1), Bar(strikes=4, people=1)]
    now = [Bar(strikes=1, people=4), Bar(strikes=3, people=1)]
    assert meets(lately, now, threshold, 90) == words


def test_the_chart_has_no_gaps_and_an_end() -> None:
    bars = [Bar(strikes=0.5, people=1), Bar(strikes=3, people=2), Bar(strikes=99, people=4)]
    assert counts_upto(bars, most=5) == {"1": 1, "2": 0, "3": 2, "4": 0, "5+": 4}
    assert counts_upto([]) == {}


def test_what_a_threshold_meets_stands_out_in_the_chart() -> None:
    drawn = strike_chart([Bar(strikes=1, people=4), Bar(strikes=3, people=1)], [2]).to_dict()
    [rows] = drawn["datasets"].values()
    assert [row["met"] for row in rows] == ["below", "met", "met"]


def test_the_next_signing_key_is_made_and_the_old_one_given_up(
    opened: Opened, state: State
) -> None:
    page = pressed(opened("settings"), "Make the next key")
    assert [key["state"] for key in state.signing_keys] == ["next", "active", "retired"]
    assert "Signs beside the active key" in said(page)
    page.button(key="retire-k-now").click().run()
    assert [key["state"] for key in state.signing_keys][1] == "retired"


def test_the_only_signing_key_cannot_be_given_up(opened: Opened) -> None:
    page = opened("settings")
    assert [b.key for b in page.button if str(b.key).startswith("retire-")] == []


def test_who_only_manages_people_sees_no_settings_of_the_organisation(
    opened: Opened, state: State
) -> None:
    state.permissions[:] = ["MANAGE_USERS"]
    assert [tab.label for tab in opened("settings").tabs] == ["People"]
