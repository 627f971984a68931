from __future__ import annotations

import json
from typing import Any

import pytest

from engine.coop_import import convert, import_rules
from engine.coop_import.thresholds import as_boolean, as_number
from engine.errors import InvalidConfiguration
from engine.items import Container, Field, ItemType, Kind, Role, Scalar
from engine.language import Environment, check, compile_ruleset, schema_of_item_type
from engine.text import Mode
from tests.engine.packs.test_pack_files import NOW

POST = ItemType(
    "t1",
    1,
    "Post",
    Kind.CONTENT,
    (
        Field("title", Scalar.STRING),
        Field("body", Scalar.STRING),
        Field("tags", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)),
        Field("score", Scalar.NUMBER),
        Field("photo", Scalar.IMAGE),
        Field("author", Scalar.USER_ID),
    ),
    {Role.CREATOR_ID: "author"},
)
WORDS = ItemType("t2", 1, "Note", Kind.CONTENT, POST.fields[:2])


def text_of(field: str) -> dict[str, Any]:
    return {"type": "CONTENT_FIELD", "name": field, "contentTypeId": "t1"}


def search(kind: str, given: dict[str, Any], *strings: str, **more: object) -> dict[str, Any]:
    signal = {"id": json.dumps({"type": f"TEXT_MATCHING_{kind}"})}
    return {"input": given, "signal": signal, "matchingValues": {"strings": strings}, **more}


def alike(term: str, threshold: float) -> dict[str, Any]:
    """A condition on the likeness of a body to a text."""
    return {
        "input": text_of("body"),
        "signal": {"type": "TEXT_SIMILARITY_SCORE"},
        "matchingValues": {"strings": [term]},
        "comparator": "GREATER_THAN",
        "threshold": threshold,
    }


def tagged(comparator: str, threshold: str) -> dict[str, Any]:
    return {"input": text_of("tags"), "comparator": comparator, "threshold": threshold}


ALL_TEXT = {"type": "CONTENT_COOP_INPUT", "name": "All text"}


def outcome(condition: object, data: dict[str, object], item_type: ItemType = POST) -> bool | None:
    converted = convert(condition, item_type, {})
    assert converted.problems == ()
    environment = Environment({bank.name: bank for bank in converted.banks})
    checked = check(converted.where, schema_of_item_type(item_type), environment)
    assert checked.predicate is not None, checked.diagnostics
    return compile_ruleset({"r": checked.predicate}, environment).evaluate(data, [], NOW)[0]


@pytest.mark.parametrize(
    ("condition", "data", "expected"),
    [
        (alike("free money", 0.9), {"body": "get free money now"}, True),
        (alike("free money", 0.9), {"body": "good morning"}, False),
        (alike("free money", 0.9), {}, False),
        (tagged("LESS_THAN", "b"), {"tags": ["c", "a"]}, True),
        (tagged("GREATER_THAN", "c"), {"tags": ["c", "a"]}, False),
        (tagged("GREATER_THAN", "b"), {"tags": []}, False),
        (search("CONTAINS_TEXT", text_of("body"), "ree mon"), {"body": "FREE money"}, True),
        (search("CONTAINS_TEXT", text_of("body"), "ree mon"), {"body": "hello"}, False),
        (search("CONTAINS_TEXT", text_of("body"), "ree mon"), {}, False),
        (search("NOT_CONTAINS_TEXT", text_of("body"), "x"), {"body": "hello"}, True),
        (search("NOT_CONTAINS_TEXT", text_of("body"), "x"), {}, False),
        (search("CONTAINS_REGEX", text_of("body"), "m[o0]ney$"), {"body": "free M0NEY"}, True),
        (search("NOT_CONTAINS_REGEX", text_of("body"), "m[o0]"), {"body": "m0"}, False),
        (search("CONTAINS_VARIANT", text_of("body"), "hello"), {"body": "h.e.l.l.0"}, True),
        (search("CONTAINS_TEXT", text_of("tags"), "spam"), {"tags": ["a", "spammy"]}, True),
        (search("CONTAINS_TEXT", text_of("tags"), "spam"), {"tags": []}, False),
        (search("CONTAINS_TEXT", ALL_TEXT, "b c"), {"title": "a b", "body": "c"}, True),
        (search("CONTAINS_TEXT", ALL_TEXT, "tag"), {"tags": ["tag"]}, True),
        (search("CONTAINS_TEXT", ALL_TEXT, "tag"), {}, False),
        (search("CONTAINS_TEXT", text_of("body")), {"body": "x"}, None),
        (search("CONTAINS_TEXT", text_of("body")), {}, False),
        (
            search("CONTAINS_TEXT", text_of("body"), "x", comparator="EQUALS", threshold="false"),
            {"body": "x"},
            True,
        ),
        (
            search("CONTAINS_TEXT", text_of("body"), "x", comparator="EQUALS", threshold=False),
            {"body": "x"},
            False,
        ),
        (
            search("CONTAINS_TEXT", text_of("body"), comparator="IS_UNAVAILABLE"),
            {"body": "x"},
            True,
        ),
        ({"input": {"type": "USER_ID"}, "comparator": "IS_NOT_PROVIDED"}, {}, True),
        (
            {"input": {"type": "USER_ID"}, "comparator": "IS_NOT_PROVIDED"},
            {"author": {"id": "a", "typeId": "u"}},
            False,
        ),
        (
            {
                "input": {"type": "CONTENT_COOP_INPUT", "name": "Any image"},
                "comparator": "IS_NOT_PROVIDED",
            },
            {},
            True,
        ),
        (
            {"input": text_of("score"), "comparator": "LESS_THAN", "threshold": "0x10"},
            {"score": 15.0},
            True,
        ),
        (
            {"input": text_of("score"), "comparator": "LESS_THAN", "threshold": "Infinity"},
            {"score": 1e300},
            True,
        ),
    ],
)
def test_a_condition_says_what_it_says_in_coop(
    condition: object, data: dict[str, object], expected: object
) -> None:
    assert outcome(condition, data) is expected


@pytest.mark.parametrize(
    ("condition", "pointer", "words"),
    [
        (search("CONTAINS_TEXT", text_of("score"), "x"), "/input", "only texts"),
        ({**search("X", text_of("body")), "signal": {"type": "USER_SCORE"}}, "/signal", "USER_SCO"),
        ({**search("X", text_of("body")), "signal": {"id": "no"}}, "/signal", "names no type"),
        ({"input": text_of("body"), "comparator": "MATCHES"}, "/comparator", "MATCHES"),
        ({"input": text_of("photo"), "comparator": "EQUALS"}, "/input", "signals alone"),
        ({"input": {"type": "CONTENT_DERIVED_FIELD"}}, "/input", "not known"),
        ({"input": text_of("body"), "threshold": {}}, "/threshold", "a threshold is"),
        ({"input": text_of("body"), "weight": 3}, "/weight", "no part"),
        ({"conjunction": "NAND", "conditions": []}, "/conjunction", "NAND"),
        ({"conjunction": "AND", "conditions": "x"}, "/conditions", "list"),
        (
            {
                "conjunction": "AND",
                "conditions": [{"conjunction": "OR", "conditions": []}, {"input": ALL_TEXT}],
            },
            "/conditions",
            "either",
        ),
        (
            {
                **search("CONTAINS_TEXT", text_of("body")),
                "matchingValues": {"textBankIds": ["gone"]},
            },
            "/matchingValues/textBankIds",
            "gone",
        ),
        (3, "", "object"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(
    condition: object, pointer: str, words: str
) -> None:
    found = convert(condition, POST, {}).problems
    assert [problem.pointer for problem in found] == [pointer] or found[0].pointer == pointer
    assert words in found[0].message


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 0.0), (" 12 ", 12.0), ("1e3", 1000.0), ("0b11", 3.0), (".5", 0.5), ("-7.", -7.0)],
)
def test_texts_are_numbers_as_javascript_has_it(text: str, number: float) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["abc", "1_000", "1 2", "NaN", "0x", "infinity", "--1"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert as_number(text) != as_number(text)


def test_any_text_but_the_empty_one_is_true() -> None:
    assert [as_boolean(each) for each in ("false", "", 0.0, 2.0, float("nan"))] == [
        *(True, False, False, True, False)
    ]


FILE: dict[str, Any] = {
    "itemTypes": [
        {"id": "t1", "name": "Post", "fields": [{"name": "body", "type": "STRING"}]},
        {"id": "t2", "name": "Note", "fields": [{"name": "body", "type": "STRING"}]},
    ],
    "textBanks": [{"id": "b1", "name": "scams", "type": "STRING", "strings": ["free money"]}],
    "rules": [
        {
            "name": "Scam",
            "status": "LIVE",
            "itemTypes": ["t1", "t2"],
            "actions": ["Remove"],
            "maxDailyActions": 5,
            "conditionSet": {
                "conjunction": "OR",
                "conditions": [
                    {
                        "input": {"type": "CONTENT_COOP_INPUT", "name": "All text"},
                        "signal": {"type": "TEXT_MATCHING_CONTAINS_TEXT"},
                        "matchingValues": {"textBankIds": ["b1"], "strings": ["act now"]},
                    }
                ],
            },
        },
        {
            "name": "Model",
            "itemTypes": ["t1"],
            "conditionSet": {
                "conjunction": "AND",
                "conditions": [
                    {
                        "input": {"type": "CONTENT_FIELD", "name": "body"},
                        "signal": {"type": "OPEN_AI_HATE_TEXT_MODEL"},
                        "comparator": "GREATER_THAN",
                        "threshold": 0.9,
                    }
                ],
            },
        },
    ],
}


def test_strikes_are_those_of_the_author() -> None:
    asked = {
        "input": {"type": "USER_ID"},
        "signal": {"type": "USER_STRIKE_VALUE"},
        "comparator": "GREATER_THAN_OR_EQUALS",
        "threshold": 3,
    }
    written = convert(asked, POST, {}).where
    assert written == "CASE WHEN creator IS NULL THEN FALSE ELSE strikes(creator) >= 3 END"
    assert check(written, schema_of_item_type(POST), Environment()).predicate
    assert convert(asked, WORDS, {}).where == "FALSE"
    [refused] = convert(asked | {"input": text_of("body")}, POST, {}).problems
    assert refused.pointer == "/input"


def test_a_file_becomes_packs_and_what_is_refused_is_told() -> None:
    imported = import_rules(FILE)
    assert [pack.name for pack in imported.packs] == ["Post", "Note", "text banks"]
    [rule] = imported.packs[0].rules
    assert (rule.name, rule.status, rule.item_type_ids) == ("Scam (Post)", "SHADOW", ("Post",))
    assert rule.max_daily_actions == 5
    assert imported.packs[2].banks[0].terms[0].mode is Mode.SUBSTRING
    [refused] = imported.refused
    assert refused.pointer == "/rules/1/conditionSet/conditions/0/signal"
    assert "OPEN_AI_HATE_TEXT_MODEL" in refused.message


@pytest.mark.parametrize("change", [{"rules": [{"nmae": "x"}]}, {"itemTypes": [{"id": "t"}]}])
def test_a_file_that_is_wrong_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfiguration):
        import_rules({**FILE, **change})
