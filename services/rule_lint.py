"""What is probably not meant by a rule, told from its neighbours, its banks and recent items."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.rules import EVALUATED
from engine.language import check
from engine.language.lint import lint
from services.rulesets import known_configuration
from store import field_statistics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Engine

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule
    from engine.language import Diagnostic, Predicate
    from services.context import Caller, Context

ByRule = dict[str, "Predicate"]


@dataclass(frozen=True)
class Warned:
    """A finding about a rule over one item type; its place is in the canonical text."""

    item_type: str
    finding: Diagnostic


@dataclass(frozen=True)
class _Known:
    """What the rules of an organisation mean: by (rule, version, item type, its version)."""

    banks: frozenset[str]
    predicates: Mapping[tuple[str, int, str, int], Predicate] = field(default_factory=dict)


_known: WeakKeyDictionary[Engine, dict[int, _Known]] = WeakKeyDictionary()
_lock = threading.Lock()


def warnings_of(context: Context, caller: Caller, rule_id: str) -> list[Warned]:
    """About a saved rule, under the configuration of this moment; none for one that is gone."""
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rule = configuration.rules.get(rule_id)
        if rule is None:
            return []
        return [
            Warned(configuration.item_types[type_id].name, finding)
            for type_id in rule.item_type_ids
            if type_id in configuration.item_types
            for finding in findings(tx, configuration, rule.where, type_id, rule_id)
        ]


def findings_for_type(
    context: Context, org_id: int, type_name: str, where: str
) -> tuple[Diagnostic, ...]:
    """As `findings`, for an item type that people know by its name; none for an unknown one."""
    with context.database.transaction(org_id) as tx:
        configuration = known_configuration(tx)
        named = [t for t in configuration.item_types.values() if t.name == type_name]
        return findings(tx, configuration, where, named[0].type_id) if named else ()


def findings(
    tx: Connection,
    configuration: Configuration,
    where: str,
    type_id: str,
    rule_id: str | None = None,
) -> tuple[Diagnostic, ...]:
    """rule_id: of the rule itself, which is no neighbour. A wrong condition has no findings."""
    environment = environment_of(configuration)
    schema = schema_of(configuration, configuration.item_types[type_id])
    checked = check(where, schema, environment)
    if checked.predicate is None:
        return ()
    neighbours = _neighbours(tx.engine, configuration, type_id)
    others = {
        configuration.rules[each].name: predicate
        for each, predicate in neighbours.items()
        if each != rule_id
    }
    statistics = field_statistics.known(tx).get(type_id, {})
    return lint(checked.predicate, environment, others, statistics)


def _neighbours(engine: Engine, configuration: Configuration, type_id: str) -> ByRule:
    """The rules that are evaluated on an item type; what is known of them already is kept."""
    names = frozenset(bank.name for bank in configuration.banks.values())
    with _lock:
        known = _known.setdefault(engine, {}).get(configuration.org_id)
    before = known.predicates if known is not None and known.banks == names else {}
    fresh = dict(_predicates(configuration, type_id, before))
    others = {key: each for key, each in before.items() if key[2] != type_id}
    with _lock:
        _known.setdefault(engine, {})[configuration.org_id] = _Known(names, others | fresh)
    return {key[0]: predicate for key, predicate in fresh.items()}


def _predicates(
    configuration: Configuration,
    type_id: str,
    before: Mapping[tuple[str, int, str, int], Predicate],
) -> Iterator[tuple[tuple[str, int, str, int], Predicate]]:
    item_type = configuration.item_types[type_id]
    schema, environment = schema_of(configuration, item_type), environment_of(configuration)
    for rule in configuration.rules.values():
        if not _is_evaluated(rule, type_id):
            continue
        key = rule.rule_id, rule.version, type_id, item_type.version
        predicate = before.get(key) or check(rule.where, schema, environment).predicate
        if predicate is not None:
            yield key, predicate


def _is_evaluated(rule: Rule, type_id: str) -> bool:
    return rule.status in EVALUATED and type_id in rule.item_type_ids
