"""The console sends tests and many webhooks again, and says which hosts do not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.app.conftest import Opened, said

if TYPE_CHECKING:
    from tests.app.fake_api import State


def test_an_action_is_tested_and_its_answer_shown(opened: Opened) -> None:
    page = opened("actions", id="a1")
    [button] = [button for button in page.button if button.label == "Test"]
    page = button.click().run()
    assert not page.exception
    assert [told.value for told in page.success] == ["Answered 200 in 12 ms."]
    assert "thanks" in [code.value for code in page.code]


def test_who_may_not_change_rules_sends_no_tests(opened: Opened, state: State) -> None:
    state.permissions.remove("MUTATE_LIVE_RULES")
    page = opened("actions", id="a1")
    assert "Test" not in [button.label for button in page.button]


def test_many_webhooks_are_counted_and_then_sent_again(opened: Opened) -> None:
    page = opened("deliveries")
    [button] = [button for button in page.button if button.key == "replay-many"]
    assert button.label == "Send 3 again"
    page = button.click().run()
    assert not page.exception
    assert "Queued 3 webhooks" in said(page) + " ".join(toast.value for toast in page.toast)


def test_a_host_that_does_not_answer_is_named(opened: Opened) -> None:
    page = opened("deliveries")
    assert any("platform.example.org does not answer" in told.value for told in page.warning)
