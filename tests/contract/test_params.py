"""Replays what Coop's tests say of action parameters: their declaration, and values given to them.

Left out: a stored list with broken entries (what is stored was checked when it was saved, by the
one parser that also reads it), and the length of a note, which belongs to `POST /actions`.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from engine.actions.execution import Target
from engine.actions.plan import plan_executions
from engine.actions.verdict import Match
from engine.configuration.actions import Action, parse_action
from engine.configuration.configuration import Configuration
from engine.configuration.parameters import configured_values, given_values, parameter_document
from engine.configuration.rules import Rule, Status
from engine.errors import InvalidConfiguration
from engine.items import Kind
from tests.left_out import DATA

VECTORS = DATA.parent / "reference" / "coop_vectors" / "params.json"
LEFT_OUT: Final = {"stored.skips_bad_entries", "bulk.note_too_long"}
BULK: Final = "bulk_execute"  # one call with several items; what each is given is the same


def entries(*levels: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in json.loads(VECTORS.read_text(encoding="utf-8"))
        if entry["given"]["level"] in levels and entry["id"] not in LEFT_OUT
    ]


def action_with(specification: object, action_id: str = "a1") -> Action:
    """As a save reads it: key by key, refusing what is wrong."""
    url = "https://platform.example/hook"
    document = {"name": action_id, "callbackUrl": url, "parameters": specification}
    return parse_action(action_id, 1, document)


def specified(value: object) -> object:
    return [] if value in (None, "<absent>") else value


@pytest.mark.parametrize("entry", entries("author_spec"))
def test_a_declaration_is_taken_or_refused(entry: dict[str, Any]) -> None:
    expected = entry["expect"]
    if not expected["ok"]:
        with pytest.raises(InvalidConfiguration) as refused:
            action_with(entry["given"]["parameters"])
        said = " ".join(f"{one.message} {one.pointer}" for one in refused.value.problems)
        assert all(word in said for word in expected.get("mentions", []))
        return
    parameters = action_with(entry["given"]["parameters"]).parameters
    assert len(parameters) == expected.get("count", len(entry["given"]["parameters"]))
    if "types" in expected:
        assert [parameter.type.value for parameter in parameters] == expected["types"]


@pytest.mark.parametrize("entry", entries("stored_spec"))
def test_a_declaration_is_read_back_as_it_was_stored(entry: dict[str, Any]) -> None:
    parameters = action_with(specified(entry["given"]["stored"])).parameters
    documents = [parameter_document(parameter) for parameter in parameters]
    expected = entry["expect"]
    assert len(documents) == expected.get("count", len(expected.get("value", [])))
    for document, part in zip(documents, expected.get("value_subset", documents), strict=True):
        assert part.items() <= document.items()


@pytest.mark.parametrize("entry", entries("values", BULK))
def test_values_are_taken_or_refused(entry: dict[str, Any]) -> None:
    given, expected = entry["given"], entry["expect"]
    values, parameters = given["values"], action_with(given["spec"]).parameters
    values = None if values == "<absent>" else values
    taken, problems = given_values(parameters, values, "/parameters")
    if expected.get("ok", True):
        assert not problems
        assert taken == expected.get("value", taken)
        lists = [name for name, value in taken.items() if isinstance(value, list)]
        assert all(taken[name] is not (values or {})[name] for name in lists)
    else:
        said = " ".join(problem.message for problem in problems)
        assert said
        assert all(word in said for word in expected.get("mentions", []))


@pytest.mark.parametrize("entry", entries("configured_values"))
def test_values_that_are_kept_never_fail(entry: dict[str, Any]) -> None:
    given, expected = entry["given"], entry["expect"]["value"]
    parameters = action_with(specified(given["stored_spec"])).parameters
    values = given["values"] if isinstance(given["values"], dict) else {}
    assert configured_values(parameters, values) == ({} if expected == "<none>" else expected)


@pytest.mark.parametrize("entry", entries("rule_configured_values"))
def test_the_first_rule_says_what_an_action_is_given(entry: dict[str, Any]) -> None:
    actions: dict[str, Action] = {}
    matches = []
    for number, asked in enumerate(entry["given"]["matching_rules_in_order"]):
        actions |= {
            each["action"]: action_with(each["stored_spec"], each["action"]) for each in asked
        }
        rule = Rule(
            rule_id=f"r{number}",
            version=1,
            name=f"Rule {number}",
            where="TRUE",
            status=Status.LIVE,
            action_ids=tuple(each["action"] for each in asked),
            action_parameters={each["action"]: each["values"] for each in asked},
        )
        matches.append(Match(rule))
    target = Target("t", "i", "Post", Kind.CONTENT, None, 1, None, "s")
    executions = plan_executions(matches, target, Configuration(1, 1, actions=actions), lambda: "e")
    found = {each.action.action_id: each.parameters for each in executions}
    assert found == entry["expect"]["values_by_action"]
