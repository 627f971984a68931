"""What the rules that matched an item were kept to have seen of it, for the page of its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.configuration.compiled import environment_of, schema_of
from engine.language import Environment, check
from engine.language.counterfactual import counterfactual
from engine.language.explain import render, trace
from engine.language.traces import restored
from store import items_lookup, match_traces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.items import ItemType
    from engine.language.traces import KeptLeaf
    from store.items_lookup import ItemRow


@dataclass(frozen=True)
class JudgedRule:
    """text: an indented tree, a line a condition, without what is hidden from reviewers."""

    judged_at: datetime
    text: str
    counterfactual: str


def judged_rules(
    tx: Connection, configuration: Configuration, stored: ItemRow | None, rule_ids: Iterable[str]
) -> dict[str, JudgedRule]:
    """By rule, those that still are what judged the item; the others are asked about one by one."""
    item_type = configuration.item_types.get(stored.type_id) if stored else None
    wanted = set(rule_ids)
    if stored is None or item_type is None or not wanted:
        return {}
    kept = match_traces.find(tx, stored.arrived_at, stored.seq)
    said = items_lookup.evaluations(tx, [stored.seq]) if wanted & kept.keys() else []
    versions = {each["ruleId"]: each["version"] for one in said for each in one.outcomes}
    same = {
        rule_id: configuration.rules[rule_id]
        for rule_id in wanted & kept.keys() & configuration.rules.keys()
        if versions.get(rule_id) == configuration.rules[rule_id].version
    }
    environment = environment_of(configuration) if same else Environment()
    told: dict[str, JudgedRule] = {}
    for rule_id, rule in same.items():
        found = _told(configuration, item_type, environment, rule.where, kept[rule_id])
        if found is not None:
            told[rule_id] = JudgedRule(said[0].evaluated_at, *found)
    return told


def _told(
    configuration: Configuration,
    item_type: ItemType,
    environment: Environment,
    where: str,
    leaves: tuple[KeptLeaf, ...],
) -> tuple[str, str] | None:
    predicate = check(where, schema_of(configuration, item_type), environment).predicate
    judged = restored(predicate, environment, leaves) if predicate else None
    if judged is None:
        return None
    change = counterfactual(judged)
    sentence = change.sentence() if change else ""
    return render(trace(judged, item_type.hidden_fields)), sentence


def with_judgement(
    source: Mapping[str, object], judged: Mapping[str, JudgedRule]
) -> dict[str, object]:
    """A source of a job with what its rule saw."""
    found = judged.get(str(source.get("ruleId")))
    if found is None:
        return dict(source)
    return {
        **source,
        "judgedAt": found.judged_at,
        "trace": found.text,
        "counterfactual": found.counterfactual,
    }
