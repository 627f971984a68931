"""Replays Coop's three-valued logic: each entry becomes a rule, which both engines evaluate.

Entries about the order of evaluation and about sets known in part say nothing of an outcome; what
is left out otherwise is listed with its reason.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pytest

from engine.coop_import import convert
from engine.coop_import.thresholds import Comparator, Score, ScoreType, comparison
from engine.items import Container, Field, ItemType, Kind, RawItem, Scalar, coerce_item, row_values
from engine.items.columns import arrow_schema
from engine.language import Environment, check, compile_ruleset, schema_of_item_type, to_duckdb
from engine.language.udf import register
from tests.left_out import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VECTORS = DATA.parent / "reference" / "coop_vectors" / "conditions.json"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
LOGIC: Final = {"PASSED": True, "FAILED": False, "INAPPLICABLE": False, "ERRORED": None}
PASSES: Final = {"input": {"type": "CONTENT_FIELD", "name": "text"}, "comparator": "EQUALS"}
LEAVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "PASSED": {**PASSES, "threshold": "here"},
    "FAILED": {**PASSES, "threshold": "elsewhere"},
    "INAPPLICABLE": {**PASSES, "input": {"type": "CONTENT_FIELD", "name": "none"}, "threshold": 1},
    "ERRORED": {**PASSES, "threshold": 1},
}
"""Conditions over an item whose text is "here" and that have each of the outcomes."""
TEXT: Final = Field("text", Scalar.STRING)
ITEM: Final = ItemType("t", 1, "t", Kind.CONTENT, (TEXT, Field("none", Scalar.NUMBER)))
LEFT_OUT: Final = {
    "compared as a whole item that is not there": "a rule is only ever asked about an item",
    "an element that is an error": "the value of a field is never an error",
    "All text over a list": "rules cannot join a list's elements: refused",
    "Relevant Policy, Source": "they belong to routing rules: refused",
}


def entries(*levels: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in found
        if entry["given"]["level"] in levels and why_left_out(entry) is None
    ]


def why_left_out(entry: Mapping[str, Any]) -> str | None:
    given = entry["given"]
    scores = given.get("scores", [])
    if "rule_input" in given and given["input"]["type"] == "FULL_ITEM":
        return "compared as a whole item that is not there"
    if any(isinstance(score, dict) for score in scores):
        return "an element that is an error"
    if entry["id"] == "input.all_text":
        return "All text over a list"
    if given.get("input", {}).get("name") in {"Relevant Policy", "Source"}:
        return "Relevant Policy, Source"
    return None


def outcomes(where: str, item_type: ItemType, data: Mapping[str, Any]) -> list[bool | None]:
    """What the row engine and DuckDB say of one item."""
    schema, environment = schema_of_item_type(item_type), Environment({})
    checked = check(where, schema, environment)
    assert checked.predicate is not None, (where, checked.diagnostics)
    item = coerce_item(RawItem("i", "t", None, "partial", data), item_type, {"t": item_type})
    assert not isinstance(item, tuple), item
    row = row_values(item_type)(item.data)
    ruleset = compile_ruleset({"r": checked.predicate}, environment)
    live = ruleset.evaluate(row, [], NOW)[0]
    plan = to_duckdb([checked.predicate], environment, "one")
    with duckdb.connect() as connection:
        connection.register("one", pa.Table.from_pylist([row], schema=arrow_schema(item_type)))
        register(connection, plan.functions)
        [(history,)] = connection.execute(
            f"SELECT {plan.expressions[0]} FROM {plan.source}"
        ).fetchall()
    return [live, history]


def said(condition: object, item_type: ItemType, data: Mapping[str, Any]) -> list[bool | None]:
    converted = convert(condition, item_type, {})
    assert converted.problems == ()
    return outcomes(converted.where, item_type, data)


def expected(entry: Mapping[str, Any]) -> bool | None:
    """What was meant, where that is not what the code does."""
    found = entry["expect"]
    outcome = found.get("intended_outcome", found.get("outcome"))
    logic: bool | None = found["logic"] if "logic" in found else LOGIC[outcome]
    return logic


@pytest.mark.parametrize("entry", entries("set", "partial_set"))
def test_a_set_has_the_outcome_coop_gives_it(entry: Mapping[str, Any]) -> None:
    given = entry["given"]
    names = given.get("outcomes", given.get("outcomes_so_far"))
    tree = {"conjunction": given["conjunction"], "conditions": [LEAVES[name] for name in names]}
    if entry["expect"].get("decided", True):
        assert said(tree, ITEM, {"text": "here"}) == [expected(entry)] * 2
    else:
        # Not decided yet: what follows can still change it.
        more = [
            {**tree, "conditions": [*tree["conditions"], LEAVES[first], LEAVES[second]]}
            for first, second in product(LOGIC, LOGIC)
        ]
        assert len({str(said(each, ITEM, {"text": "here"})) for each in more}) > 1


@pytest.mark.parametrize("entry", entries("outcome_to_logic", "rule"))
def test_an_outcome_counts_as_coop_counts_it(entry: Mapping[str, Any]) -> None:
    outcome = entry["given"].get("outcome", entry["given"].get("root_outcome"))
    answers = said(LEAVES[outcome], ITEM, {"text": "here"})
    wanted = entry["expect"]
    if "logic" in wanted:
        assert answers == [wanted["logic"]] * 2
    else:
        assert [answer is True for answer in answers] == [wanted["rule_passed"]] * 2


def scored(scores: Sequence[object]) -> tuple[ItemType, Mapping[str, Any]]:
    """An item whose field holds the scores: a list of them if there is not exactly one."""
    first = next((each for each in scores if not isinstance(each, dict)), 0.5)
    if isinstance(first, bool):
        scalar = Scalar.BOOLEAN
    else:
        scalar = Scalar.STRING if isinstance(first, str) else Scalar.NUMBER
    container = None if len(scores) == 1 else Container("ARRAY", None, scalar)
    value = scores[0] if len(scores) == 1 else list(scores)
    return ItemType("t", 1, "t", Kind.CONTENT, (Field("f", scalar, container=container),)), {
        "f": value
    }


@pytest.mark.parametrize(
    "entry", [e for e in entries("leaf") if not e.values[0] or "scores" in e.values[0]["given"]]
)
def test_a_score_is_compared_as_coop_compares_it(entry: Mapping[str, Any]) -> None:
    given = entry["given"]
    ordered = (
        given.get("output", {}).get("enum", []) if given.get("output", {}).get("ordered") else []
    )
    item_type, data = scored(given["scores"])
    if ordered:
        score = Score("f", ScoreType.TEXT, tuple(ordered))
        where = comparison(score, Comparator(given["comparator"]), given["threshold"])
        answers = outcomes(where, item_type, data)
    else:
        condition = {
            "input": {"type": "CONTENT_FIELD", "name": "f"},
            "comparator": given["comparator"],
            "threshold": given["threshold"],
        }
        answers = said(condition, item_type, data)
    assert answers == [expected(entry)] * 2


SIGNALS: Final = (
    None,
    {"type": "TEXT_MATCHING_CONTAINS_TEXT"},
    {"type": "TEXT_MATCHING_CONTAINS_REGEX"},
)
EMPTY: Final = ItemType("t", 1, "t", Kind.CONTENT, (Field("other", Scalar.NUMBER),))


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(
    "entry", [e for e in entries("leaf") if not e.values[0] or "rule_input" in e.values[0]["given"]]
)
def test_what_is_not_there_is_inapplicable(
    entry: Mapping[str, Any], signal: Mapping[str, Any] | None
) -> None:
    given = entry["given"]
    condition = {
        "input": given["input"],
        "comparator": given["comparator"],
        "signal": signal,
        "threshold": "x",
        "matchingValues": {"strings": ["x"]} if signal else None,
    }
    answers = said(condition, EMPTY, {})
    assert answers == [expected(entry)] * 2


@pytest.mark.parametrize("entry", entries("input_selection"))
def test_an_input_reads_what_coop_reads(entry: Mapping[str, Any]) -> None:
    given, wanted = entry["given"], entry["expect"]
    fields = tuple(
        Field(
            each["name"],
            Scalar(each["container"]["value"] if each["container"] else each["type"]),
            container=Container("ARRAY", None, Scalar(each["container"]["value"]))
            if each["container"]
            else None,
        )
        for each in given["item"]["fields"]
    )
    item_type = ItemType(given["item"]["type_id"], 1, "t", Kind.CONTENT, fields)
    condition = {"input": given["input"], "comparator": "EQUALS", "threshold": "x"}
    asked = {**condition, "comparator": "IS_NOT_PROVIDED"}
    data = given["item"]["data"]
    if "is_not_provided" in wanted:
        assert said(asked, item_type, data) == [LOGIC[wanted["is_not_provided"]]] * 2
    if "otherwise" in wanted or "outcome" in wanted:
        outcome = LOGIC[wanted.get("otherwise", wanted.get("outcome"))]
        assert said(condition, item_type, data) == [outcome] * 2


def test_what_is_left_out_has_a_reason() -> None:
    if not VECTORS.is_file():
        return
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    reasons = {why_left_out(entry) for entry in found} - {None}
    assert reasons == set(LEFT_OUT)
