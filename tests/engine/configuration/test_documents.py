"""Every configured noun: a document becomes a value, and the value the same document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.actions import action_document, parse_action
from engine.configuration.banks import bank_document, parse_bank
from engine.configuration.policies import Policy, parent_problems, parse_policy, policy_document
from engine.configuration.queues import parse_queue, queue_document
from engine.configuration.rules import Status, parse_rule, rule_document
from engine.configuration.settings import parse_settings, settings_document
from engine.errors import InvalidConfiguration, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

ACTION: dict[str, object] = {"name": "Ban", "callbackUrl": "https://platform.example/ban"}
RULE: dict[str, object] = {"name": "Spam", "where": "text = 'x'"}

PARSERS = [
    (parse_policy, policy_document, {"name": "Hate"}),
    (parse_action, action_document, ACTION),
    (parse_bank, bank_document, {"name": "Words", "terms": [{"text": "crypto"}]}),
    (parse_queue, queue_document, {"name": "Default"}),
    (parse_rule, rule_document, RULE),
    (parse_settings, settings_document, {"strikeTtlDays": 30}),
]


@pytest.mark.parametrize(("parse", "render", "smallest"), PARSERS)
def test_a_smallest_document_round_trips(
    parse: Callable[[str, int, object], object],
    render: Callable[[object], dict[str, object]],
    smallest: dict[str, object],
) -> None:
    value = parse("id1", 3, smallest)
    document = render(value)

    assert document["schema"] == 1
    assert smallest.keys() <= document.keys()
    assert parse("id1", 3, document) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "name",
        "where",
        "parentId",
        "terms",
        "examples",
        "parameters",
        "status",
        "expiresAt",
        "callbackUrl",
        "callbackUrlHeaders",
        "callbackUrlBody",
        "slaMinutes",
        "itemTypeIds",
    ]
)


@given(document=st.dictionaries(KEYS, JSON) | JSON)
@pytest.mark.parametrize(("parse", "render", "smallest"), PARSERS)
def test_any_json_is_read_or_refused_with_pointers(
    parse: Callable[[str, int, object], object],
    render: Callable[[object], dict[str, object]],
    smallest: dict[str, object],
    document: object,
) -> None:
    merged = {**smallest, **document} if isinstance(document, dict) else document
    value = read_or_problems(parse, merged)
    if isinstance(value, tuple):
        assert value
        assert all(p.pointer == "" or p.pointer.startswith("/") for p in value)
    else:
        assert parse("id1", 1, render(value)) == value


def read_or_problems(
    parse: Callable[[str, int, object], object], document: object
) -> object | tuple[Problem, ...]:
    try:
        return parse("id1", 1, document)
    except InvalidConfiguration as error:
        return error.problems


REFUSED = [
    (parse_policy, {}, "/name", "`name` is needed"),
    (parse_policy, {"name": "  "}, "/name", "must not be empty"),
    (parse_policy, {"name": "x" * 256}, "/name", "256 characters"),
    (parse_policy, {"name": "a\0"}, "/name", "NUL"),
    (parse_policy, {"name": "a", "severity": "BAD"}, "/severity", "'BAD'"),
    (parse_policy, {"name": "a", "strikeWeight": -1}, "/strikeWeight", "from 0 to"),
    (parse_policy, {"name": "a", "strikeWeight": True}, "/strikeWeight", "whole number"),
    (parse_policy, [], "", "an object is needed"),
    (parse_action, {"name": "a"}, "/callbackUrl", "needs the URL"),
    (parse_action, ACTION | {"callbackUrl": "ftp://x"}, "/callbackUrl", "http or https"),
    (parse_action, ACTION | {"callbackUrl": "http://a:x/"}, "/callbackUrl", "http or https"),
    (
        parse_action,
        ACTION | {"callbackUrlHeaders": {"Content-Type": "x"}},
        "/callbackUrlHeaders",
        "set by the sender",
    ),
    (
        parse_action,
        ACTION | {"callbackUrlHeaders": {"X-A": "b\r\nc"}},
        "/callbackUrlHeaders",
        "not a header",
    ),
    (
        parse_action,
        ACTION | {"parameters": [{"name": "a"}, {"name": "a"}]},
        "/parameters/1/name",
        "used twice",
    ),
    (
        parse_action,
        ACTION | {"parameters": [{"name": "a", "type": "SELECT"}]},
        "/parameters/0/options",
        "needs options",
    ),
    (parse_bank, {"name": "b", "terms": [{"text": ""}]}, "/terms/0/text", "must not be empty"),
    (parse_bank, {"name": "b", "terms": [{"mode": "fuzzy", "text": "a"}]}, "/terms/0/mode", ""),
    (parse_queue, {"name": "q", "slaMinutes": 0}, "/slaMinutes", "from 1"),
    (parse_rule, {"name": "r"}, "/where", "needed"),
    (parse_rule, RULE | {"rolloutPercent": 101}, "/rolloutPercent", "from 0 to 100"),
    (parse_rule, RULE | {"expiresAt": "soon"}, "/expiresAt", "must be a time"),
    (parse_rule, RULE | {"examples": [{"data": {}}]}, "/examples/0/matches", "must match"),
    (parse_rule, RULE | {"actionIds": "a"}, "/actionIds", "must be a list"),
    (
        parse_rule,
        RULE | {"examples": [{"data": {"x": float("nan")}, "matches": True}]},
        "/examples/0/data",
        "NaN",
    ),
]


@pytest.mark.parametrize(("parse", "document", "pointer", "words"), REFUSED)
def test_a_wrong_document_is_refused_where_it_is_wrong(
    parse: Callable[[str, int, object], object], document: object, pointer: str, words: str
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse("id1", 1, document)
    at = [problem.message for problem in refused.value.problems if problem.pointer == pointer]
    assert at
    assert any(words in message for message in at)


def test_a_misspelt_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_rule("r", 1, RULE | {"actionsIds": []})
    assert refused.value.problems[0].hint == "did you mean `actionIds`?"


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_rule("r", 1, {"rolloutPercent": "x", "status": 4})
    pointers = {problem.pointer for problem in refused.value.problems}
    assert pointers == {"/name", "/where", "/rolloutPercent", "/status"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("LIVE", Status.LIVE),
        ("BACKGROUND", Status.SHADOW),
        ("EXPIRED", Status.PAUSED),
        ("DEPRECATED", Status.ARCHIVED),
    ],
)
def test_status_names_of_other_systems_are_accepted(written: str, read: Status) -> None:
    assert parse_rule("r", 1, RULE | {"status": written}).status is read


def test_a_rule_is_evaluated_until_it_expires() -> None:
    rule = parse_rule("r", 1, RULE | {"status": "LIVE", "expiresAt": "2026-01-01T00:00:00+01:00"})
    assert rule.is_evaluated(datetime(2025, 12, 31, 22, 59, tzinfo=UTC))
    assert not rule.is_evaluated(datetime(2025, 12, 31, 23, 0, tzinfo=UTC))


def test_a_policy_cannot_be_its_own_ancestor() -> None:
    top = Policy("top", 1, "Top", parent_id="low")
    low = Policy("low", 1, "Low", parent_id="top")
    others = {"top": Policy("top", 1, "Top"), "low": low}

    assert [p.pointer for p in parent_problems(top, others)] == ["/parentId"]
    assert parent_problems(low, others) == ()
    assert "no policy `gone`" in parent_problems(Policy("a", 1, "A", "gone"), others)[0].message
