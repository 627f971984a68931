from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.backtest.digest import Inputs, content_name, digest
from engine.backtest.spec import Period, Spec

INPUTS = Inputs(
    spec=Spec("likes > 5"),
    schema={"likes": "NUMBER", "text": "TEXT"},
    banks={"scams": "aa"},
    sources={"items/t-post": "3"},
    engines={"duckdb": "2.0.0"},
    code="cc",
)


def test_the_digest_does_not_depend_on_the_order_of_names() -> None:
    turned = replace(INPUTS, schema={"text": "TEXT", "likes": "NUMBER"})
    assert digest(turned) == digest(INPUTS)
    assert len(digest(INPUTS)) == 64


@pytest.mark.parametrize(
    "other",
    [
        replace(INPUTS, spec=Spec("likes > 6")),
        replace(INPUTS, spec=Spec("likes > 5", period=Period(datetime(2026, 1, 1, tzinfo=UTC)))),
        replace(INPUTS, schema={"likes": "TEXT", "text": "TEXT"}),
        replace(INPUTS, banks={"scams": "bb"}),
        replace(INPUTS, sources={"items/t-post": "4"}),
        replace(INPUTS, engines={"duckdb": "2.0.1"}),
        replace(INPUTS, code="dd"),
    ],
)
def test_every_input_changes_the_digest(other: Inputs) -> None:
    assert digest(other) != digest(INPUTS)


def test_content_has_a_name_of_its_own() -> None:
    assert content_name(["a", 1]) == content_name(["a", 1])
    assert content_name(["a", 1]) != content_name([1, "a"])
