"""What counts against whom, and which threshold's actions follow."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from uuid import NAMESPACE_OID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actions.execution import Execution, Source, Target
from engine.casework.strikes import crossed, effect_id, strikes_of, tally
from engine.configuration.actions import Action
from engine.configuration.configuration import Configuration
from engine.configuration.parameters import Parameter, ParameterType
from engine.configuration.policies import Policy, strike_weight
from engine.configuration.settings import OrgSettings, StrikeTarget, StrikeThreshold
from engine.items import ItemRef, Kind

BOB = ItemRef("user", "bob")
POST = Target("post", "p1", "Post", Kind.CONTENT, creator=BOB, submission_id="s1")
WARN = Action("warn", 1, "Warn", callback_url="https://platform.example/warn")
BAN = Action("ban", 1, "Ban", callback_url="https://platform.example/ban")
REMOVE = replace(WARN, action_id="remove", name="Remove", apply_user_strikes=True)
LABEL = replace(WARN, action_id="label", name="Label")


def policy(name: str, weight: int | None = None, parent: str | None = None) -> Policy:
    return Policy(name, 1, name, parent_id=parent, strike_weight=weight)


def done(action: Action, *policies: Policy, target: Target = POST) -> Execution:
    name = str(uuid5(NAMESPACE_OID, f"{action.action_id}:{target.item_id}:{target.submission_id}"))
    return Execution(name, name, action, target, Source.POST_ITEMS, policies=policies)


def configured(*policies: Policy, thresholds: tuple[StrikeThreshold, ...] = ()) -> Configuration:
    return Configuration(
        1,
        1,
        policies={one.policy_id: one for one in policies},
        actions={one.action_id: one for one in (WARN, BAN, REMOVE, LABEL)},
        settings=OrgSettings(strike_thresholds=thresholds),
    )


def counted(*executions: Execution) -> list[tuple[str, int, ItemRef]]:
    policies = {one.policy_id: one for each in executions for one in each.policies}
    found = strikes_of(executions, policies)
    return [(strike.policy_id, strike.amount, strike.person) for strike in found]


def test_several_policies_are_one_strike_of_the_most_severe() -> None:
    assert counted(done(REMOVE, policy("p", 1), policy("q", 2))) == [("q", 2, BOB)]


def test_the_first_of_equally_severe_policies_counts() -> None:
    assert counted(done(REMOVE, policy("a", 2), policy("b", 2))) == [("a", 2, BOB)]


def test_an_action_that_applies_no_strikes_brings_no_policy_into_it() -> None:
    event = (done(LABEL, policy("p9", 9)), done(REMOVE, policy("p1", 1), policy("p2", 2)))
    assert counted(*event) == [("p2", 2, BOB)]


@pytest.mark.parametrize(
    ("why", "execution"),
    [
        ("no policy is named", done(REMOVE)),
        ("the policy weighs nothing", done(REMOVE, policy("p", 0))),
        ("the action applies no strikes", done(LABEL, policy("p", 3))),
        ("nobody wrote it", done(REMOVE, policy("p", 3), target=replace(POST, creator=None))),
        (
            "only the identifier of the content is known",
            done(REMOVE, policy("p", 3), target=replace(POST, submission_id=None)),
        ),
        (
            "it is itself the effect of strikes",
            replace(done(REMOVE, policy("p", 3)), source=Source.USER_STRIKE),
        ),
    ],
)
def test_nobody_is_struck_when(why: str, execution: Execution) -> None:
    assert counted(execution) == [], why


def test_a_user_acted_on_by_identifier_is_struck() -> None:
    bob = Target("user", "bob", "User", Kind.USER)
    assert counted(done(REMOVE, policy("p", 3), target=bob)) == [("p", 3, BOB)]


def test_each_item_of_a_batch_is_an_event_of_its_own() -> None:
    other = replace(POST, item_id="p2", submission_id="s2")
    p = policy("p", 2)
    assert counted(done(REMOVE, p), done(REMOVE, p, target=other)) == [("p", 2, BOB)] * 2


WARN_AT_3 = StrikeThreshold(3, ("warn",))
BAN_AT_5 = StrikeThreshold(5, ("ban",), target=StrikeTarget.USER)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (2, 3, WARN_AT_3),
        (2, 2, None),
        (0, 2, None),
        (3, 4, None),
        (0, 9, BAN_AT_5),
        (4, 5, BAN_AT_5),
        (5, 6, None),
        (5, 1, None),
    ],
)
def test_the_highest_threshold_passed_is_the_one(
    old: float, new: float, expected: StrikeThreshold | None
) -> None:
    assert crossed(old, new, (BAN_AT_5, WARN_AT_3)) == expected


def test_a_threshold_acts_on_the_item_or_on_its_author() -> None:
    p = policy("p", 3)
    configuration = configured(p, thresholds=(WARN_AT_3, BAN_AT_5))
    strikes = strikes_of([done(REMOVE, p)], configuration.policies)
    warned = tally(strikes, {BOB: 0}, configuration)
    banned = tally(strikes, {BOB: 2}, configuration)
    assert [(e.action, e.target, e.policies, e.rules, e.actor) for e in warned.effects] == [
        (WARN, POST, (), (), None)
    ]
    assert [(e.action.action_id, e.target.person, e.target.kind) for e in banned.effects] == [
        ("ban", ("user", "bob"), Kind.USER)
    ]
    assert banned.sums == {BOB: 5}


def test_a_threshold_s_actions_have_the_values_it_gives_them() -> None:
    days = Parameter("days", "Days", type=ParameterType.NUMBER, default=7)
    p, threshold = policy("p", 3), StrikeThreshold(3, ("warn",), {"warn": {"days": 30}})
    configuration = configured(p, thresholds=(threshold,))
    warn = replace(WARN, parameters=(days,))
    configuration = replace(configuration, actions={"warn": warn})
    strikes = strikes_of([done(REMOVE, p)], configuration.policies)
    (effect,) = tally(strikes, {}, configuration).effects
    assert effect.parameters == {"days": 30}
    assert effect.execution_id == effect_id(strikes[0].fact_id, "warn")


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.sets(st.integers(1, 40), max_size=6),
)
def test_however_a_sum_is_reached_each_threshold_acts_at_most_once(
    weights: list[int], numbers: set[int]
) -> None:
    policies = [policy(f"p{n}", weight) for n, weight in enumerate(weights)]
    thresholds = tuple(StrikeThreshold(number, ("warn",)) for number in sorted(numbers))
    configuration = configured(*policies, thresholds=thresholds)
    executions = [
        done(REMOVE, each, target=replace(POST, submission_id=f"s{n}", item_id=f"p{n}"))
        for n, each in enumerate(policies)
    ]
    result = tally(strikes_of(executions, configuration.policies), {}, configuration)
    steps = [sum(weights[:n]) for n in range(len(weights) + 1)]
    passing = [any(old < number <= new for number in numbers) for old, new in pairwise(steps)]
    assert len(result.effects) == sum(passing)
    assert result.sums == {BOB: sum(weights)}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((policy("a"),), 1),
        ((policy("a", 3), policy("b", parent="a"), policy("c", parent="b")), 3),
        ((policy("a", 3), policy("b", 0, "a"), policy("c", parent="b")), 0),
        ((policy("c", parent="gone"),), 1),
        ((policy("a", parent="b"), policy("b", parent="a")), 1),
    ],
)
def test_a_weight_is_inherited_at_any_depth(policies: tuple[Policy, ...], expected: int) -> None:
    assert strike_weight(policies[-1], {one.policy_id: one for one in policies}) == expected
