from __future__ import annotations

import random

import pytest

from engine.language import Environment, Ruleset, check, compile_ruleset
from engine.text import Automaton
from tests.engine.language.item_maker import make_items
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    SCHEMA,
    by_duckdb,
    by_rows,
    predicate_of,
)


def ruleset_of(*rules: str) -> Ruleset:
    return compile_ruleset({rule: predicate_of(rule) for rule in rules}, BANKS)


def outcomes(ruleset: Ruleset, row: dict[str, object]) -> tuple[bool | None, ...]:
    return ruleset.evaluate(row, [None] * len(ruleset.counters), ARRIVAL)


def test_rules_answer_in_the_order_they_were_given() -> None:
    ruleset = ruleset_of("score > 1", "score > 2", "score > 3")
    assert ruleset.rule_ids == ("score > 1", "score > 2", "score > 3")
    assert outcomes(ruleset, {"score": 2.5}) == (True, True, False)


def test_no_rules_answer_nothing() -> None:
    assert outcomes(compile_ruleset({}, Environment()), {}) == ()


def test_a_field_is_read_once_however_many_rules_use_it() -> None:
    source = ruleset_of("score > 1", "score > 2 AND size < 1", "score + size > 3").source
    assert source.count("row.get('score')") == 1


def test_what_rules_share_is_computed_once() -> None:
    source = ruleset_of(
        "lower(text) = 'a' AND length(text) > 1",
        "starts_with(lower(text), 'b') OR length(text) > 1",
        "regexp_matches(lower(text), 'c')",
    ).source
    assert source.count("    s0 = (None if") == 1
    assert source.count("(s1 if s1 is not ... else (s1 := ") > 1


@pytest.mark.parametrize("text", ["a word and another", "nothing", "wordword3 7", ""])
def test_many_fixed_texts_are_looked_for_in_one_pass(text: str) -> None:
    words = ["a", "word", "d3", "wordword", " 7", "zzz", "an", "and", "'", "ß", "it"]
    rules = [f"text LIKE '%{word.replace(chr(39), chr(39) * 2)}%'" for word in words]
    ruleset = ruleset_of(*rules, "NOT contains(text, 'another')")
    expected = tuple(word in text for word in words)
    assert outcomes(ruleset, {"text": text}) == (*expected, "another" not in text)
    assert outcomes(ruleset, {}) == (None,) * 12
    assert " in f" not in ruleset.source


def test_one_pass_over_a_text_answers_for_all_banks(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[str] = []
    look = Automaton.hits

    def counted(automaton: Automaton, text: str) -> frozenset[int]:
        passes.append(text)
        return look(automaton, text)

    monkeypatch.setattr(Automaton, "hits", counted)
    ruleset = ruleset_of(
        "matches(text, 'scam')",
        "matches(text, 'it''s') AND score > 1",
        "matches(text, 'scam', 'substring') OR matches(tags, 'scam')",
    )
    row: dict[str, object] = {"text": "money", "tags": ["free", None], "score": 2.0}
    assert outcomes(ruleset, row) == (True, False, True)
    assert passes.count("money") == 1


def test_a_bank_is_not_asked_where_a_cheaper_condition_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ruleset = ruleset_of("matches(text, 'scam') AND score > 1")
    monkeypatch.setattr(Automaton, "hits", None)
    assert outcomes(ruleset, {"text": "free", "score": 0.0}) == (False,)


def test_counts_are_taken_in_the_order_of_the_counters() -> None:
    ruleset = ruleset_of(
        "count_recent(creator, '1 hour') > 5",
        "count_recent(creator, '1 day') > 5 OR count_recent(creator, '1 hour') > 7",
    )
    assert [each.window_us // 3_600_000_000 for each in ruleset.counters] == [1, 24]
    assert ruleset.evaluate({}, [6, 2], ARRIVAL) == (True, False)
    assert ruleset.evaluate({}, [None, 6], ARRIVAL) == (None, True)


@pytest.mark.parametrize(
    "layer",
    [
        "({0} + 1)",
        "abs({0} * size)",
        "CASE WHEN {0} > 1 THEN size ELSE score END",
        "coalesce(least({0}, size), score / {0})",
        "length(CASE WHEN NOT ({0} BETWEEN 1 AND size AND verified) THEN text ELSE other END)",
    ],
)
def test_the_deepest_rule_compiles_and_means_the_same(layer: str) -> None:
    deep, deeper = "score", layer.replace("{0}", "score")
    while len(deeper) < 8_000 and check(f"{deeper} > 0", SCHEMA, BANKS).predicate:
        deep, deeper = deeper, layer.replace("{0}", deeper)
    trees = [predicate_of(f"{deep} > 0").tree]
    items = make_items(random.Random(1), 20)
    assert by_rows(trees, items) == by_duckdb(trees, items)


def test_a_thousand_rules_compile() -> None:
    rules = [f"score > {place} AND text LIKE '%word{place}%'" for place in range(1_000)]
    ruleset = ruleset_of(*rules)
    found = outcomes(ruleset, {"score": 500.5, "text": "word7 word600"})
    assert [place for place, each in enumerate(found) if each] == [6, 7, 60]
