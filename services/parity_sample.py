"""Recorded outcomes against what the rules of that moment say again, from the lake."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.related import related_types
from engine.configuration.rules import EVALUATED, Rule
from engine.items.columns import arrow_schema
from engine.language import check, to_duckdb
from engine.language.asking import calls_in
from engine.language.ready import ready
from services.profiles import related_columns
from services.rulesets import configuration_as_of
from store import lake
from store.analysis import literal, session
from store.lake_facts import define_facts
from store.lake_items import define_items
from store.lake_profiles import with_related

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import duckdb

    from engine.configuration.configuration import Configuration
    from engine.items import ItemType
    from engine.language import Checked, Predicate
    from services.context import Context

T = TypeVar("T")

SAMPLE: Final = 1_000
EVERY: Final = 2**62
MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Difference:
    """live, again: ids of the rules that matched then and that match now."""

    seq: int
    type_id: str
    item_id: str
    live: tuple[str, ...]
    again: tuple[str, ...]


@dataclass(frozen=True)
class RuleParity:
    """compared: items that the rule was asked about; examples: of them, where it differs.

    problem: why it cannot be asked again, such as a signal that is not installed; empty if it can.
    """

    rule_id: str
    name: str
    compared: int
    differences: int
    examples: tuple[int, ...]
    problem: str = ""


@dataclass(frozen=True)
class Parity:
    """compared: items. differences: the first few of them; differing: how many there are."""

    compared: int
    differences: tuple[Difference, ...]
    differing: int = 0
    rules: tuple[RuleParity, ...] = ()

    def sentences(self) -> list[str]:
        """The differences told, for people."""
        names = {each.rule_id: each.name for each in self.rules}

        def named(rule_ids: Sequence[str]) -> str:
            return ", ".join(names.get(each, each) for each in rule_ids) or "nothing"

        return [
            f"item {each.item_id} at place {each.seq}: "
            f"recorded {named(each.live)}; now {named(each.again)}"
            for each in self.differences
        ]


@dataclass(frozen=True)
class _Recorded:
    seq: int
    evaluated_at: datetime
    matched: frozenset[str]
    unanswered: frozenset[str]


@dataclass(frozen=True)
class _Group:
    """Evaluations of one item type under one configuration version."""

    type_id: str
    config_version: int
    recorded: tuple[_Recorded, ...]


def sample_parity(
    context: Context, org_id: int, *, limit: int | None = SAMPLE, day: date | None = None
) -> Parity:
    """Recomputes a fixed pseudo-random sample of a day, of the last exported one without any.

    limit: None for all of the day.
    """
    tally = _Tally()
    for group in _groups(context, org_id, limit, day):
        tally.add(group, _recomputed(context, org_id, group))
    return tally.parity()


@dataclass(frozen=True)
class _Again:
    """rules: that match now."""

    item_id: str
    rules: frozenset[str]


@dataclass(frozen=True)
class _Recomputed:
    """names: of rules. problems: why those of them that cannot be asked cannot.

    items: by seq, without items that are not in the lake yet.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[int, _Again] = field(default_factory=dict)


@dataclass
class _Tally:
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    differing: dict[str, list[int]] = field(default_factory=dict)

    def add(self, group: _Group, found: _Recomputed) -> None:
        self.compared += len(found.items)
        self.names |= found.names
        self.problems |= found.problems
        asked = found.names.keys() - found.problems.keys()
        self.asked.update(dict.fromkeys(asked, len(found.items)))
        for each in group.recorded:
            again = found.items.get(each.seq)
            if again is None or again.rules == each.matched:
                continue
            for rule_id in again.rules ^ each.matched:
                self.differing.setdefault(rule_id, []).append(each.seq)
            self.differences.append(_difference(group.type_id, each, again))

    def parity(self) -> Parity:
        rules = tuple(
            RuleParity(
                rule_id,
                self.names.get(rule_id, rule_id),
                self.asked[rule_id],
                len(self.differing.get(rule_id, ())),
                tuple(self.differing.get(rule_id, ())[:MOST_TOLD]),
                self.problems.get(rule_id, ""),
            )
            for rule_id in sorted({*self.names, *self.differing})
        )
        told = tuple(self.differences[:MOST_TOLD])
        return Parity(self.compared, told, len(self.differences), rules)


_SAMPLE: Final = """
SELECT _seq, type_id, config_version, evaluated_at, outcomes
FROM read_parquet([{files}], hive_partitioning = false)
ORDER BY hash(_seq), _seq LIMIT {limit}
"""


def _groups(context: Context, org_id: int, limit: int | None, day: date | None) -> list[_Group]:
    found = lake.snapshot(lake.fact_uri(context.lake_root, org_id, "evaluations"))
    if found is None or not found.files:
        return []
    wanted = day or found.files[-1].day
    files = ", ".join(literal(file.path) for file in found.files if file.day == wanted)
    if not files:
        return []
    with session() as connection:
        most = EVERY if limit is None else limit
        rows = connection.execute(_SAMPLE.format(files=files, limit=most)).fetchall()
    grouped: dict[tuple[str, int], list[_Recorded]] = {}
    for seq, type_id, config_version, evaluated_at, outcomes in rows:
        recorded = _Recorded(
            seq, evaluated_at, _rules_of(outcomes, "TRUE"), _rules_of(outcomes, "UNKNOWN")
        )
        grouped.setdefault((type_id, config_version), []).append(recorded)
    return [_Group(*key, tuple(recorded)) for key, recorded in sorted(grouped.items())]


def _rules_of(outcomes: str, outcome: str) -> frozenset[str]:
    documents: list[dict[str, Any]] = json.loads(outcomes)
    return frozenset(each["ruleId"] for each in documents if each["outcome"] == outcome)


def _difference(type_id: str, recorded: _Recorded, again: _Again) -> Difference:
    live, now = tuple(sorted(recorded.matched)), tuple(sorted(again.rules))
    return Difference(recorded.seq, type_id, again.item_id, live, now)


def _recomputed(context: Context, org_id: int, group: _Group) -> _Recomputed:
    with context.database.transaction(org_id) as tx:
        configuration = configuration_as_of(tx, group.config_version)
    item_type = configuration.item_types.get(group.type_id)
    items = lake.snapshot(lake.items_uri(context.lake_root, org_id, group.type_id))
    if item_type is None or items is None:
        return _Recomputed()
    checked = _checked(configuration, item_type)
    rules = {rule_id: each.predicate for rule_id, each in checked.items() if each.predicate}
    with session() as connection:
        define_items(connection, items, items.files, arrow_schema(item_type))
        if any(rule.facts for rule in rules.values()):
            facts = lake.fact_uri(context.lake_root, org_id, "facts")
            define_facts(connection, lake.snapshot(facts))
        relation = _relation(context, org_id, connection, configuration, list(rules.values()))
        answers, silent = _answers(connection, configuration, rules, group, relation)
    recorded = {each.seq: each for each in group.recorded}
    return _Recomputed(
        names={rule_id: configuration.rules[rule_id].name for rule_id in checked},
        problems={
            rule_id: each.diagnostics[0].message
            for rule_id, each in checked.items()
            if not each.predicate
        },
        items={
            seq: _Again(item_id, _matching(configuration, recorded[seq], values, silent, at))
            for seq, item_id, at, values in answers
            if seq in recorded
        },
    )


def _checked(configuration: Configuration, item_type: ItemType) -> dict[str, Checked]:
    """The rules that were evaluated on the type, as they read today."""
    schema, environment = schema_of(configuration, item_type), environment_of(configuration)
    return {
        rule.rule_id: check(rule.where, schema, environment)
        for rule in configuration.rules.values()
        if rule.status in EVALUATED and item_type.type_id in rule.item_type_ids
    }


def _relation(
    context: Context,
    org_id: int,
    connection: duckdb.DuckDBPyConnection,
    configuration: Configuration,
    predicates: Sequence[Predicate],
) -> str:
    """The items, with what their authors and threads were where a rule reads that."""
    item_types = configuration.item_types
    found = {
        each.type_id: lake.snapshot(lake.items_uri(context.lake_root, org_id, each.type_id))
        for types in related_types(predicates, item_types).values()
        for each in types
    }
    known = {type_id: table for type_id, table in found.items() if table is not None}
    return with_related(connection, related_columns(predicates, item_types, known))


def _answers(
    connection: duckdb.DuckDBPyConnection,
    configuration: Configuration,
    rules: Mapping[str, Predicate],
    group: _Group,
    relation: str,
) -> tuple[list[tuple[int, str, datetime, dict[str, bool | None]]], frozenset[str]]:
    """Place, item id, arrival, answers by rule; and the rules whose signals did not all answer."""
    plan = to_duckdb(list(rules.values()), environment_of(configuration), relation)
    places = [each.seq for each in group.recorded]
    missing = ready(connection, plan, f"_seq IN ({', '.join(map(str, places))})")
    answers = ", ".join(plan.expressions)
    query = (
        f"SELECT _seq, _item_id, _arrived_at, CAST([{answers}] AS BOOLEAN[])"  # noqa: S608 checked trees
        f" FROM {plan.source} WHERE _seq BETWEEN {min(places)} AND {max(places)}"
    )
    found = [
        (seq, item_id, at, dict(zip(rules, values, strict=True)))
        for seq, item_id, at, values in connection.execute(query).fetchall()
    ]
    return found, _asking(rules, {each.signal for each in missing})


def _asking(rules: Mapping[str, Predicate], signals: set[str]) -> frozenset[str]:
    return frozenset(
        rule_id
        for rule_id, rule in rules.items()
        if any(call.signal.name in signals for call in calls_in([rule.tree]))
    )


def _matching(
    configuration: Configuration,
    recorded: _Recorded,
    values: Mapping[str, bool | None],
    silent: frozenset[str],
    arrived_at: datetime,
) -> frozenset[str]:
    """As it was recorded: a rule that expired between arrival and evaluation, or got no answer.

    silent: rules that may have got none now.
    """
    matching = {rule_id for rule_id, value in values.items() if value}
    rules = [configuration.rules[rule_id] for rule_id in values]
    late = {rule.rule_id for rule in rules if _expired(rule, arrived_at, recorded.evaluated_at)}
    late |= recorded.unanswered | {rule_id for rule_id in silent if values[rule_id] is None}
    return frozenset((matching - late) | (recorded.matched & late))


def _expired(rule: Rule, arrived_at: datetime, evaluated_at: datetime) -> bool:
    return rule.has_expired(max(arrived_at, evaluated_at))
