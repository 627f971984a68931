"""Rules decided together: the same answers as one by one, and little done in vain."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from engine.language.clauses import INDEXED, OPEN, clauses_of, is_open
from engine.language.cuts import comparison_of, turns
from engine.language.ruleset import compile_values, counters_of
from engine.text import Automaton
from tests.engine.language.item_maker import make_items
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    ONE_BY_ONE,
    TOGETHER,
    Placed,
    by_rows,
    predicate_of,
    tree_of,
)

if TYPE_CHECKING:
    from engine.language.nodes import Node

RULES = (
    "score > 1",
    "score <= 1 AND size >= -0.0",
    "NOT (score = 2.5 OR size <> 0)",
    "score BETWEEN -1 AND 3 AND NOT verified",
    "size NOT BETWEEN 3 AND -1 OR text = 'a'",
    "score IN (1, 2, 2.5) OR size NOT IN (0, 7)",
    "5e-324 <= score AND 1.7976931348623157e308 >= size",
    "text IN ('a', 'free') AND other <> 'b'",
    "NOT (text = 'free' AND link IN ('', ' '))",
    "verified = TRUE OR __class__ <> FALSE",
    "text IS NULL OR length(text) > 3",
    "age(created_at) < INTERVAL '7 days' AND created_at > TIMESTAMP '1970-01-01'",
    "seen_at <= TIMESTAMP '9999-12-31 23:59:59.999999'",
    "matches(text, 'scam') AND score > 1",
    "matches(text, 'scam') OR score > 1 OR NOT verified",
    "(score > 1 AND size > 1) OR (text = 'a' AND verified) OR (other = 'b' AND size < 3)",
    "score / size > 1 AND text <> ''",
    "count_recent(creator, '1 hour') > 1 AND score < 2",
    "TRUE AND NULL",
    *(f"text LIKE '%{word}%'" for word in ("a", "b", "free", "on", "mon", "ee")),
    "NOT (text LIKE '%a%' OR text LIKE '%fr%') AND score > -5",
)


def test_together_and_one_by_one_answer_the_same() -> None:
    trees = [predicate_of(rule).tree for rule in RULES]
    items = [*make_items(random.Random(3), 300), Placed({})]
    assert by_rows(trees, items, TOGETHER) == by_rows(trees, items, ONE_BY_ONE)


def test_thousands_of_rules_answer_in_their_order() -> None:
    trees = [predicate_of(f"score > {place} AND text <> 'x{place}'").tree for place in range(2_100)]
    [known, unknown] = by_rows(trees, [Placed({"score": 1_050.5, "text": "x7"}), Placed({})])
    assert [place for place, each in enumerate(known) if each] == [
        place for place in range(1_051) if place != 7
    ]
    assert unknown == (None,) * 2_100


@pytest.mark.parametrize("number", [-1.0, 0.0, -0.0, 0.5, 1.0, 1.0000000000000002, 2.0, 1e300])
@pytest.mark.parametrize(
    "rule", ["score < 1", "1 < score", "score <= 1", "score >= 1", "score = 1", "score <> 1",
             "score BETWEEN 0 AND 1", "score IN (0, 1, 1)", "0 >= score"]
)  # fmt: skip
def test_a_comparison_turns_where_its_truth_does(rule: str, number: float) -> None:
    comparison = comparison_of(tree_of(rule))
    assert comparison is not None
    holds, cuts = turns(comparison)
    turned = sum(number >= cut for cut in cuts) % 2 == 1
    [(expected,)] = by_rows([tree_of(rule)], [Placed({"score": number})], ONE_BY_ONE)
    assert (holds is not turned) == expected


def fits(_node: Node) -> bool:
    return True


@pytest.mark.parametrize(
    ("rule", "sizes"),
    [
        ("score > 1", [1]),
        ("score > 1 AND size > 1 AND verified", [1, 1, 1]),
        ("score > 1 OR size > 1", [2]),
        ("NOT (score > 1 OR size > 1)", [1, 1]),
        ("verified OR (score > 1 AND size > 1)", [2, 2]),
        ("NOT (verified AND NOT (score > 1 AND size > 1))", [2, 2]),
        ("score > 1 AND score > 1", [1]),
    ],
)
def test_a_rule_becomes_clauses(rule: str, sizes: list[int]) -> None:
    assert [len(clause) for clause in clauses_of(tree_of(rule), fits)] == sizes


def test_what_would_grow_too_large_is_left_open() -> None:
    pairs = " OR ".join(f"(score > {n} AND size > {n})" for n in range(8))
    assert clauses_of(tree_of(pairs), fits) == ((OPEN,),)
    long = clauses_of(tree_of(" AND ".join(f"score > {n}" for n in range(20))), fits)
    assert len(long) == INDEXED.clauses
    assert is_open(long)


def test_a_bank_is_asked_only_for_rules_that_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = [tree_of(f"matches(text, 'scam') AND score > {n}") for n in range(60)]
    evaluate, _ = compile_values(trees, counters_of(trees), BANKS)
    assert evaluate({"text": "free", "score": 1.5}, (), ARRIVAL) == (True, True, *[False] * 58)
    monkeypatch.setattr(Automaton, "hits", None)
    assert evaluate({"text": "free", "score": 0.0}, (), ARRIVAL) == (False,) * 60
