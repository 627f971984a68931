"""Configured rules turned into one ruleset per item type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.configuration.tracing import Tracers
from engine.language import (
    Diagnostic,
    Environment,
    Predicate,
    Ruleset,
    Schema,
    check,
    compile_ruleset,
    schema_of_item_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule
    from engine.items import ItemType


@dataclass(frozen=True)
class BrokenRule:
    """A rule that no longer means anything for an item type, and why."""

    rule_id: str
    type_id: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class TypeRuleset:
    """rules: LIVE and SHADOW, in the order of `ruleset.rule_ids`. predicates: by rule id.

    tracers: say what the conditions of these rules saw.
    """

    item_type: ItemType
    ruleset: Ruleset
    rules: tuple[Rule, ...]
    predicates: Mapping[str, Predicate]
    tracers: Tracers


@dataclass(frozen=True)
class LiveRuleset:
    """by_type: only item types that some rule applies to."""

    configuration: Configuration
    by_type: Mapping[str, TypeRuleset]
    broken: tuple[BrokenRule, ...] = ()


def environment_of(configuration: Configuration) -> Environment:
    """The banks, policies and signals that rules may name."""
    return Environment(
        banks={bank.name: bank.matcher() for bank in configuration.banks.values()},
        policies={policy.name: policy.policy_id for policy in configuration.policies.values()},
        signals=configuration.signals,
        ask=configuration.ask,
    )


def schema_of(configuration: Configuration, item_type: ItemType) -> Schema:
    """What a rule over this item type may read, its author and thread included."""
    return schema_of_item_type(item_type, configuration.item_types.values())


def compile_configuration(configuration: Configuration, now: datetime) -> LiveRuleset:
    """Compiles every rule that is LIVE or SHADOW and has not expired.

    A rule that fails the check is left out and named in `broken`; the others run.
    """
    environment = environment_of(configuration)
    evaluated = [rule for rule in configuration.rules.values() if rule.is_evaluated(now)]
    by_type: dict[str, TypeRuleset] = {}
    broken: list[BrokenRule] = []
    for item_type in configuration.item_types.values():
        rules = [rule for rule in evaluated if item_type.type_id in rule.item_type_ids]
        schema = schema_of(configuration, item_type)
        sound, bad = _check_all(rules, schema, environment)
        broken.extend(bad)
        if sound:
            ruleset = compile_ruleset(sound, environment, exact=False)
            by_type[item_type.type_id] = TypeRuleset(
                item_type=item_type,
                ruleset=ruleset,
                rules=tuple(configuration.rules[rule_id] for rule_id in sound),
                predicates=sound,
                tracers=Tracers(ruleset, sound, environment),
            )
    return LiveRuleset(configuration, by_type, tuple(broken))


def _check_all(
    rules: Iterable[Rule], schema: Schema, environment: Environment
) -> tuple[dict[str, Predicate], list[BrokenRule]]:
    sound: dict[str, Predicate] = {}
    broken: list[BrokenRule] = []
    for rule in sorted(rules, key=lambda rule: rule.rule_id):
        checked = check(rule.where, schema, environment)
        if checked.predicate is None:
            broken.append(BrokenRule(rule.rule_id, schema.name, checked.diagnostics))
        else:
            sound[rule.rule_id] = checked.predicate
    return sound, broken
