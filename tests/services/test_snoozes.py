"""A snoozed rule goes on matching and does nothing, until its time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from engine.items import ItemRef
from services import snoozes
from services.context import system_caller
from store.snoozes import Snooze, insert
from tests.services.town import CREATOR_OF_ROWS, Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation

LONG = timedelta(days=3650)
AUTHOR = ItemRef(*CREATOR_OF_ROWS)


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def snoozed(town: Town, rule_id: str, entity: ItemRef, length: timedelta = LONG) -> str:
    """Past the check that the entity's type is known: the rows of a town have authors of none."""
    now, snooze_id = town.context.clock(), town.context.new_id()
    with town.context.database.transaction(town.org_id) as tx:
        insert(tx, Snooze(snooze_id, rule_id, entity, now + length, "", "user:u", now))
    return snooze_id


def held(town: Town) -> list[str | None]:
    rows = town.rows("SELECT outcomes FROM evaluations ORDER BY seq")
    return [outcome.get("held") for row in rows for outcome in row.outcomes]


def acted(town: Town) -> list[str]:
    rows = town.rows("SELECT item_id FROM action_executions ORDER BY seq")
    return [row.item_id for row in rows]


def test_an_item_and_a_person_can_be_left_alone(town: Town) -> None:
    rule_id = town.rule("all", "true", town.hook())
    snoozed(town, rule_id, ItemRef(town.post, "i1"))
    snoozed(town, rule_id, ItemRef("t-user", "bea"))
    town.send("x", author="ann")
    town.send("x", author="bea")
    town.send("x", author="ann")
    town.evaluate()
    assert held(town) == ["snooze", "snooze", None]
    assert acted(town) == ["i3"]


def test_other_rules_act(town: Town) -> None:
    hook = town.hook()
    snoozed(town, town.rule("one", "true", hook), AUTHOR)
    town.rule("two", "true", hook)
    town.send("x")
    town.evaluate()
    assert sorted(held(town), key=str) == [None, "snooze"]
    [execution] = town.rows("SELECT rules FROM action_executions")
    assert [rule["name"] for rule in execution.rules] == ["two"]


def test_a_snooze_takes_nothing_from_the_daily_cap(town: Town) -> None:
    rule_id = town.rule("capped", "true", town.hook(), maxDailyActions=1)
    snoozed(town, rule_id, ItemRef("t-user", "bea"))
    town.send("x", "x", author="bea")
    town.send("x", "x", author="ann")
    town.evaluate()
    assert held(town) == ["snooze", "snooze", None, "cap"]


def test_it_holds_from_the_next_batch_on_without_any_new_configuration(town: Town) -> None:
    rule_id = town.rule("all", "true", town.hook())
    town.send("x")
    town.evaluate()
    snooze_id = snoozed(town, rule_id, AUTHOR)
    town.send("x")
    town.evaluate()
    caller = system_caller(town.org_id, "test")
    snoozes.end_snooze(town.context, caller, rule_id, snooze_id)
    town.send("x")
    town.evaluate()
    assert held(town) == [None, "snooze", None]


def test_it_is_over_for_what_arrives_at_its_end(town: Town, clock: MovableClock) -> None:
    rule_id = town.rule("all", "true", town.hook())
    first = town.send("x")[0]
    town.evaluate()
    clock.now = first
    snoozed(town, rule_id, AUTHOR, timedelta(seconds=2))
    town.send("x", "x", "x", step=timedelta(seconds=1))
    clock.now = first + timedelta(days=3)
    town.evaluate()
    assert held(town) == [None, "snooze", None, None]


def test_of_two_snoozes_the_later_end_counts(town: Town, clock: MovableClock) -> None:
    rule_id = town.rule("all", "true", town.hook())
    first = town.send("x")[0]
    town.evaluate()
    clock.now = first
    snoozed(town, rule_id, AUTHOR, timedelta(seconds=10))
    snoozed(town, rule_id, AUTHOR, timedelta(seconds=1))
    town.send("x", step=timedelta(seconds=5))
    town.evaluate()
    assert held(town) == [None, "snooze"]
