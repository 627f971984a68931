from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

from engine.actions.execution import Source, Target
from engine.actions.plan import job_source, plan_executions, planned_job
from engine.actions.verdict import Held, Match, matches, outcome_document
from engine.configuration.actions import Action, ActionType
from engine.configuration.configuration import Configuration
from engine.configuration.parameters import Parameter, ParameterType
from engine.configuration.policies import Policy
from engine.configuration.rules import Rule, Status
from engine.items import ItemRef, Kind

if TYPE_CHECKING:
    from engine.actions.execution import Execution

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TARGET = Target(
    "t-post", "i1", "Post", Kind.CONTENT, ItemRef("t-user", "u1"), 7, NOW, "submission-1"
)
HOOK = Action("hook", 1, "Remove", callback_url="https://hook.example")
REVIEW = Action("review", 1, "Review", type=ActionType.ENQUEUE_TO_MRT, queue_id="q2")
CONFIGURATION = Configuration(
    org_id=1,
    config_version=5,
    actions={"hook": HOOK, "review": REVIEW},
    policies={"p1": Policy("p1", 1, "Spam"), "p2": Policy("p2", 1, "Scam")},
)


def rule(rule_id: str, *actions: str, policies: tuple[str, ...] = ()) -> Rule:
    return Rule(
        rule_id, 2, rule_id.title(), "true", status=Status.LIVE, action_ids=actions,
        policy_ids=policies,
    )  # fmt: skip


def planned(*rules: Rule, configuration: Configuration = CONFIGURATION) -> tuple[Execution, ...]:
    ids = count(1)
    found = tuple(Match(r) for r in rules)
    return plan_executions(found, TARGET, configuration, lambda: f"e{next(ids)}")


def test_two_rules_that_ask_for_one_action_cause_it_once_with_both_named() -> None:
    [execution] = planned(
        rule("a", "hook", policies=("p2", "p1")), rule("b", "hook", policies=("p1",))
    )
    assert [r.rule_id for r in execution.rules] == ["a", "b"]
    assert [p.policy_id for p in execution.policies] == ["p2", "p1"]
    assert execution.dedupe_key == "submission-1:hook"
    assert execution.source is Source.POST_ITEMS


def test_each_action_is_executed_in_the_order_it_was_first_asked_for() -> None:
    executions = planned(rule("a", "review"), rule("b", "hook", "review"))
    assert [e.action.action_id for e in executions] == ["review", "hook"]


def test_an_action_that_is_gone_or_not_for_this_type_is_left_out() -> None:
    elsewhere = replace(HOOK, item_type_ids=("t-other",))
    assert planned(rule("a", "deleted")) == ()
    assert (
        planned(
            rule("a", "hook"), configuration=replace(CONFIGURATION, actions={"hook": elsewhere})
        )
        == ()
    )


def test_a_deleted_policy_is_left_out() -> None:
    [execution] = planned(rule("a", "hook", policies=("gone", "p1")))
    assert [p.policy_id for p in execution.policies] == ["p1"]


def test_a_rule_that_is_held_does_not_act() -> None:
    held = (Match(rule("a", "hook"), Held.SHADOW), Match(rule("b", "review"), Held.CAP))
    assert plan_executions(held, TARGET, CONFIGURATION, lambda: "e") == ()


def test_parameters_take_their_defaults() -> None:
    days = Parameter("days", "Days", ParameterType.NUMBER, default=7)
    action = replace(HOOK, parameters=(days,))
    [execution] = planned(
        rule("a", "hook"), configuration=replace(CONFIGURATION, actions={"hook": action})
    )
    assert execution.parameters == {"days": 7}


@pytest.mark.parametrize(
    ("status", "percent", "held"),
    [
        (Status.LIVE, 100, None),
        (Status.LIVE, 0, Held.ROLLOUT),
        (Status.SHADOW, 100, Held.SHADOW),
    ],
)
def test_shadow_and_rollout_hold_a_rule_back(
    status: Status, percent: int, held: Held | None
) -> None:
    candidate = replace(rule("a", "hook"), status=status, rollout_percent=percent)
    [match] = matches([candidate], [True], TARGET, NOW)
    assert match.held is held


def test_only_true_matches() -> None:
    rules = [rule(name) for name in "abc"]
    found = matches(rules, [None, True, False], TARGET, NOW)
    assert [m.rule.rule_id for m in found] == ["b"]


def test_a_rule_that_had_expired_when_the_item_arrived_does_not_match() -> None:
    expired = replace(rule("a", "hook"), expires_at=NOW)
    assert matches([expired], [True], TARGET, NOW) == ()


def test_the_stored_outcome_says_why_a_rule_did_not_act() -> None:
    assert outcome_document(Match(rule("a"), Held.CAP)) == {
        "ruleId": "a",
        "version": 2,
        "status": "LIVE",
        "outcome": "TRUE",
        "held": "cap",
    }
    assert "held" not in outcome_document(Match(rule("a")))


@pytest.mark.parametrize(
    ("action_type", "target", "kind", "subject"),
    [
        (ActionType.ENQUEUE_TO_MRT, TARGET, "DEFAULT", ("t-post", "i1")),
        (ActionType.ENQUEUE_AUTHOR_TO_MRT, TARGET, "DEFAULT", ("t-user", "u1")),
        (ActionType.ENQUEUE_TO_NCMEC, TARGET, "NCMEC", ("t-user", "u1")),
        (ActionType.ENQUEUE_TO_NCMEC, replace(TARGET, creator=None), "NCMEC", ("t-post", "i1")),
    ],
)
def test_an_enqueueing_action_opens_a_job_about_the_right_subject(
    action_type: ActionType, target: Target, kind: str, subject: tuple[str, str]
) -> None:
    [execution] = planned(rule("a", "review", policies=("p1",)))
    action = replace(REVIEW, type=action_type)
    job = planned_job(replace(execution, action=action, target=target))
    assert job is not None
    assert (job.kind, job.queue_id, (job.type_id, job.item_id)) == (kind, "q2", subject)
    assert job.policy_ids == ("p1",)


def test_a_webhook_opens_no_job_and_neither_does_an_unknown_author() -> None:
    [execution] = planned(rule("a", "hook"))
    author = replace(REVIEW, type=ActionType.ENQUEUE_AUTHOR_TO_MRT)
    nobody = replace(TARGET, creator=None)
    assert planned_job(execution) is None
    assert planned_job(replace(execution, action=author, target=nobody)) is None


def test_a_job_remembers_the_rule_that_asked_for_it() -> None:
    [execution] = planned(rule("a", "review", policies=("p1",)))
    source = job_source(execution, execution.rules[0])
    assert source["kind"] == "RULE_EXECUTION"
    assert (source["ruleId"], source["ruleName"], source["policyIds"]) == ("a", "A", ["p1"])
    assert job_source(execution, None)["kind"] == "ACTION"
