"""What an explanation says, and that what it proposes would indeed have turned the answer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from engine.language.counterfactual import counterfactual
from engine.language.explain import Found, Judged, found, judge, render, trace
from engine.language.format import format_rule
from tests.engine.language.fuzz import accepted_rules
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import Seeded
from tests.engine.language.world import ARRIVAL, BANKS, by_rows, predicate_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW: Mapping[str, object] = {
    "text": "free money now",
    "score": 3.0,
    "verified": False,
    "tags": ["x", "free"],
    "created_at": ARRIVAL,
}


def judged(
    rule: str, row: Mapping[str, object] = ROW, counts: tuple[int | None, ...] = ()
) -> Judged:
    return judge(predicate_of(rule), BANKS, row, counts, ARRIVAL)


def sentence(
    rule: str, row: Mapping[str, object] = ROW, counts: tuple[int | None, ...] = ()
) -> str:
    change = counterfactual(judged(rule, row, counts))
    return change.sentence() if change else ""


def test_every_condition_is_a_line_with_what_it_saw() -> None:
    rule = (
        "(matches(text, 'scam') OR verified) AND NOT (score > 7 OR size IS NOT NULL) "
        "AND length(other) NOT IN (1, 2)"
    )
    assert render(trace(judged(rule))).splitlines() == [
        "unknown AND",
        "TRUE      OR",
        "TRUE        matches(text, 'scam')   -- text = 'free money now'",
        "FALSE       verified",
        "TRUE      NOT",
        "FALSE       OR",
        "FALSE         score > 7   -- score = 3",
        "FALSE         size IS NOT NULL   -- size = NULL",
        "unknown   length(other) NOT IN (1, 2)   -- length(other) = NULL, other = NULL",
    ]


def test_a_condition_on_elements_says_what_it_found_of_each() -> None:
    rule = "any(tags LIKE 'f%') AND count(tags = text) >= 1 AND any(creator.badges = 'new')"
    row = {**ROW, "_creator": {"badges": [None, "new"]}}
    assert render(trace(judged(rule, row))).splitlines() == [
        "FALSE   AND",
        "TRUE      any(tags LIKE 'f%')   -- tags = ['x', 'free'], tags LIKE 'f%' = [FALSE, TRUE]",
        (
            "FALSE     count(tags = text) >= 1   -- count(tags = text) = 0, tags = text = "
            "[FALSE, FALSE], tags = ['x', 'free'], text = 'free money now'"
        ),
        (
            "TRUE      any(creator.badges = 'new')   -- creator.badges = [NULL, 'new'], "
            "creator.badges = 'new' = [NULL, TRUE]"
        ),
    ]
    assert sentence(rule, row) == "It would have matched if `count(tags = text)` were 1 or more."


def test_what_a_bank_found_in_elements_is_told_with_its_place() -> None:
    pages = [{"link": "about", "size": 2.0}, None, {"link": "free stuff", "size": 9.0}]
    rule = "any(tags, matches(tags, 'scam')) OR any(pages.size > 5 AND matches(pages.link, 'scam'))"
    assert found(judged(rule, {**ROW, "pages": pages}), BANKS) == (
        Found("tags", 1, "scam", "free", 0, 4),
        Found("pages.link", 2, "scam", "free", 0, 4),
    )


def test_times_lengths_and_counts_are_written_as_a_rule_would() -> None:
    rule = "age(created_at) < INTERVAL '1 day' AND count_recent(creator, '1 hour') > 5"
    seen = "age(created_at) = INTERVAL '0 seconds', created_at = TIMESTAMP '2026-03-01 09:30:00'"
    assert render(trace(judged(rule, ROW, (7,)))).splitlines()[1:] == [
        f"TRUE      age(created_at) < INTERVAL '1 day'   -- {seen}",
        "TRUE      count_recent(creator, '1 hour') > 5   -- count_recent(creator, '1 hour') = 7",
    ]


def test_what_banks_found_has_its_place_in_the_original() -> None:
    rule = "matches(text, 'scam') AND (matches(tags, 'scam') OR matches(other, 'scam'))"
    assert found(judged(rule), BANKS) == (
        Found("text", None, "scam", "free", 0, 4),
        Found("text", None, "scam", "mon", 5, 8),
        Found("tags", 1, "scam", "free", 0, 4),
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("score < 7", "It would not have matched if `score` were 7 or more."),
        ("score > 7", "It would have matched if `score` were more than 7."),
        ("7 <= score", "It would have matched if `score` were 7 or more."),
        ("score BETWEEN 1 AND 4", "It would not have matched if `score` were not between 1 and 4."),
        ("text IN ('a', 'b')", "It would have matched if `text` were one of 'a', 'b'."),
        ("text NOT IN ('a')", "It would not have matched if `text` were one of 'a'."),
        ("text <> 'a'", "It would not have matched if `text` were 'a'."),
        ("NOT verified", "It would not have matched if `verified` were TRUE."),
        ("size > 1", "It would have matched if `size` were more than 1."),
        ("size IS NULL", "It would not have matched if `size` were known."),
        (
            "created_at < TIMESTAMP '2020-01-01'",
            "It would have matched if `created_at` were before TIMESTAMP '2020-01-01 00:00:00'.",
        ),
        (
            "matches(text, 'scam')",
            "It would not have matched if `text` matched no entry of the bank 'scam'.",
        ),
        (
            "score < 2 AND verified",
            "It would have matched if `score` were less than 2 and `verified` were TRUE.",
        ),
        ("score > 100 OR score > 4", "It would have matched if `score` were more than 4."),
        ("score < 2 AND verified AND text = 'a'", ""),
    ],
)
def test_the_smallest_change_is_worded_for_people(rule: str, expected: str) -> None:
    assert sentence(rule) == expected


def test_random_rules_are_explained_with_the_answer_they_gave() -> None:
    generator = random.Random(5)
    items = make_items(generator, 10)
    for rule in accepted_rules(Seeded(generator), 60):
        predicate = predicate_of(format_rule(rule))
        if predicate.counters or predicate.facts:
            continue
        for item in items:
            explained = judge(predicate, BANKS, item.row, (), item.arrived_at)
            [(answer,)] = by_rows([predicate.tree], [item])
            assert trace(explained).outcome is answer
            change = counterfactual(explained)
            assert change is None or change.matched is (answer is True)
            assert change is None or 1 <= len(change.changes) <= 2
