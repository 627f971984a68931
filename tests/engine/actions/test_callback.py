from __future__ import annotations

import json
from dataclasses import replace

from engine.actions.callback import callback_body
from engine.actions.execution import Execution, Report, Source, Target
from engine.configuration.actions import Action
from engine.configuration.policies import Policy, Severity
from engine.configuration.rules import Rule
from engine.items import ItemRef, Kind

TARGET = Target("t-post", "i1", "Post", Kind.CONTENT)
BARE = Execution(
    execution_id="e1",
    dedupe_key="s1:a1",
    action=Action("a1", 1, "Remove", callback_url="https://hook.example"),
    target=TARGET,
    source=Source.POST_ITEMS,
)


def body(execution: Execution) -> dict[str, object]:
    parsed = json.loads(callback_body(execution))
    assert isinstance(parsed, dict)
    return parsed


def test_a_bare_execution_has_the_five_keys_that_are_always_there() -> None:
    assert body(BARE) == {
        "item": {"id": "i1", "typeId": "t-post", "typeName": "Post"},
        "action": {"id": "a1"},
        "policies": [],
        "rules": [],
        "custom": {},
    }


def test_rules_and_policies_are_named() -> None:
    execution = replace(
        BARE,
        rules=(Rule("r1", 3, "Scam words", "true"),),
        policies=(Policy("p1", 1, "Scams", severity=Severity.HIGH), Policy("p2", 1, "Spam")),
    )
    assert body(execution)["rules"] == [{"id": "r1", "name": "Scam words"}]
    assert body(execution)["policies"] == [
        {"id": "p1", "name": "Scams", "penalty": "HIGH"},
        {"id": "p2", "name": "Spam", "penalty": "NONE"},
    ]


def test_a_parameter_wins_over_a_configured_key() -> None:
    action = replace(BARE.action, callback_url_body={"k": "configured", "team": "x"})
    execution = replace(BARE, action=action, parameters={"k": "chosen"})
    assert body(execution)["custom"] == {"k": "chosen", "team": "x"}


def test_an_author_is_the_creator_of_content() -> None:
    target = replace(TARGET, creator=ItemRef("t-user", "u9"))
    assert body(replace(BARE, target=target))["creator"] == {"id": "u9", "typeId": "t-user"}


def test_a_user_is_its_own_creator() -> None:
    target = Target("t-user", "u1", "User", Kind.USER)
    assert body(replace(BARE, target=target))["creator"] == {"id": "u1", "typeId": "t-user"}


def test_a_persons_decision_says_who_and_why() -> None:
    execution = replace(
        BARE,
        source=Source.MRT_DECISION,
        actor_email="mod@example.com",
        actor_note="note-1",
        decision_reason="insult",
        user_strike_count=4,
    )
    parsed = body(execution)
    assert parsed["actorEmail"] == "mod@example.com"
    assert parsed["actorNote"] == "note-1"
    assert parsed["decisionReason"] == "insult"
    assert parsed["userStrikeCount"] == 4
    assert parsed["custom"] == {}


def test_a_decision_on_a_reported_item_carries_the_reports() -> None:
    history = (Report("spam", ItemRef("t-user", "u2")), Report(None, None))
    execution = replace(BARE, decision_reason="ok", report_history=history)
    assert body(execution)["custom"] == {
        "reason": "ok",
        "reportHistory": [
            {"reason": "spam", "reporter": {"id": "u2", "typeId": "t-user"}},
            {"reason": None, "reporter": None},
        ],
    }
