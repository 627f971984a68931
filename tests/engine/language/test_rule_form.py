"""Every rule has a form, and the form gives the same rule back."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.language.check import canonical
from engine.language.form import (
    HOLDS,
    Condition,
    Field,
    Form,
    Group,
    Signal,
    SignalValue,
    Sql,
    Value,
    form_of,
    text_of,
)
from engine.language.format import format_rule
from engine.language.nodes import LiteralKind
from engine.language.parser import parse
from tests.engine.language.rule_maker import Drawn, Seeded, make_rule

SCORE, TEXT = Field(("score",)), Field(("text",))


def number(value: float) -> Value:
    return Value(LiteralKind.NUMBER, value)


def text(value: str) -> Value:
    return Value(LiteralKind.TEXT, value)


@pytest.mark.parametrize(
    ("rule", "form"),
    [
        ("score > 1", Condition(SCORE, ">", (number(1.0),))),
        ("creator.age < 7", Condition(Field(("creator", "age")), "<", (number(7.0),))),
        ("any(tags = 'a')", Sql("any(tags = 'a')")),
        ("count(tags = 'a') > 1", Sql("count(tags = 'a') > 1")),
        ("verified", Condition(Field(("verified",)), HOLDS)),
        ("NOT verified", Group("not", (Condition(Field(("verified",)), HOLDS),))),
        ("text NOT IN ('a', 'b')", Condition(TEXT, "not in", (text("a"), text("b")))),
        ("text IS NOT NULL", Condition(TEXT, "is not null")),
        ("matches(text, 'scam')", Condition(TEXT, "matches", (text("scam"),))),
        (
            "list_has_any(url_domains(text), ['a.example'])",
            Condition(Signal("url_domains", (TEXT,)), "list_has_any", (text("a.example"),)),
        ),
        (
            "count_recent(creator, '1 hour') > 5",
            Condition(
                Signal("count_recent", (Field(("creator",)), SignalValue(text("1 hour")))),
                ">",
                (number(5.0),),
            ),
        ),
        (
            "age(created_at) < INTERVAL '7 days'",
            Condition(
                Signal("age", (Field(("created_at",)),)),
                "<",
                (Value(LiteralKind.INTERVAL, "7 days"),),
            ),
        ),
        ("score > size", Sql("score > size")),
        ("score + 1 > 2", Sql("score + 1 > 2")),
        (
            "score > 1 AND (score > size OR creator.id = 'x')",
            Group(
                "and",
                (
                    Condition(SCORE, ">", (number(1.0),)),
                    Group(
                        "or",
                        (
                            Sql("score > size"),
                            Condition(Field(("creator", "id")), "=", (text("x"),)),
                        ),
                    ),
                ),
            ),
        ),
    ],
)
def test_a_rule_and_its_form(rule: str, form: Form) -> None:
    assert form_of(rule) == form
    assert text_of(form) == canonical(rule)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_rule_comes_back_from_its_form(data: st.DataObject) -> None:
    rule = make_rule(Drawn(data))
    assert parse(text_of(form_of(format_rule(rule)))) == rule


def test_a_form_travels_as_json() -> None:
    choice = Seeded(random.Random(2))
    for _ in range(300):
        rule = make_rule(choice)
        form = form_of(format_rule(rule))
        assert msgspec.json.decode(msgspec.json.encode(form), type=Form) == form
        assert parse(text_of(form)) == rule


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Group("and", (Condition(SCORE, HOLDS),)), "A group needs two conditions."),
        (Group("not", ()), "NOT turns around one condition."),
        (Condition(SCORE, "like", ()), "'like' does not compare with 0 values."),
        (Condition(SCORE, "; DROP", ()), "'; DROP' does not compare with 0 values."),
        (Condition(Field(()), HOLDS), "A condition is about a field."),
        (Condition(Signal("eval", ()), HOLDS), "There is no function eval()."),
        (Condition(SCORE, "=", (Value(LiteralKind.NUMBER, "x"),)), "'x' is no number."),
        (Condition(SCORE, "=", (Value(LiteralKind.INTERVAL, "x"),)), "'x' is no interval."),
        (Sql("score >"), "a field, a value or a function"),
    ],
)
def test_what_is_no_form_is_refused(form: Form, message: str) -> None:
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(").replace(")", r"\)")):
        text_of(form)
