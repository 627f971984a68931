"""An item or a person in the console: what was sent, said and done, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import Opened, said
from tests.app.fake_items import PERSON_TYPE
from tests.app.fake_reports import reported

if TYPE_CHECKING:
    from tests.app.fake_api import State


@pytest.fixture(autouse=True)
def _people_are_known(state: State) -> None:
    state.configured["item-types"].append(PERSON_TYPE)


def test_an_item_tells_what_became_of_it_in_words(opened: Opened) -> None:
    page = opened("item", type="t1", id="post-0")
    shown = said(page)
    assert not page.exception
    assert "Win at the &lt;b&gt;casino&lt;/b&gt; tonight" in shown
    assert "Casino spam, Fresh accounts that post links (shadow)" in shown
    assert "Remove post" in shown
    assert 'href="/job?job=job-0"' in shown
    assert "Nobody has reported this." in shown


def test_reports_about_an_item_are_on_its_page(opened: Opened, state: State) -> None:
    state.waiting[0] = reported(state.waiting[0])
    page = opened("item", type="t1", id="post-0")
    assert "Reports (4)" in [tab.label for tab in page.tabs]
    assert "by reader-0" in said(page)


def test_a_rule_is_explained_when_asked_as_it_was_evaluated(opened: Opened, state: State) -> None:
    page = opened("item", type="t1", id="post-0")
    [explain] = [one for one in page.button if one.label == "Explain"]
    explain.click().run()
    assert [(e["ruleId"], e["submissionId"], e["asEvaluated"]) for e in state.explained] == [
        ("r1", "s0", True)
    ]
    assert "likes &lt; 3: TRUE, likes is 2" in said(page)
    assert "It would not have matched with likes of 3." in said(page)


def test_a_person_has_strikes_and_labels_also_when_never_sent(opened: Opened) -> None:
    page = opened("item", type="t2", id="user-0")
    shown = said(page)
    assert "never sent by the platform" in shown
    assert "2 strikes hold now." in shown
    assert "a &lt;i&gt;joke&lt;/i&gt;" in shown
    assert '<span class="w-chip">trusted</span>' in shown
    assert '<span class="w-chip">new here</span>' not in shown
    assert [tab.label for tab in page.tabs][-2:] == ["Strikes (2)", "Labels (1)"]


def test_a_post_has_no_strikes(opened: Opened) -> None:
    labels = [tab.label for tab in opened("item", type="t1", id="post-0").tabs]
    assert [label for label in labels if label.startswith("Strikes")] == []


def test_what_nobody_knows_is_told(opened: Opened) -> None:
    page = opened("item", type="t2", id="nobody")
    assert not page.exception
    assert "Nothing is known of it" in said(page)


def test_without_an_id_the_page_says_where_to_open_one(opened: Opened) -> None:
    assert "Which item?" in said(opened("item"))


def test_who_may_not_see_rules_sees_the_item_without_explanations(
    opened: Opened, state: State
) -> None:
    state.permissions[:] = ["VIEW_INVESTIGATION"]
    page = opened("item", type="t1", id="post-0")
    assert not page.exception
    labels = [tab.label for tab in page.tabs]
    assert [label for label in labels if label.startswith("Reports")] == []
    assert [one for one in page.button if one.label == "Explain"] == []
