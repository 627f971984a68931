"""Every row that the compatibility page ticks is proved by tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "coop-compatibility.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| (✓|-) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = {int(number): (tick, proof) for number, _, tick, proof in ROW.findall(PAGE)}
ASKED = (*range(1, 52), *range(86, 98), *range(139, 146))


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_every_row_of_the_checklist_is_there_once() -> None:
    assert tuple(sorted(ROWS)) == ASKED
    assert len(ROW.findall(PAGE)) == len(ASKED)


@pytest.mark.parametrize("number", ASKED)
def test_a_ticked_row_names_tests_that_exist(number: int) -> None:
    tick, proof = ROWS[number]
    named = NAMED.findall(proof)
    assert named or tick == "-", f"row {number} is ticked without a test"
    missing = [f"{path}::{test}" for path, test in named if test not in names_in(path)]
    assert not missing
