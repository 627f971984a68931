"""Every page, run as Streamlit runs it, over a stand-in API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import Opened, rows_of, said

if TYPE_CHECKING:
    from tests.app.fake_api import State

PAGES = [
    ("overview", {}, "Items an hour"),
    ("queues", {}, "pending"),
    ("decisions", {}, "Nothing decided yet"),
    ("rules", {}, "4 of 4 rules"),
    ("rule", {"id": "r1"}, "Casino spam"),
    ("rule", {"id": "new"}, "New rule"),
    ("backtests", {}, "Backtests"),
    ("backtest", {"id": "b-done"}, "Matches by day"),
    ("backtest", {"id": "b-failed"}, "not in the history"),
    ("banks", {}, "Banks"),
    ("banks", {"id": "b1"}, "casino words"),
    ("policies", {}, "Policies"),
    ("policies", {"id": "p1"}, "Spam and scams"),
    ("policies", {"id": "new"}, "New policy"),
    ("item-types", {}, "Item types"),
    ("item-types", {"id": "t1"}, "Post"),
    ("actions", {}, "Actions"),
    ("actions", {"id": "a1"}, "Remove post"),
    ("appeals", {}, "Appeals"),
    ("routing", {}, "Routing"),
    ("routing", {"id": "new"}, "New routing rule"),
    ("deliveries", {}, "Webhooks"),
    ("deliveries", {"id": "o1"}, "Given up"),
    ("settings", {}, "Settings"),
    ("audit", {}, "Audit log"),
]


@pytest.mark.parametrize(("path", "params", "shown"), PAGES)
def test_a_page_shows_what_it_is_for(
    opened: Opened, path: str, params: dict[str, str], shown: str
) -> None:
    page = opened(path, **params)
    assert not page.exception
    assert shown in said(page)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("overview", "Describe an item"),
        ("queues", "No queue yet"),
        ("rules", "No rule yet"),
        ("rule", "First describe an item"),
        ("backtests", "No history yet"),
        ("banks", "No bank yet"),
        ("policies", "No policy yet"),
        ("item-types", "No item type yet"),
        ("actions", "No action yet"),
        ("appeals", "No appeal here"),
        ("routing", "No routing rule yet"),
    ],
)
def test_an_empty_page_says_what_to_do_next(
    opened: Opened, state: State, path: str, shown: str
) -> None:
    state.empty, state.configured, state.waiting = True, {}, []
    page = opened(path)
    assert not page.exception
    assert shown in said(page)


@pytest.mark.parametrize(
    ("permissions", "path"),
    [(["VIEW_MRT"], "rules"), (["VIEW_RULES_DASHBOARD"], "audit"), (["VIEW_MRT"], "settings")],
)
def test_a_page_that_a_role_may_not_use_does_not_appear(
    opened: Opened, state: State, permissions: list[str], path: str
) -> None:
    state.permissions[:] = permissions
    page = opened(path)
    assert path.capitalize() not in [title.value for title in page.title]


def test_a_role_without_pages_is_told_so(opened: Opened, state: State) -> None:
    state.permissions.clear()
    assert "no pages" in said(opened("overview"))


def test_who_is_not_signed_in_is_asked_to(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.read_token", lambda: "stale")
    assert 'href="/sign-in"' in said(opened("rules"))


def test_an_api_that_does_not_answer_is_told(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_API_URL", "http://127.0.0.1:9/api/v1")
    page = opened("rules")
    assert not page.exception
    assert "does not answer" in said(page)


def test_an_unknown_rule_is_told_not_thrown(opened: Opened) -> None:
    page = opened("rule", id="gone")
    assert not page.exception
    assert "No such rules" in said(page)


def test_rules_keep_their_filter_in_the_address(opened: Opened) -> None:
    page = opened("rules", status="Live")
    assert [row["name"]["text"] for row in rows_of(page, "rules")] == ["Casino spam"]


def test_a_new_key_is_shown_once(opened: Opened) -> None:
    page = opened("settings")
    [name] = [one for one in page.text_input if one.label == "A new key for"]
    name.input("backfill")
    [make] = [one for one in page.button if one.label == "Make a key"]
    make.click().run()
    assert "wk_3f9a_secret" in said(page)
    assert "wk_3f9a_secret" not in said(page.run())


def test_saving_a_policy_without_a_name_says_what_is_wrong(opened: Opened) -> None:
    page = opened("policies", id="p1")
    page.text_input[0].input("")
    page.button[0].click().run()
    assert "A name is needed" in said(page)


def test_pasted_examples_become_an_item_type(opened: Opened, state: State) -> None:
    state.empty, state.configured = True, {}
    page = opened("overview")
    page.text_input(key="infer-name-first").input("Post")
    page.text_area(key="infer-text-first").input('{"text": "hi", "likes": 3}').run()
    page.button(key="infer-first").click().run()
    page.button(key="infer-save-first").click().run()
    assert [made["name"] for made in state.configured["item-types"]] == ["Post"]
