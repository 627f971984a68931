"""Findings about rules that are right: table by code, and that what is claimed is so on items."""

from __future__ import annotations

import random

import pytest

from engine.language.format import format_rule
from engine.language.implication import always_true, implies, never_true
from engine.language.lint import LINTS, FieldStatistics, lint
from tests.engine.language.fuzz import accepted_rules
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import Seeded
from tests.engine.language.world import BANKS, by_rows, predicate_of, tree_of

STATISTICS = {"score": FieldStatistics(0.1, 0.0, 1.0), "size": FieldStatistics(0.75)}


def codes(rule: str, **others: str) -> list[str]:
    predicates = {name: predicate_of(text) for name, text in others.items()}
    return [each.code for each in lint(predicate_of(rule), BANKS, predicates, STATISTICS)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("score > 0.5 AND text = 'a'", []),
        ("score > 0.7 AND score < 0.3", ["never-true"]),
        ("text = 'a' AND text = 'b'", ["never-true"]),
        ("text = 'a' AND NOT text IN ('a', 'b')", ["never-true"]),
        ("verified AND NOT verified", ["never-true"]),
        ("text IS NULL AND text = 'a'", ["never-true"]),
        ("length(text) < 0", ["never-true"]),
        ("count_recent(creator, '1 hour') < 0", ["never-true"]),
        ("TRUE AND FALSE", ["never-true"]),
        ("NULL AND verified", ["never-true"]),
        ("text = NULL", ["never-true"]),
        ("NOT (text <> NULL)", ["never-true"]),
        ("verified AND score > NULL", ["never-true"]),
        ("(text = NULL) IS NULL AND verified", []),
        ("created_at < TIMESTAMP '2020-01-01' AND created_at > TIMESTAMP '2021-01-01'",
         ["never-true"]),
        ("score > 0.3 OR score < 0.7", ["always-true"]),
        ("verified OR NOT verified", ["always-true"]),
        ("text <> 'a' OR text <> 'b'", ["always-true"]),
        ("length(text) >= 0", ["always-true"]),
        ("verified = TRUE OR verified = FALSE", ["always-true"]),
        ("verified OR (score > 0.7 AND score < 0.3)", ["unreachable"]),
        ("CASE WHEN score > 0.7 AND score < 0.3 THEN verified ELSE __class__ END", ["unreachable"]),
        ("matches(text, 'empty')", ["empty-bank"]),
        ("language(text) = 'en' AND verified", ["costly-first"]),
        ("verified AND language(text) = 'en'", []),
        ("matches(text, 'scam') AND verified", []),
        ("score > 7", ["out-of-range"]),
        ("score BETWEEN 0 AND 1", ["out-of-range"]),
        ("size > 7", ["mostly-null"]),
    ],
)  # fmt: skip
def test_findings(rule: str, expected: list[str]) -> None:
    assert codes(rule) == expected


@pytest.mark.parametrize(
    ("rule", "other", "expected"),
    [
        ("score > 0.5 AND verified", "verified AND score > 0.5", ["duplicate"]),
        ("NOT (verified OR score > 0.5)", "score <= 0.5 AND NOT verified", ["duplicate"]),
        ("score > 0.5 AND verified", "score > 0.3", ["subsumed"]),
        ("text = 'a'", "text IN ('a', 'b') OR verified", ["subsumed"]),
        ("score > 0.3", "score > 0.5 AND verified", []),
        ("score > 0.3", "size > 0.3", []),
        ("matches(text, 'scam')", "matches(text, 'scam', 'word')", []),
    ],
)
def test_rules_beside_each_other(rule: str, other: str, expected: list[str]) -> None:
    predicates = {"other": predicate_of(other)}
    assert [each.code for each in lint(predicate_of(rule), BANKS, predicates)] == expected


def test_a_finding_has_its_place_in_the_canonical_text() -> None:
    [finding] = lint(predicate_of("verified or (score>2 and score<1)"), BANKS)
    assert (finding.line, finding.column, finding.length) == (1, 13, 23)
    assert finding.message == "score > 2 AND score < 1 can never be TRUE."


def test_every_code_is_documented() -> None:
    rules = ["score > 2 AND score < 1", "verified OR NOT verified", "matches(text, 'empty')"]
    assert {code for rule in rules for code in codes(rule)} <= set(LINTS)


def test_what_is_claimed_of_random_rules_is_so() -> None:
    generator = random.Random(8)
    items = make_items(generator, 300)
    trees = [
        predicate.tree
        for rule in accepted_rules(Seeded(generator), 150)
        if not (predicate := predicate_of(format_rule(rule))).counters
    ]
    answers = list(zip(*by_rows(trees, items), strict=True))
    for tree, given in zip(trees, answers, strict=True):
        assert not (never_true(tree) and True in given)
        assert not (always_true(tree) and False in given)
    pairs = ((a, b) for a in range(len(trees)) for b in range(len(trees)))
    for first, second in pairs:
        if implies(trees[first], trees[second]):
            both = zip(answers[first], answers[second], strict=True)
            assert all(b is True for a, b in both if a is True)


@pytest.mark.parametrize(
    ("first", "second"),
    [("score > 2", "score >= 2"), ("score = 2", "score > 1"), ("score IN (1, 2)", "score < 3"),
     ("score BETWEEN 1 AND 2", "score <> 3"), ("text = 'a'", "text <> 'b'")],
)  # fmt: skip
def test_one_implies_the_other_and_not_the_reverse(first: str, second: str) -> None:
    assert implies(tree_of(first), tree_of(second))
    assert not implies(tree_of(second), tree_of(first))
