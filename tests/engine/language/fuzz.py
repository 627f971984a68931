"""Random rules over random items, every outcome compared between the row engine and DuckDB.

python -m tests.engine.language.fuzz --seed 1 --outcomes 1000000
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.language.check import check
from engine.language.format import format_rule
from engine.language.parser import parse
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import Choice, Seeded, make_rule
from tests.engine.language.world import (
    BANKS,
    ONE_BY_ONE,
    SCHEMA,
    TOGETHER,
    Placed,
    by_duckdb,
    by_rows,
    predicate_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.language.nodes import Syntax

RULES_A_BATCH = 50
ITEMS_A_BATCH = 400


@dataclass(frozen=True)
class Difference:
    rule: str
    item: Placed
    row: object
    duckdb: object


def compare(rules: Sequence[Syntax], items: Sequence[Placed]) -> Iterator[Difference]:
    """Also that what is formatted reads back, and that rules decided together answer the same."""
    texts = [format_rule(rule) for rule in rules]
    for text, rule in zip(texts, rules, strict=True):
        assert parse(text) == rule, text
    trees = [predicate_of(text).tree for text in texts]
    rows, columns = by_rows(trees, items, TOGETHER), by_duckdb(trees, items)
    assert rows == by_rows(trees, items, ONE_BY_ONE), texts
    for item, left, right in zip(items, rows, columns, strict=True):
        if left != right:
            yield from (
                Difference(text, item, mine, theirs)
                for text, mine, theirs in zip(texts, left, right, strict=True)
                if mine is not theirs
            )


def accepted_rules(choice: Choice, count: int) -> list[Syntax]:
    """The maker writes rules of the right types, but a bare NULL may leave a type open."""
    rules: list[Syntax] = []
    while len(rules) < count:
        rule = make_rule(choice)
        text = format_rule(rule)
        if check(text, SCHEMA, BANKS).predicate:
            rules.append(rule)
        else:
            assert "NULL" in text, text
    return rules


def run(seed: int, outcomes: int) -> tuple[int, list[Difference]]:
    generator = random.Random(seed)
    compared = 0
    found: list[Difference] = []
    while compared < outcomes and len(found) < 10:
        rules = accepted_rules(Seeded(generator), RULES_A_BATCH)
        items = make_items(generator, ITEMS_A_BATCH)
        found += list(compare(rules, items))[:3]
        compared += len(rules) * len(items)
    return compared, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--outcomes", type=int, default=1_000_000)
    given = parser.parse_args()
    started = time.monotonic()
    compared, found = run(given.seed, given.outcomes)
    for each in found:
        sys.stdout.write(f"{each.rule}\n  row {each.row}, duckdb {each.duckdb}: {each.item}\n")
    summary = {
        "seed": given.seed,
        "outcomes": compared,
        "differences": len(found),
        "seconds": round(time.monotonic() - started, 1),
    }
    sys.stdout.write(json.dumps(summary) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
