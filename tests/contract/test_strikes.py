"""Replays how Coop adds strikes up: whose policy counts, and which threshold's actions follow."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from engine.actions.execution import Execution, Source, Target
from engine.casework.strikes import Tally, strikes_of, tally
from engine.configuration.actions import Action
from engine.configuration.configuration import Configuration
from engine.configuration.policies import Policy
from engine.configuration.settings import OrgSettings, StrikeThreshold
from engine.items import ItemRef, Kind
from tests.left_out import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VECTORS = DATA.parent / "reference" / "coop_vectors" / "strikes.json"


def vectors(key: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    entries = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in entries
        if key in entry["given"]
    ]


def counted(
    user: str,
    actions: Sequence[Mapping[str, Any]],
    before: float,
    thresholds: Sequence[Mapping[str, Any]] = (),
) -> Tally:
    """What one event on a post of the user counts. actions: as the vectors write them."""
    policies = {
        one["id"]: Policy(one["id"], 1, one["id"], strike_weight=one["strikes"])
        for action in actions
        for one in action["policies"]
    }
    target = Target("post", "p", "Post", Kind.CONTENT, ItemRef("user", user), submission_id="s")
    executions = [
        Execution(
            execution_id=str(uuid4()),
            dedupe_key=str(number),
            action=Action(str(number), 1, "n", apply_user_strikes=action["apply_user_strikes"]),
            target=target,
            source=Source.POST_ITEMS,
            policies=tuple(policies[one["id"]] for one in action["policies"]),
        )
        for number, action in enumerate(actions)
    ]
    names = {name for one in thresholds for name in one["actions"]}
    configuration = Configuration(
        1,
        1,
        policies=policies,
        actions={name: Action(name, 1, name) for name in names},
        settings=OrgSettings(
            strike_thresholds=tuple(
                StrikeThreshold(one["at"], tuple(one["actions"])) for one in thresholds
            )
        ),
    )
    person = ItemRef("user", user)
    return tally(strikes_of(executions, policies), {person: before}, configuration)


@pytest.mark.parametrize("vector", vectors("triggered_actions"))
def test_an_event_counts_what_it_counts_in_coop(vector: Mapping[str, Any]) -> None:
    given, expected = vector["given"], vector["expect"]
    before = given.get("user_total_before", 0)
    result = counted("u", given["triggered_actions"], before, given.get("thresholds", ()))
    policies = [strike.policy_id for strike in result.strikes]
    if "most_severe_policy" in expected:
        worst = expected["most_severe_policy"]
        assert policies == ([worst] if worst else [])
    if "recorded_policy" in expected:
        assert policies == [expected["recorded_policy"]]
    if "total_after" in expected:
        assert result.sums[ItemRef("user", "u")] == expected["total_after"]
        fired = [effect.action.action_id for effect in result.effects]
        assert fired == expected.get("actions_published", [])


@pytest.mark.parametrize("vector", vectors("steps"))
def test_strikes_of_all_policies_add_up_by_person(vector: Mapping[str, Any]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for step in vector["given"]["steps"]:
        if "apply" in step:
            applied = step["apply"]
            policy = {"id": applied["policy"], "strikes": applied["strikes"]}
            action = {"apply_user_strikes": True, "policies": [policy]}
            user = applied["user"]
            sums[user] = counted(user, [action], sums[user]).sums[ItemRef("user", user)]
        elif "check_total" in step:
            asked = step["check_total"]
            assert sums[asked["user"]] == vector["expect"]["totals"][asked["as"]]
        else:
            named = step["check_org_totals"]["as"]
            assert dict(sums) == vector["expect"]["org_totals"][named]
