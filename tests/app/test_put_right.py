"""Strikes, labels and reports put right by hand on the page of a person or an item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import Opened, said
from tests.app.fake_items import PERSON_TYPE
from tests.app.fake_reports import reported

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.app.fake_api import State

ACT = "MANUALLY_ACTION_CONTENT"


@pytest.fixture(autouse=True)
def _people_are_known(state: State) -> None:
    state.configured["item-types"].append(PERSON_TYPE)
    state.permissions.append(ACT)


def pressed(page: AppTest, label: str) -> AppTest:
    [button] = [one for one in page.button if one.label == label]
    page = button.click().run()
    assert not page.exception
    return page


def give_reason(page: AppTest, form: str, reason: str) -> None:
    [field] = [
        one
        for one in page.text_input
        if one.label == "Reason" and one.proto.form_id.startswith(form)
    ]
    field.input(reason)


def person(opened: Opened) -> AppTest:
    return opened("item", type="t2", id="user-0")


def test_strikes_are_adjusted_with_a_reason_and_undone(opened: Opened, state: State) -> None:
    page = person(opened)
    [amount] = [one for one in page.number_input if one.label == "Strikes to add"]
    amount.set_value(-2)
    give_reason(page, "adjust-strikes-form", "for the same joke")
    page = pressed(page, "Adjust")
    assert state.casework.asked == [
        (
            "adjust",
            {
                "userTypeId": "t2",
                "userId": "user-0",
                "amount": -2,
                "policyId": None,
                "reason": "for the same joke",
            },
        )
    ]
    assert "Adjusted by -2: 0 hold now." in said(page)
    page = pressed(page, "Undo")
    assert state.casework.asked[1][0] == "revoke st-new"
    assert "Adjusted by" not in said(page)


def test_an_adjustment_without_a_reason_is_refused_where_it_was_asked(
    opened: Opened, state: State
) -> None:
    page = pressed(person(opened), "Adjust")
    assert "an adjustment needs a reason" in said(page)
    assert state.casework.asked == []


def test_a_strike_that_holds_is_revoked_and_given_again(opened: Opened, state: State) -> None:
    page = person(opened)
    [chosen] = [one for one in page.selectbox if one.label == "Strike"]
    assert len(chosen.options) == 1
    give_reason(page, "revoke-strike-form", "after an appeal")
    page = pressed(page, "Revoke")
    assert state.casework.asked == [("revoke st1", {"reason": "after an appeal"})]
    assert "Revoked: 0 hold now." in said(page)
    pressed(page, "Undo")
    assert state.casework.asked[1] == (
        "restore st1",
        {"reason": "the revocation was taken back"},
    )


def test_a_label_is_put_on_until_a_day_and_taken_off_again(opened: Opened, state: State) -> None:
    page = person(opened)
    [name] = [one for one in page.text_input if one.label == "Label"]
    name.input("trusted")
    [until] = [one for one in page.date_input if one.label == "Until the end of"]
    day = datetime.now(UTC).date() + timedelta(days=9)
    until.set_value(day)
    page = pressed(page, "Add")
    assert state.casework.asked[0] == (
        "label",
        {
            "entity": {"typeId": "t2", "id": "user-0"},
            "name": "trusted",
            "expiresAt": f"{day.isoformat()}T23:59:59+00:00",
            "reason": "",
        },
    )
    assert "Labelled trusted until" in said(page)
    pressed(page, "Undo")
    assert state.casework.asked[1][0] == "withdraw l-new"


def test_a_label_that_was_taken_off_is_put_back(opened: Opened, state: State) -> None:
    page = person(opened)
    give_reason(page, "withdraw-label-form", "not any more")
    page = pressed(page, "Take off")
    assert state.casework.asked == [("withdraw l1", {"reason": "not any more"})]
    page = pressed(page, "Undo")
    assert state.casework.asked[1][1]["name"] == "trusted"


def test_what_was_done_is_told_on_its_own_page_alone(opened: Opened, state: State) -> None:
    page = person(opened)
    give_reason(page, "withdraw-label-form", "not any more")
    page = pressed(page, "Take off")
    assert "trusted is taken off." in said(page)
    page.query_params["id"] = "user-1"
    assert "trusted is taken off." not in said(page.run())
    assert len(state.casework.asked) == 1


def test_reports_of_a_person_are_taken_back(opened: Opened, state: State) -> None:
    page = person(opened)
    shown = said(page)
    assert "I do not &lt;b&gt;like&lt;/b&gt; them" in shown
    assert "1 open, 1 dismissed" in shown
    give_reason(page, "bad-faith-form", "reports whoever wins")
    page = pressed(page, "Take back their reports")
    assert state.casework.asked == [
        (
            "invalidate",
            {"reporter": {"typeId": "t2", "id": "user-0"}, "reason": "reports whoever wins"},
        )
    ]
    assert "Reports of user-0 taken back: 3, 2 closed jobs." in said(page)


def test_on_an_item_one_of_its_reporters_is_chosen(opened: Opened, state: State) -> None:
    state.waiting[0] = reported(state.waiting[0])
    page = opened("item", type="t1", id="post-0")
    [who] = [one for one in page.selectbox if one.label == "Reporter"]
    assert who.options == ["reader-0", "reader-1", "reader-2", "reader-3"]
    who.select_index(1)
    give_reason(page, "bad-faith-form", "a bot")
    pressed(page, "Take back their reports")
    assert state.casework.asked[0][1]["reporter"]["id"] == "reader-1"


def test_a_person_nobody_knows_yet_can_be_labelled(opened: Opened, state: State) -> None:
    page = opened("item", type="t2", id="nobody")
    [name] = [one for one in page.text_input if one.label == "Label"]
    name.input("brought over")
    pressed(page, "Add")
    assert state.casework.asked[0][1]["entity"] == {"typeId": "t2", "id": "nobody"}


def test_who_may_only_look_finds_nothing_to_press(opened: Opened, state: State) -> None:
    state.permissions.remove(ACT)
    state.permissions.remove("EDIT_MRT_QUEUES")
    page = person(opened)
    assert list(page.button) == []
    assert state.casework.asked == []
