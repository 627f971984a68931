"""Rules made to cost: a mistake is told in under a tenth of a second, whatever it is."""

from __future__ import annotations

import time

import pytest

from engine.language.check import check
from engine.language.ruleset import compile_ruleset
from tests.engine.language.world import ARRIVAL, BANKS, SCHEMA

MISTAKEN = {
    "long": "verified AND " * 8_000 + "verified",
    "unknown fields": " AND ".join(f"nope{n} = 1" for n in range(1_200)),
    "unknown functions": " AND ".join(f"lenght{n}(text) = 1" for n in range(800)),
    "unknown fields of authors": " AND ".join(f"creator.karm{n} = 1" for n in range(900)),
    "unknown elements": " AND ".join(f"any(pages.siz{n} = 1)" for n in range(800)),
    "elements of nothing": " AND ".join(["any(verified)"] * 1_000),
    "nested elements": "any(" * 3_000 + "tags" + ")" * 3_000,
    "nested elements, shallower": "any(tags, " * 40 + "tags = 'a'" + ")" * 40,
    "elements of many lists": f"any({' OR '.join(['tags = scores OR labels = text'] * 400)})",
    "dotted calls": "a" + ".a" * 4_000 + "(text)",
    "dotted calls in each other": "a.b(" * 3_000,
    "a long pattern": f"regexp_matches(text, '{'(a*)*' * 3_000}')",
    "a deep pattern": f"regexp_matches(text, '{'(' * 5_000}a{')' * 5_000}')",
    "a pattern repeated": "regexp_matches(text, '((a{100}){100}){100}')",
}
REPEATED = {
    "large patterns": "regexp_matches(text, '\\pL{{{}}}')",
    "refused patterns": "regexp_matches(text, '(\\pL{{{}}}){{900}}')",
    "extracted patterns": "regexp_extract(text, '\\PL{{{}}}') = ''",
}


def seconds_to_check(text: str) -> float:
    started = time.process_time()
    assert check(text, SCHEMA, BANKS).predicate is None
    return time.process_time() - started


@pytest.mark.parametrize("text", MISTAKEN.values(), ids=MISTAKEN.keys())
def test_a_mistake_in_a_hostile_rule_is_told_at_once(text: str) -> None:
    assert min(seconds_to_check(text) for _ in range(3)) < 0.1


@pytest.mark.parametrize("condition", REPEATED.values(), ids=REPEATED.keys())
def test_patterns_that_are_too_large_together_are_refused_at_once(condition: str) -> None:
    """Each time others, as what was tried once is remembered."""
    starts = (20, 330, 640)
    texts = [" OR ".join(condition.format(start + n) for n in range(300)) for start in starts]
    assert min(map(seconds_to_check, texts)) < 0.2


def test_what_is_told_of_large_patterns_is_told_once() -> None:
    text = " OR ".join(f"regexp_matches(text, '\\pL{{{n}}}')" for n in range(20, 200))
    codes = [each.code for each in check(text, SCHEMA, BANKS).diagnostics]
    assert codes == ["too-large"]


@pytest.mark.parametrize(
    "pattern", ["(a*)*" * 200, "(a|a)*" * 150 + "b", "(.*)" * 200 + "z", "(a?){60}a{60}"]
)
def test_a_pattern_made_to_explode_takes_its_time_by_the_text(pattern: str) -> None:
    predicate = check(f"regexp_matches(text, '{pattern}')", SCHEMA, BANKS).predicate
    assert predicate is not None
    ruleset = compile_ruleset({"r": predicate}, BANKS)
    started = time.process_time()
    ruleset.evaluate({"text": "a" * 1_000}, (), ARRIVAL)
    assert time.process_time() - started < 1
