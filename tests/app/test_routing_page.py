"""Routing in the console: the order, one rule, and trying an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.views.routing import changed, default_queue, in_order, moved
from tests.app.conftest import Opened, said
from tests.app.fake_casework import routing_rules

if TYPE_CHECKING:
    from tests.app.fake_api import State

MAY = "MANAGE_ROUTING_RULES"


@pytest.fixture
def routed(state: State) -> State:
    state.configured["routing-rules"] = routing_rules()
    state.permissions.append(MAY)
    return state


def position_of(state: State) -> list[str]:
    return [rule["id"] for rule in in_order(state.configured["routing-rules"], "DEFAULT")]


def test_rules_stand_in_their_order_with_queue_condition_and_what_is_left(
    opened: Opened, routed: State
) -> None:
    shown = said(opened("routing"))
    assert shown.index("&lt;money&gt;") > 0
    assert "→ <b>Harassment</b>" in shown
    assert "Everything else</span><span>→ <b>Spam</b>" in shown
    assert '<span class="w-tag">Shadow</span>' in shown
    assert '<span class="w-tag">Off</span>' in shown
    assert len(routed.casework.asked) == 0


def test_appeals_have_an_order_of_their_own(opened: Opened, routed: State) -> None:
    page = opened("routing", kind="Appeals")
    assert len([b for b in page.button if str(b.key).startswith("switch-")]) == 1
    assert len(routed.configured["routing-rules"]) == 4


def test_without_a_rule_it_says_where_everything_goes(opened: Opened, state: State) -> None:
    state.permissions.append(MAY)
    shown = said(opened("routing"))
    assert "No routing rule yet" in shown
    assert "All jobs go to **Spam**. Make a rule above" in shown


def test_a_rule_is_moved_down_and_up_again(opened: Opened, routed: State) -> None:
    page = opened("routing")
    page.button(key="down-0").click().run()
    assert not page.exception
    assert position_of(routed) == ["rr2", "rr1", "rr3"]
    page.button(key="up-1").click().run()
    assert position_of(routed) == ["rr1", "rr2", "rr3"]
    assert [body["kind"] for _, body in routed.casework.asked] == ["DEFAULT", "DEFAULT"]


def test_the_first_goes_no_further_up_nor_the_last_down(opened: Opened, routed: State) -> None:
    page = opened("routing")
    assert page.button(key="up-0").disabled
    assert page.button(key="down-2").disabled
    assert not page.button(key="down-0").disabled
    assert position_of(routed) == ["rr1", "rr2", "rr3"]


def test_a_rule_is_switched_off_and_on(opened: Opened, routed: State) -> None:
    page = opened("routing")
    page.button(key="switch-1").click().run()
    assert routed.configured["routing-rules"][1]["status"] == "PAUSED"
    assert page.button(key="switch-1").label == "Switch on"
    page.button(key="switch-1").click().run()
    assert routed.configured["routing-rules"][1]["status"] == "LIVE"


def test_who_may_not_manage_routing_reads_and_tries(opened: Opened, routed: State) -> None:
    routed.permissions.remove(MAY)
    page = opened("routing")
    assert [b.label for b in page.button] == ["Try"]
    rule = opened("routing", id="rr2")
    assert "may read this rule, not change it" in said(rule)
    assert list(rule.button) == []


def test_an_item_is_tried_and_the_reason_told(opened: Opened, routed: State) -> None:
    page = opened("routing")
    page.text_area(key="try-data-DEFAULT").input('{"text": "you"}')
    [one] = [b for b in page.button if b.label == "Try"]
    one.click().run()
    assert not page.exception
    shown = said(page)
    assert "→ <b>Harassment</b>" in shown
    assert "<b>Attacks</b> held." in shown
    assert "Money &lt;first&gt;: did not hold, in shadow" in shown
    assert routed.casework.asked[0][1] == {
        "itemTypeId": "t1",
        "kind": "DEFAULT",
        "policyIds": [],
        "source": "post-items",
        "data": {"text": "you"},
    }


@pytest.mark.parametrize(
    ("item_id", "text", "told"),
    [
        ("", "", "Name an item that was sent"),
        ("", "{", "not JSON"),
        ("", '[{"text": "a"}, {"text": "b"}]', "the fields of one item"),
        ("gone", "", "was ever sent"),
    ],
)
def test_what_cannot_be_tried_is_told(
    opened: Opened, routed: State, item_id: str, text: str, told: str
) -> None:
    page = opened("routing")
    page.text_input(key="try-id-DEFAULT").input(item_id)
    page.text_area(key="try-data-DEFAULT").input(text)
    [one] = [b for b in page.button if b.label == "Try"]
    one.click().run()
    assert not page.exception
    assert told in said(page)
    assert len(routed.casework.asked) == int(item_id == "gone")


def test_a_rule_is_saved_under_a_new_name_and_keeps_its_place(
    opened: Opened, routed: State
) -> None:
    page = opened("routing", id="rr2")
    page.text_input(key="name-routing-rr2-2").input("Attacks on people")
    page.button(key="save-rule").click().run()
    assert not page.exception
    saved = routed.configured["routing-rules"][1]
    assert (saved["name"], saved["position"], saved["version"]) == ("Attacks on people", 2, 3)
    assert saved["where"] == "contains(text, '<money>')"


def test_a_save_that_is_refused_says_why(opened: Opened, routed: State) -> None:
    page = opened("routing", id="rr2")
    page.text_input(key="name-routing-rr2-2").input("")
    page.button(key="save-rule").click().run()
    assert "A name is needed" in said(page)
    assert routed.configured["routing-rules"][1]["version"] == 2


def test_a_new_rule_is_for_the_kind_it_was_asked_for(opened: Opened, routed: State) -> None:
    page = opened("routing", id="new", kind="Appeals")
    assert "For appeals" in said(page)
    [name] = [one for one in page.text_input if one.label == "Name"]
    name.input("Second look")
    page.button(key="save-rule").click().run()
    made = routed.configured["routing-rules"][-1]
    assert (made["name"], made["kind"], made["status"]) == ("Second look", "APPEAL", "LIVE")


@pytest.mark.parametrize(
    ("rule_id", "step", "order"),
    [
        ("b", 1, ["a", "c", "b"]),
        ("b", -1, ["b", "a", "c"]),
        ("a", -1, ["a", "b", "c"]),
        ("c", 5, ["a", "b", "c"]),
    ],
)
def test_moving_stays_within_the_list(rule_id: str, step: int, order: list[str]) -> None:
    assert moved(["a", "b", "c"], rule_id, step) == order


def test_a_saved_rule_is_without_what_the_server_adds() -> None:
    rule = routing_rules()[0] | {"updatedAt": "now", "updatedByName": "Ada"}
    assert changed(rule, status="LIVE").keys() == {
        *("name", "status", "kind", "position", "itemTypeIds", "where", "queueId")
    }


def test_kinds_without_a_default_queue_of_their_own_use_the_default() -> None:
    queues = [{"name": "All", "isDefault": True}, {"name": "Again", "isAppealsDefault": True}]
    assert [default_queue(queues, kind) for kind in ("DEFAULT", "APPEAL", "NCMEC")] == [
        "All",
        "Again",
        "All",
    ]
    assert default_queue([], "DEFAULT") == ""
