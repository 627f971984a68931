"""Which queue a new job goes to: the first routing rule that is TRUE of its item decides.

A routing rule reads the item's own fields and those of its author and thread (`creator.karma`),
as they were when the item arrived, and of the job `_policies`, the ids of the policies it
is opened for (NULL without any), and `_source`, what opened it (`submit-report`, `post-items`,
...). It looks at one item alone: counters and other history are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.related import related_fields
from engine.configuration.routing_rules import RoutingKind, ordered
from engine.configuration.rules import EVALUATED, Status
from engine.errors import Problem
from engine.items import row_values
from engine.language import Predicate, Schema, check, compile_ruleset
from engine.language.types import TEXT, list_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.configuration.configuration import Configuration
    from engine.configuration.routing_rules import RoutingRule
    from engine.items import ItemType
    from engine.language import Environment, Ruleset

POLICIES = "_policies"
SOURCE = "_source"


class Outcome(StrEnum):
    """NOT_RUN: an earlier rule had decided. BROKEN: it means nothing for this item type."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    UNKNOWN = "UNKNOWN"
    NOT_RUN = "NOT_RUN"
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Subject:
    """What is to be routed. data: the item's stored JSON; empty when it was never seen.

    profiles: what its author and thread were, as the columns that a rule reads.
    """

    kind: str
    type_id: str
    data: Mapping[str, object]
    policy_ids: Sequence[str]
    source: str
    at: datetime
    profiles: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What one rule said. shadow: it would not have decided."""

    rule_id: str
    name: str
    outcome: Outcome
    shadow: bool = False


@dataclass(frozen=True)
class Route:
    """queue_id: None for an organisation without any queue. rule_id: None when no rule decided.

    queue_named: by what opens the job, so that no rule was asked; else it is the default queue.
    """

    queue_id: str | None
    rule_id: str | None = None
    trail: tuple[Step, ...] = ()
    queue_named: bool = False


@dataclass(frozen=True)
class Router:
    """by_type: each rule's condition for each item type; absent where it means nothing.

    related: by item type, the fields that name the author or thread whose fields some rule reads.
    """

    configuration: Configuration
    item_types: Mapping[str, ItemType]
    by_type: Mapping[tuple[str, str], Ruleset]
    related: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def wants(self, kind: str, type_id: str) -> bool:
        """Whether any rule looks at the item at all."""
        return any(type_id in rule.item_type_ids for rule in self._rules(kind))

    def route(self, subject: Subject) -> Route:
        trail: list[Step] = []
        decided: RoutingRule | None = None
        for rule in self._rules(subject.kind):
            if subject.type_id not in rule.item_type_ids:
                continue
            outcome = Outcome.NOT_RUN if decided else self._outcome(rule, subject)
            shadow = rule.status is Status.SHADOW
            trail.append(Step(rule.rule_id, rule.name, outcome, shadow))
            if outcome is Outcome.TRUE and not shadow:
                decided = rule
        if decided is not None:
            return Route(decided.queue_id, decided.rule_id, tuple(trail))
        return Route(default_queue_id(self.configuration, subject.kind), None, tuple(trail))

    def _rules(self, kind: str) -> list[RoutingRule]:
        """In order; a rule whose queue is gone sends nowhere."""
        return [
            rule
            for rule in ordered(self.configuration.routing_rules.values(), RoutingKind(kind))
            if rule.status in EVALUATED and rule.queue_id in self.configuration.queues
        ]

    def _outcome(self, rule: RoutingRule, subject: Subject) -> Outcome:
        ruleset = self.by_type.get((rule.rule_id, subject.type_id))
        if ruleset is None:
            return Outcome.BROKEN
        answer = ruleset.evaluate(self._row(subject), (), subject.at)[0]
        return Outcome.UNKNOWN if answer is None else Outcome.TRUE if answer else Outcome.FALSE

    def _row(self, subject: Subject) -> dict[str, object]:
        row = row_values(self.item_types[subject.type_id])(subject.data)
        job = {POLICIES: list(subject.policy_ids) or None, SOURCE: subject.source}
        return {**row, **subject.profiles, **job}


def default_queue_id(configuration: Configuration, kind: str) -> str | None:
    match RoutingKind(kind):
        case RoutingKind.DEFAULT:
            queue = configuration.default_queue()
        case RoutingKind.APPEAL:
            queue = configuration.default_appeals_queue()
        case RoutingKind.NCMEC:
            queue = configuration.default_child_safety_queue()
    return queue.queue_id if queue else None


def compile_router(configuration: Configuration) -> Router:
    environment = environment_of(configuration)
    by_type: dict[tuple[str, str], Ruleset] = {}
    predicates: dict[str, list[Predicate]] = {}
    for rule in configuration.routing_rules.values():
        for type_id in rule.item_type_ids:
            predicate = _predicate(rule.where, type_id, configuration, environment)
            if predicate is not None:
                predicates.setdefault(type_id, []).append(predicate)
                by_type[rule.rule_id, type_id] = compile_ruleset(
                    {rule.rule_id: predicate}, environment
                )
    related = {type_id: related_fields(found) for type_id, found in predicates.items()}
    return Router(configuration, configuration.item_types, by_type, related)


def routing_schema(configuration: Configuration, item_type: ItemType) -> Schema:
    """What a rule over the item may read, and what a routing rule may read of the job."""
    schema = schema_of(configuration, item_type)
    job = {POLICIES: list_of(TEXT), SOURCE: TEXT}
    return replace(schema, fields=MappingProxyType({**schema.fields, **job}))


def _predicate(
    where: str, type_id: str, configuration: Configuration, environment: Environment
) -> Predicate | None:
    item_type = configuration.item_types.get(type_id)
    if item_type is None:
        return None
    predicate = check(where, routing_schema(configuration, item_type), environment).predicate
    return None if predicate is None or _looks_back(predicate) else predicate


def _looks_back(predicate: Predicate) -> bool:
    return bool(predicate.counters or predicate.facts)


def checked_routing_rule(
    rule: RoutingRule, configuration: Configuration
) -> tuple[RoutingRule, list[Problem]]:
    """The rule with its condition in canonical form, and what is wrong with that condition."""
    environment = environment_of(configuration)
    problems: list[Problem] = []
    canonical = rule.where
    for type_id in rule.item_type_ids:
        item_type = configuration.item_types[type_id]
        checked = check(rule.where, routing_schema(configuration, item_type), environment)
        problems.extend(
            Problem(
                f"{found.message} (line {found.line}, column {found.column}, for item type"
                f" `{item_type.name}`)",
                "/where",
                found.hint,
                slug=found.code,
            )
            for found in checked.diagnostics
        )
        if checked.predicate is not None:
            canonical = checked.predicate.text
            if _looks_back(checked.predicate):
                message = "a routing rule looks at one item alone, not at what came before it"
                hint = "count in a rule, and let its policies or its action's queue decide"
                problems.append(Problem(message, "/where", hint))
    return replace(rule, where=canonical), problems
