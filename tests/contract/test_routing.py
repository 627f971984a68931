"""Replays what Coop's tests say of routing: which queue a new job goes to, and what is logged.

The conditions are written as one writes them here; a queue that is deleted takes its rules along.
Left out: an organisation without a default queue, which cannot be made (the first queue is it).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from engine.casework.routing import Outcome, Route, Subject, compile_router
from engine.configuration.configuration import Configuration
from engine.configuration.queues import Queue
from engine.configuration.routing_rules import RoutingRule
from engine.items import parse_item_type
from tests.left_out import DATA

VECTORS = DATA.parent / "reference" / "coop_vectors" / "routing.json"
LEFT_OUT: Final = {"setup", "code.no_default_queue"}
NOW = datetime(2026, 1, 5, tzinfo=UTC)
INPUTS: Final = {"Relevant Policy": "_policies", "Source": "_source"}


def entries() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in json.loads(VECTORS.read_text(encoding="utf-8"))
        if entry["id"] not in LEFT_OUT
    ]


def condition(leaf: dict[str, Any]) -> str:
    if leaf["signal"] is not None:
        return " OR ".join(f"contains({leaf['input']['field']}, '{t}')" for t in leaf["terms"])
    read = INPUTS[leaf["input"]["name"]]
    if leaf["comparator"] == "IS_NOT_PROVIDED":
        return f"{read} IS NULL"
    value = leaf["threshold"]
    return f"list_contains({read}, '{value}')" if read == "_policies" else f"{read} = '{value}'"


def where(conditions: dict[str, Any]) -> str:
    joined = f" {conditions['conjunction']} ".join
    return joined(f"({condition(leaf)})" for leaf in conditions["conditions"])


def rule(document: dict[str, Any], position: int) -> RoutingRule:
    return RoutingRule(
        rule_id=f"r{position}",
        version=1,
        name=document["name"],
        where=where(document["condition_set"]),
        queue_id=document["queue"],
        item_type_ids=tuple(document["item_types"]),
        position=position,
    )


def house(entry: dict[str, Any]) -> Configuration:
    """As the first entry sets it up, with what this one does before."""
    setup = json.loads(VECTORS.read_text(encoding="utf-8"))[0]["given"]["setup"]
    given = entry["given"]
    gone = {before["delete_queue_and_its_rules"] for before in given.get("before", ())}
    documents = [*setup["routing_rules_in_order"], *filter(None, [given.get("create_rule")])]
    rules = [rule(one, n) for n, one in enumerate(documents, 1) if one["queue"] not in gone]
    queues = [q for q in setup["queues_in_creation_order"] if q["ref"] not in gone]
    types = [
        parse_item_type(t["ref"], 1, {"name": t["ref"], "kind": t["kind"], "fields": t["fields"]})
        for t in setup["item_types"]
    ]
    return Configuration(
        1,
        1,
        item_types={one.type_id: one for one in types},
        queues={
            q["ref"]: Queue(q["ref"], 1, q["ref"], is_default=q.get("default", False))
            for q in queues
        },
        routing_rules={one.rule_id: one for one in rules},
    )


def routed(entry: dict[str, Any]) -> Route:
    job = entry["given"]["job"]
    item = job["item"]
    subject = Subject(
        job["job_kind"], item["type"], item["data"], job["policy_ids"], job["source"], NOW
    )
    return compile_router(house(entry)).route(subject)


@pytest.mark.parametrize("entry", entries())
def test_a_job_goes_where_coop_sends_it(entry: dict[str, Any]) -> None:
    found, expected = routed(entry), entry["expect"]
    assert found.queue_id == expected.get("queue", found.queue_id)
    logged = [
        {
            "rule": step.name,
            "passed": step.outcome is Outcome.TRUE,
            "evaluated": step.outcome is not Outcome.NOT_RUN,
        }
        for step in found.trail
    ]
    assert logged == expected.get("rule_log", logged)
