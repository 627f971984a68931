from __future__ import annotations

import pytest

from engine.configuration.parameters import Option, Parameter, ParameterType, given_values

NOTE = Parameter("note", "Note", ParameterType.STRING, required=True, max_length=5)
DAYS = Parameter("days", "Days", ParameterType.NUMBER, default=7, minimum=1, maximum=30)
SURE = Parameter("sure", "Sure", ParameterType.BOOLEAN)
KIND = Parameter("kind", "Kind", ParameterType.SELECT, options=(Option("a", "A"), Option("b", "B")))
TAGS = Parameter("tags", "Tags", ParameterType.MULTISELECT, options=(Option("x", "X"),))
ALL = (NOTE, DAYS, SURE, KIND, TAGS)


def test_defaults_complete_what_is_given() -> None:
    values, problems = given_values(ALL, {"note": "hello"}, "/parameters")
    assert problems == ()
    assert values == {"note": "hello", "days": 7}


@pytest.mark.parametrize(
    ("given", "pointer", "words"),
    [
        ({}, "/p/note", "`note` is needed"),
        ({"note": ""}, "/p/note", "`note` is needed"),
        ({"note": "too long"}, "/p/note", "at most 5"),
        ({"note": 4}, "/p/note", "must be a text"),
        ({"note": "a", "days": 31}, "/p/days", "at most 30"),
        ({"note": "a", "days": 0.5}, "/p/days", "at least 1"),
        ({"note": "a", "days": True}, "/p/days", "must be a number"),
        ({"note": "a", "days": float("inf")}, "/p/days", "must be a number"),
        ({"note": "a", "sure": "yes"}, "/p/sure", "true or false"),
        ({"note": "a", "kind": "c"}, "/p/kind", "one of its options: a, b"),
        ({"note": "a", "tags": "x"}, "/p/tags", "must be a list"),
        ({"note": "a", "tags": ["y"]}, "/p/tags", "one of its options: x"),
        ({"note": "a", "new/one": 1}, "/p/new~1one", "no parameter"),
    ],
)
def test_a_wrong_value_is_refused_where_it_is(
    given: dict[str, object], pointer: str, words: str
) -> None:
    _, problems = given_values(ALL, given, "/p")
    assert [problem.pointer for problem in problems] == [pointer]
    assert words in problems[0].message
