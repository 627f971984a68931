"""Sets the demo organisation up through the REST API, as its administrator would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.winnow_client import Winnow
from engine.configuration.actions import Action, action_document
from engine.configuration.banks import bank_document
from engine.configuration.policies import Policy, policy_document
from engine.configuration.queues import queue_document
from engine.configuration.rules import Rule, rule_document
from engine.items import item_type_document
from engine.simulation.blueprint import Blueprint


@dataclass(frozen=True)
class Ids:
    """The ids that the API gave, by the names of the blueprint."""

    item_types: Mapping[str, str]
    policies: Mapping[str, str]
    queues: Mapping[str, str]
    actions: Mapping[str, str]
    rules: Mapping[str, str]


@dataclass
class _SetUp:
    winnow: Winnow
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def create(self, kind: str, name: str, document: Mapping[str, object]) -> None:
        made = self.winnow.create(kind, document)
        self.known.setdefault(kind, {})[name] = str(made["id"])

    def ids_of(self, kind: str, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.known[kind][name] for name in names)

    def policy(self, policy: Policy) -> None:
        parent = self.known["policies"][policy.parent_id] if policy.parent_id else None
        placed = replace(policy, parent_id=parent)
        self.create("policies", policy.name, policy_document(placed))

    def action(self, action: Action) -> None:
        queue = self.known["queues"][action.queue_id] if action.queue_id else None
        types = self.ids_of("item-types", action.item_type_ids)
        placed = replace(action, queue_id=queue, item_type_ids=types)
        self.create("actions", action.name, action_document(placed))

    def rule(self, rule: Rule) -> None:
        placed = replace(
            rule,
            item_type_ids=self.ids_of("item-types", rule.item_type_ids),
            action_ids=self.ids_of("actions", rule.action_ids),
            policy_ids=self.ids_of("policies", rule.policy_ids),
        )
        self.create("rules", rule.name, rule_document(placed))


def set_up(winnow: Winnow, plan: Blueprint) -> Ids:
    """Creates everything in an order in which every reference exists already."""
    making = _SetUp(winnow)
    for item_type in plan.item_types:
        making.create("item-types", item_type.name, item_type_document(item_type))
    for policy in plan.policies:
        making.policy(policy)
    for bank in plan.banks:
        making.create("banks", bank.name, bank_document(bank))
    for queue in plan.queues:
        making.create("queues", queue.name, queue_document(queue))
    for action in plan.actions:
        making.action(action)
    for rule in plan.rules:
        making.rule(rule)
    return Ids(
        item_types=making.known["item-types"],
        policies=making.known["policies"],
        queues=making.known["queues"],
        actions=making.known["actions"],
        rules=making.known["rules"],
    )
