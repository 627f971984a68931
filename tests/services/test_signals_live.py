"""Signals in the life of an item: asked by the worker, recorded, recomputed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.signals.asking import refused
from services.lake_export import export_all
from services.parity_sample import sample_parity
from services.signals import Installed
from tests.engine.language.signal_world import Asked
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.signals import Question, Reply
    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    found = Installed(asked.environment().signals)
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    return asked


@pytest.fixture
def town(asked: Asked, context: Context, org: Organisation) -> Town:
    assert not asked.values
    return Town(context, org.org_id)


def outcomes(town: Town) -> list[list[dict[str, Any]]]:
    rows = town.rows("SELECT outcomes::text FROM evaluations ORDER BY seq")
    return [json.loads(text) for (text,) in rows]


def test_a_batch_asks_once_about_each_text_that_matters(town: Town, asked: Asked) -> None:
    town.rule("Loud", "contains(text, 'A') AND acme.shouts(text)", town.hook())
    town.send("A", "A", "AB", "quiet")
    town.evaluate()
    assert sorted(asked.asked["acme.shouts"]) == ["A", "AB"]
    assert [[each["outcome"] for each in said] for said in outcomes(town)] == [
        ["TRUE"],
        ["TRUE"],
        ["TRUE"],
        [],
    ]


def test_a_rule_without_an_answer_does_not_act_and_says_why(town: Town) -> None:
    town.rule("Loud", "acme.shouts(text)", town.hook())
    town.send("broken")
    town.evaluate()
    [[said]] = outcomes(town)
    assert (said["outcome"], said["held"]) == ("UNKNOWN", "unanswered")
    assert said["signals"] == [
        {"name": "acme.shouts", "version": "1", "reason": "broken text", "count": 1}
    ]
    assert town.rows("SELECT 1 FROM action_executions") == []


def test_a_rule_that_another_condition_decides_acts_without_the_answer(town: Town) -> None:
    town.rule("Loud", "acme.shouts(text) OR acme.shouts(text || '!') IS NULL", town.hook())
    town.send("broken off")
    town.evaluate()
    [[said]] = outcomes(town)
    assert said["outcome"] == "TRUE"
    assert said["signals"][0]["name"] == "acme.shouts"
    assert len(town.rows("SELECT 1 FROM action_executions")) == 1


def test_a_signal_that_is_gone_is_named_where_outcomes_are_compared(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("Loud", "acme.shouts(text)", town.hook())
    town.send("HERE TODAY")
    town.evaluate()
    export_all(town.context, town.org_id)
    monkeypatch.setattr("services.rulesets.installed", Installed)
    parity = sample_parity(town.context, town.org_id)
    assert parity.differing == 1
    [rule] = parity.rules
    assert (rule.name, rule.compared) == ("Loud", 0)
    assert rule.problem == "There is no function acme.shouts()."


def test_a_signal_that_answers_no_more_is_no_difference(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("Many", "list_contains(acme.words(text), 'gone')", town.hook())
    town.send("is gone by then")
    town.evaluate()
    export_all(town.context, town.org_id)

    def silent(questions: Sequence[Question]) -> list[Reply]:
        return [refused(each, "away") for each in questions]

    monkeypatch.setattr("services.rulesets.asker_of", lambda *_: silent)
    parity = sample_parity(town.context, town.org_id)
    assert (parity.compared, parity.differing) == (1, 0)
