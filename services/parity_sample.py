"""Recorded outcomes against what the rules of that moment say again, from the lake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.configuration.banks import parse_bank
from engine.configuration.compiled import environment_of
from engine.configuration.configuration import Configuration
from engine.configuration.policies import parse_policy
from engine.configuration.rules import EVALUATED, Rule, parse_rule
from engine.items import parse_item_type
from engine.items.columns import arrow_schema
from engine.language import check, schema_of_item_type, to_duckdb
from engine.language.udf import register
from store import lake, past_configuration
from store.analysis import literal, session
from store.config import ConfigKind
from store.lake_facts import define_facts
from store.lake_items import ITEMS, define_items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import duckdb

    from engine.items import ItemType
    from engine.language import Predicate
    from services.context import Context
    from store.config import Revision

T = TypeVar("T")

SAMPLE: Final = 1_000
MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Difference:
    """live, again: ids of the rules that matched then and that match now."""

    seq: int
    type_id: str
    live: tuple[str, ...]
    again: tuple[str, ...]


@dataclass(frozen=True)
class Parity:
    compared: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Recorded:
    seq: int
    evaluated_at: datetime
    matched: frozenset[str]


@dataclass(frozen=True)
class _Group:
    """Evaluations of one item type under one configuration version."""

    type_id: str
    config_version: int
    recorded: tuple[_Recorded, ...]


def sample_parity(context: Context, org_id: int, *, limit: int = SAMPLE) -> Parity:
    """Recomputes a fixed pseudo-random sample of the last exported day."""
    compared, differences = 0, []
    for group in _groups(context, org_id, limit):
        again = _recomputed(context, org_id, group)
        compared += len(again)
        differences += [
            _difference(group.type_id, each, again[each.seq])
            for each in group.recorded
            if again.get(each.seq, each.matched) != each.matched
        ]
    return Parity(compared, tuple(differences[:MOST_TOLD]))


_SAMPLE: Final = """
SELECT _seq, type_id, config_version, evaluated_at, outcomes
FROM read_parquet([{files}], hive_partitioning = false)
ORDER BY hash(_seq), _seq LIMIT {limit}
"""


def _groups(context: Context, org_id: int, limit: int) -> list[_Group]:
    found = lake.snapshot(lake.fact_uri(context.lake_root, org_id, "evaluations"))
    if found is None or not found.files:
        return []
    last = found.files[-1].day
    files = ", ".join(literal(file.path) for file in found.files if file.day == last)
    with session() as connection:
        rows = connection.execute(_SAMPLE.format(files=files, limit=limit)).fetchall()
    grouped: dict[tuple[str, int], list[_Recorded]] = {}
    for seq, type_id, config_version, evaluated_at, outcomes in rows:
        recorded = _Recorded(seq, evaluated_at, _matched(outcomes))
        grouped.setdefault((type_id, config_version), []).append(recorded)
    return [_Group(*key, tuple(recorded)) for key, recorded in sorted(grouped.items())]


def _matched(outcomes: str) -> frozenset[str]:
    documents: list[dict[str, Any]] = json.loads(outcomes)
    return frozenset(each["ruleId"] for each in documents if each["outcome"] == "TRUE")


def _difference(type_id: str, recorded: _Recorded, again: frozenset[str]) -> Difference:
    live = tuple(sorted(recorded.matched))
    return Difference(recorded.seq, type_id, live, tuple(sorted(again)))


def _recomputed(context: Context, org_id: int, group: _Group) -> Mapping[int, frozenset[str]]:
    """Seq -> the rules that match now; items that are not in the lake yet are left out."""
    with context.database.transaction(org_id) as tx:
        revisions = past_configuration.as_of(tx, group.config_version)
    configuration = _configuration(org_id, group.config_version, revisions)
    item_type = configuration.item_types.get(group.type_id)
    items = lake.snapshot(lake.items_uri(context.lake_root, org_id, group.type_id))
    if item_type is None or items is None:
        return {}
    rules = _rules(configuration, item_type)
    with session() as connection:
        define_items(connection, items, items.files, arrow_schema(item_type))
        if any(rule.facts for rule in rules.values()):
            facts = lake.fact_uri(context.lake_root, org_id, "facts")
            define_facts(connection, lake.snapshot(facts))
        answers = _answers(connection, configuration, list(rules.values()), group)
    recorded = {each.seq: each for each in group.recorded}
    return {
        seq: _matching(configuration, list(rules), recorded[seq], values, arrived_at)
        for seq, arrived_at, values in answers
    }


def _configuration(
    org_id: int, config_version: int, revisions: Sequence[Revision]
) -> Configuration:
    def read(kind: ConfigKind, parse: Callable[[str, int, object], T]) -> dict[str, T]:
        return {
            each.object_id: parse(each.object_id, each.version, each.document)
            for each in revisions
            if each.kind is kind
        }

    return Configuration(
        org_id=org_id,
        config_version=config_version,
        item_types=read(ConfigKind.ITEM_TYPE, parse_item_type),
        banks=read(ConfigKind.BANK, parse_bank),
        policies=read(ConfigKind.POLICY, parse_policy),
        rules=read(ConfigKind.RULE, parse_rule),
    )


def _rules(configuration: Configuration, item_type: ItemType) -> dict[str, Predicate]:
    schema, environment = schema_of_item_type(item_type), environment_of(configuration)
    checked = {
        rule.rule_id: check(rule.where, schema, environment).predicate
        for rule in configuration.rules.values()
        if rule.status in EVALUATED and item_type.type_id in rule.item_type_ids
    }
    return {rule_id: predicate for rule_id, predicate in checked.items() if predicate}


def _answers(
    connection: duckdb.DuckDBPyConnection,
    configuration: Configuration,
    predicates: Sequence[Predicate],
    group: _Group,
) -> list[tuple[int, datetime, list[bool | None]]]:
    plan = to_duckdb(predicates, environment_of(configuration), ITEMS)
    register(connection, plan.functions)
    wanted = ", ".join(str(each.seq) for each in group.recorded)
    answers = ", ".join(plan.expressions)
    query = (
        f"SELECT _seq, _arrived_at, CAST([{answers}] AS BOOLEAN[])"  # noqa: S608 checked trees
        f" FROM {plan.source} WHERE _seq IN ({wanted})"
    )
    return connection.execute(query).fetchall()


def _matching(
    configuration: Configuration,
    rule_ids: Sequence[str],
    recorded: _Recorded,
    values: Sequence[bool | None],
    arrived_at: datetime,
) -> frozenset[str]:
    """A rule that expired between arrival and evaluation is taken as it was recorded."""
    matching = {rule_id for rule_id, value in zip(rule_ids, values, strict=True) if value}
    rules = [configuration.rules[rule_id] for rule_id in rule_ids]
    late = {rule.rule_id for rule in rules if _expired(rule, arrived_at, recorded.evaluated_at)}
    return frozenset((matching - late) | (recorded.matched & late))


def _expired(rule: Rule, arrived_at: datetime, evaluated_at: datetime) -> bool:
    return rule.has_expired(max(arrived_at, evaluated_at))
