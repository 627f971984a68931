"""What a rule does in each of its states, and beside others that ask for the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat()
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.mark.parametrize(
    ("life", "recorded", "acts"),
    [
        ({"status": "DRAFT"}, 0, 0),
        ({"status": "SHADOW"}, 1, 0),
        ({"status": "LIVE"}, 1, 1),
        ({"status": "LIVE", "rolloutPercent": 0}, 1, 0),
        ({"status": "LIVE", "maxDailyActions": 0}, 1, 0),
        ({"status": "LIVE", "expiresAt": TOMORROW}, 1, 1),
        ({"status": "LIVE", "expiresAt": YESTERDAY}, 0, 0),
        ({"status": "PAUSED"}, 0, 0),
        ({"status": "ARCHIVED"}, 0, 0),
    ],
)
def test_a_state_decides_whether_a_match_is_recorded_and_whether_it_acts(
    town: Town, life: dict[str, object], recorded: int, acts: int
) -> None:
    town.rule("it", "true", town.hook(), **life)
    town.send("x")
    town.evaluate()
    assert town.matched() == {1: ["it"] if recorded else []}
    assert len(town.rows("SELECT 1 FROM action_executions")) == acts


def test_rules_that_ask_for_one_action_cause_it_once_with_the_first_ones_parameters(
    town: Town,
) -> None:
    parameters = [{"name": "days", "type": "NUMBER", "defaultValue": 1}]
    ban = town.hook("Ban", parameters=parameters)
    spam, scam = town.policy("Spam"), town.policy("Scam")
    given = {"actionParameters": {ban: {"days": 7}}, "policyIds": [spam]}
    town.save_rule("a", "first", "true", ban, **given)
    given = {"actionParameters": {ban: {"days": 30}}, "policyIds": [scam, spam]}
    town.save_rule("b", "second", "true", ban, **given)
    town.send("x")
    town.evaluate()
    [execution] = town.rows("SELECT rules, policies FROM action_executions")
    assert [rule["name"] for rule in execution.rules] == ["first", "second"]
    assert [policy["name"] for policy in execution.policies] == ["Spam", "Scam"]
    [message] = town.rows("SELECT convert_from(body, 'UTF8') AS body FROM outbox")
    assert '"days":7' in message.body.replace(" ", "").replace("7.0", "7")
