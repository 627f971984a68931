"""Replays the coercions that Coop's own tests and handlers expect.

Where `docs/coop-compatibility.md` lists a difference, the difference is what is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from engine.items import (
    Container,
    Field,
    Item,
    ItemType,
    Kind,
    RawItem,
    Role,
    Scalar,
    coerce_item,
    creator_of,
)
from engine.items.coercion import coerce_value
from engine.items.extraction import field_value, values_of
from engine.items.instants import instant_text
from engine.items.refusal import MISSING, Refused
from engine.items.urls import is_web_url, media_kind
from tests.left_out import DATA

if TYPE_CHECKING:
    from engine.errors import Problem

VECTORS = DATA.parent / "reference" / "coop_vectors" / "coercion.json"
Vector = Mapping[str, Any]

REFUSED_ON_PURPOSE = {
    "field.DATETIME.16": "a month 13 rolls over into the next year",
    "field.DATETIME.17": "a date is found inside other text",
    "field.URL.15": "a trailing dot escapes the loopback check",
    "field.URL.20": "IPv6 loopback escapes the loopback check",
}


def vectors(level: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    entries = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in entries
        if entry["given"]["level"] == level
    ]


def field_of(given: Mapping[str, Any]) -> Field:
    name, required = given.get("name", "f"), given.get("required", False)
    container = given.get("container")
    if container is None:
        return Field(name, Scalar(given["type"]), required)
    key, value = container.get("key"), Scalar(container["value"])
    if given["type"] == "ARRAY":
        return Field(name, value, required, Container("ARRAY", None, value))
    return Field(name, value, required, Container("MAP", Scalar(key), value))


def item_type_of(given: Mapping[str, Any]) -> ItemType:
    fields = tuple(field_of(each) for each in given["fields"])
    roles = {Role(role): name for role, name in given["roles"].items()}
    return ItemType("t", 1, "T", Kind(given["kind"]), fields, roles)


def coerced(given: Mapping[str, Any]) -> dict[str, object]:
    """The answer for one value, in the words of the vectors."""
    raw = json.loads(given["raw_json"]) if "raw_json" in given else given["raw"]
    try:
        value = coerce_value(raw, field_of(given), given.get("known_item_type_ids", ()))
    except Refused:
        return {"result": "error"}
    return {"result": "missing"} if value is MISSING else {"result": "value", "value": value}


@pytest.mark.parametrize("vector", vectors("field"))
def test_a_value_is_coerced_as_coop_coerces_it(vector: Vector) -> None:
    purpose = REFUSED_ON_PURPOSE.get(vector["id"])
    expected = {"result": "error"} if purpose else vector["expect"]
    assert coerced(vector["given"]) == expected


@pytest.mark.parametrize("vector", vectors("date_text"))
def test_a_date_is_read_as_coop_reads_it(vector: Vector) -> None:
    assert instant_text(vector["given"]["raw"]) == vector["expect"].get("value")


@pytest.mark.parametrize("vector", vectors("url_check"))
def test_a_url_is_judged_as_coop_judges_it(vector: Vector) -> None:
    given = vector["given"]
    valid = is_web_url(given["url"], allow_localhost=given["allow_localhost"])
    assert valid is vector["expect"]["valid"]


@pytest.mark.parametrize("vector", vectors("media_kind_from_url"))
def test_a_medium_is_told_by_its_extension(vector: Vector) -> None:
    assert media_kind(vector["given"]["url"]) == vector["expect"]["kind"]


@pytest.mark.parametrize("vector", vectors("submission"))
def test_an_item_is_taken_or_refused_as_coop_does(vector: Vector) -> None:
    given, expected = vector["given"], vector["expect"]
    raw = RawItem("i", "t", None, "original", given["data"])
    answer = coerce_item(raw, item_type_of(given), given["known_item_type_ids"])
    if isinstance(answer, Item):
        assert expected["result"] == "value"
        assert answer.data == expected["value"]
    else:
        assert expected["result"] == "errors"
        assert len(answer) == len(expected["errors"])
        for problem, error in zip(answer, expected["errors"], strict=True):
            expect_problem(problem, error)


def expect_problem(problem: Problem, error: Mapping[str, Any]) -> None:
    assert f"/errors/{problem.slug}" == error.get("type", ["/errors/" + problem.slug])[0]
    for mentioned in error.get("detail_mentions", [error.get("field", "")]):
        assert mentioned in problem.message
    assert error.get("detail_echoes_value_json", "") in problem.message
    assert ("is required, but was not provided" in problem.message) == (
        error["reason"] == "required_missing"
    )


@pytest.mark.parametrize("vector", vectors("creator"))
def test_the_creator_is_who_coop_says_it_is(vector: Vector) -> None:
    given = vector["given"]
    creator = creator_of(item_type_of(given), given["stored_data"])
    found = creator and {"id": creator.item_id, "typeId": creator.type_id}
    assert found == vector["expect"]["creator"]


@pytest.mark.parametrize("vector", vectors("extract"))
def test_the_values_of_a_field_are_extracted_as_coop_does(vector: Vector) -> None:
    given = vector["given"]
    assert field_value(field_of(given["field"]), given["stored_data"]) == vector["expect"]["values"]


@pytest.mark.parametrize("vector", vectors("extract_many"))
def test_the_values_of_many_fields_are_one_list(vector: Vector) -> None:
    given = vector["given"]
    fields = [field_of(each) for each in given["fields"]]
    assert values_of(fields, given["stored_data"]) == vector["expect"]["values"]
