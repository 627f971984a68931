"""Which queue a job goes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from engine.casework.routing import (
    Outcome,
    Subject,
    checked_routing_rule,
    compile_router,
    default_queue_id,
)
from engine.configuration.configuration import Configuration
from engine.configuration.queues import Queue
from engine.configuration.routing_rules import RoutingKind, RoutingRule, ordered
from engine.configuration.rules import Status
from engine.items import parse_item_type

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 1, 5, tzinfo=UTC)
POST = parse_item_type(
    "post", 1, {"name": "Post", "kind": "CONTENT", "fields": [{"name": "text", "type": "STRING"}]}
)


def rule(rule_id: str, where: str, queue_id: str = "q1", **more: Any) -> RoutingRule:
    return RoutingRule(rule_id, 1, rule_id, where, queue_id, **{"item_type_ids": ("post",)} | more)


def house(*rules: RoutingRule, **queues: Queue) -> Configuration:
    known = {
        "default": Queue("default", 1, "Default", is_default=True),
        "q1": Queue("q1", 1, "One"),
        "q2": Queue("q2", 1, "Two"),
    }
    return Configuration(
        1,
        1,
        item_types={"post": POST},
        queues=known | queues,
        routing_rules={one.rule_id: one for one in rules},
    )


def routed(
    configuration: Configuration,
    data: Mapping[str, object] | None = None,
    kind: str = "DEFAULT",
    policy_ids: tuple[str, ...] = (),
    source: str = "post-items",
) -> tuple[str | None, list[Outcome]]:
    subject = Subject(kind, "post", data or {}, policy_ids, source, NOW)
    route = compile_router(configuration).route(subject)
    return route.queue_id, [step.outcome for step in route.trail]


def test_the_first_rule_that_is_true_decides_and_the_rest_are_not_run() -> None:
    configuration = house(
        rule("b", "contains(text, 'a')", "q2", position=2),
        rule("a", "contains(text, 'a')", "q1", position=1),
        rule("c", "TRUE", "q2", position=3),
    )
    queue_id, outcomes = routed(configuration, {"text": "a"})
    assert queue_id == "q1"
    assert outcomes == [Outcome.TRUE, Outcome.NOT_RUN, Outcome.NOT_RUN]


def test_what_no_rule_takes_goes_to_the_default_queue() -> None:
    configuration = house(rule("a", "contains(text, 'a')"))
    assert routed(configuration, {"text": "b"}) == ("default", [Outcome.FALSE])
    assert routed(configuration, {}) == ("default", [Outcome.UNKNOWN])


@pytest.mark.parametrize(
    ("where", "given", "queue_id"),
    [
        ("list_contains(_policies, 'p1')", {"policy_ids": ("p0", "p1")}, "q1"),
        ("list_contains(_policies, 'p1')", {"policy_ids": ("p0",)}, "default"),
        ("_policies IS NULL", {}, "q1"),
        ("_policies IS NULL", {"policy_ids": ("p1",)}, "default"),
        ("_source = 'submit-report'", {"source": "submit-report"}, "q1"),
        ("_source = 'submit-report'", {"source": "post-items"}, "default"),
    ],
)
def test_a_rule_may_ask_for_policies_and_source(
    where: str, given: dict[str, Any], queue_id: str
) -> None:
    assert routed(house(rule("a", where)), **given)[0] == queue_id


def test_appeals_have_rules_and_a_default_queue_of_their_own() -> None:
    jobs = rule("a", "TRUE", "q1")
    appeals = rule("b", "contains(text, 'a')", "q2", kind=RoutingKind.APPEAL)
    court = Queue("court", 1, "Court", is_appeals_default=True)
    configuration = house(jobs, appeals, court=court)
    assert routed(configuration, {"text": "a"}, "APPEAL")[0] == "q2"
    assert routed(configuration, {"text": "b"}, "APPEAL")[0] == "court"
    assert routed(configuration, {"text": "b"})[0] == "q1"


def test_no_rule_for_other_jobs_sends_child_safety_among_them() -> None:
    jobs = rule("a", "TRUE", "q1")
    safety = rule("b", "contains(text, 'a')", "q2", kind=RoutingKind.NCMEC)
    guard = Queue("guard", 1, "Child safety", is_child_safety_default=True)
    configuration = house(jobs, safety, guard=guard)
    assert routed(configuration, {"text": "a"}, "NCMEC") == ("q2", [Outcome.TRUE])
    assert routed(configuration, {"text": "b"}, "NCMEC") == ("guard", [Outcome.FALSE])
    assert routed(configuration, {"text": "a"}) == ("q1", [Outcome.TRUE])
    assert default_queue_id(house(), "NCMEC") == "default"


def test_without_an_appeals_queue_appeals_go_to_the_default_queue() -> None:
    assert default_queue_id(house(), "APPEAL") == "default"
    assert default_queue_id(Configuration(1, 1), "APPEAL") is None


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PAUSED, Status.ARCHIVED])
def test_a_rule_that_is_not_live_is_not_asked(status: Status) -> None:
    assert routed(house(rule("a", "TRUE", status=status))) == ("default", [])


def test_a_shadow_rule_says_what_it_would_do_and_decides_nothing() -> None:
    configuration = house(
        rule("a", "TRUE", "q1", status=Status.SHADOW, position=1),
        rule("b", "TRUE", "q2", position=2),
    )
    assert routed(configuration) == ("q2", [Outcome.TRUE, Outcome.TRUE])


def test_a_rule_of_another_item_type_or_of_a_queue_that_is_gone_is_passed_over() -> None:
    configuration = house(
        rule("a", "TRUE", "gone", position=1),
        rule("b", "TRUE", "q1", item_type_ids=("user",), position=2),
        rule("c", "TRUE", "q2", position=3),
    )
    assert routed(configuration)[0] == "q2"


def test_a_rule_that_means_nothing_any_more_is_said_to_be_broken() -> None:
    configuration = house(rule("a", "contains(gone, 'a')"))
    assert routed(configuration) == ("default", [Outcome.BROKEN])


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("contains(txt, 'a')", "txt"),
        ("count_recent(text, '1 hour') > 3", "one item alone"),
        ("text", ""),
    ],
)
def test_a_condition_that_a_routing_rule_cannot_have_is_refused(where: str, words: str) -> None:
    _, problems = checked_routing_rule(rule("a", where), house())
    assert problems
    assert words in problems[0].message
    assert problems[0].pointer == "/where"


def test_a_condition_is_kept_in_canonical_form() -> None:
    checked, problems = checked_routing_rule(rule("a", "contains( text,'a')"), house())
    assert (checked.where, problems) == ("contains(text, 'a')", [])


def test_rules_are_ordered_by_position() -> None:
    rules = [rule("a", "TRUE", position=3), rule("b", "TRUE", position=1)]
    assert [one.rule_id for one in ordered(rules, RoutingKind.DEFAULT)] == ["b", "a"]
