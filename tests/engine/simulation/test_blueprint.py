"""What the simulated platform configures fits what its people send."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import islice

import pytest

from engine.configuration.actions import action_document, parse_action
from engine.configuration.banks import bank_document, parse_bank
from engine.configuration.policies import parse_policy, policy_document
from engine.configuration.queues import parse_queue, queue_document
from engine.configuration.rules import Rule, Status, parse_rule, rule_document
from engine.items import (
    ItemType,
    RawItem,
    coerce_item,
    item_type_document,
    parse_item_type,
    validate_item_type,
)
from engine.items.item import Item
from engine.simulation.blueprint import ITEM_TYPES, TRUTH_FIELD, blueprint
from engine.simulation.events import Thing, Written
from engine.simulation.recorded import ITEM_TYPE as RECORDED_TYPE
from engine.simulation.rulebook import RULES
from engine.simulation.traffic import Pace, traffic

PLAN = blueprint("http://127.0.0.1:9/webhooks")


@pytest.mark.parametrize("item_type", [*ITEM_TYPES, RECORDED_TYPE], ids=lambda t: t.name)
def test_every_item_type_is_sound_and_keeps_its_form(item_type: ItemType) -> None:
    assert validate_item_type(item_type) == ()
    assert parse_item_type("", 0, item_type_document(item_type)) == item_type
    assert item_type.hidden_fields


def test_every_document_is_one_the_configuration_accepts() -> None:
    for policy in PLAN.policies:
        assert parse_policy("", 0, policy_document(policy)) == policy
    for bank in PLAN.banks:
        assert parse_bank("", 0, bank_document(bank)) == bank
    for queue in PLAN.queues:
        assert parse_queue("", 0, queue_document(queue)) == queue
    for action in PLAN.actions:
        assert parse_action("", 0, action_document(action)) == action
    for rule in PLAN.rules:
        assert parse_rule("", 0, rule_document(rule)) == rule


def test_there_are_eight_rules_and_one_is_watched_in_shadow() -> None:
    assert len(RULES) == 8
    assert [rule.status for rule in RULES].count(Status.SHADOW) == 1
    assert len({rule.name for rule in RULES}) == 8


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_only_what_exists_and_never_reads_the_truth(rule: Rule) -> None:
    assert set(rule.item_type_ids) <= set(Thing)
    assert set(rule.action_ids) <= {action.name for action in PLAN.actions}
    assert set(rule.policy_ids) <= {policy.name for policy in PLAN.policies}
    assert "simulated" not in rule.where
    assert rule.examples


def test_every_parent_and_queue_exists() -> None:
    names = [policy.name for policy in PLAN.policies]
    assert all(policy.parent_id is None or policy.parent_id in names for policy in PLAN.policies)
    queues = {queue.name for queue in PLAN.queues}
    assert all(action.queue_id in {*queues, None} for action in PLAN.actions)


def test_whatever_people_send_is_an_item_of_its_type() -> None:
    types = {item_type.name: item_type for item_type in ITEM_TYPES}
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for event in islice(traffic(random.Random(2), Pace(start, 5)), 8000):
        if isinstance(event, Written):
            refs = {
                name: {"id": ref.item_id, "typeId": ref.thing} for name, ref in event.refs.items()
            }
            raw = RawItem(
                event.ref.item_id, event.ref.thing, None, "original", {**event.data, **refs}
            )
            item = coerce_item(raw, types[event.ref.thing], set(types))
            assert isinstance(item, Item), item
            assert item.data[TRUTH_FIELD] is (event.offence is not None)
