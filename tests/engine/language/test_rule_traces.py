"""What is kept of a match says later what it would have said then."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from engine.language.asking import Case, Outcomes
from engine.language.counterfactual import counterfactual
from engine.language.explain import Judged, judge, render, trace
from engine.language.format import format_rule
from engine.language.traces import LOST, MOST_LEAVES, KeptLeaf, restored, shortened, tracer_of
from store.match_traces import MOST_OF_ITEM, MOST_OF_RULE, document, encoded, parsed
from tests.engine.language.fuzz import accepted_rules
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import Seeded
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    Placed,
    fact_answers,
    naive_answers,
    predicate_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language import Predicate

NOTHING_ASKED = Outcomes(())


def kept(predicate: Predicate, item: Placed, counts: Sequence[object] = ()) -> tuple[KeptLeaf, ...]:
    """Through what is stored of it and back."""
    case = Case(item.row, counts, item.arrived_at)
    seen = tracer_of(predicate, BANKS).kept(case, NOTHING_ASKED)
    return parsed(document({"r": encoded(seen)}))["r"]


def restored_of(predicate: Predicate, leaves: Sequence[KeptLeaf]) -> Judged:
    judged = restored(predicate, BANKS, leaves)
    assert judged is not None
    return judged


def told(judged: Judged) -> tuple[str, str, bool | None]:
    change = counterfactual(judged)
    return (
        render(trace(judged)),
        change.sentence() if change else "",
        judged.outcome(judged.tree),
    )


def test_random_rules_are_explained_from_what_was_kept_as_they_were_then() -> None:
    chance = random.Random(20)
    items = make_items(chance, 20)
    for syntax in accepted_rules(Seeded(chance), 150):
        predicate = predicate_of(format_rule(syntax))
        counts = [naive_answers(counter, items) for counter in predicate.counters]
        counts += fact_answers(predicate.facts, items)
        for place, item in enumerate(items):
            mine = [each[place] for each in counts]
            then = judge(predicate, BANKS, item.row, mine, item.arrived_at)
            now = restored_of(predicate, kept(predicate, item, mine))
            assert told(now) == told(then), (predicate.text, item)


ROW = Placed(
    {"text": "free " * 100, "score": 2.5, "created_at": ARRIVAL - timedelta(days=2), "tags": ["a"]}
)


@pytest.mark.parametrize(
    ("rule", "counts", "line"),
    [
        ("count_recent(creator, '1 hour') > 3", (7,), "count_recent(creator, '1 hour') = 7"),
        ("strikes(creator) > 3", (None,), "strikes(creator) = NULL"),
        ("age(created_at) > INTERVAL '1 day'", (), "age(created_at) = INTERVAL '2 days'"),
        ("text LIKE '%free%'", (), f"text = '{('free ' * 100)[:79]}…'"),
        ("any(tags = 'a')", (), "tags = 'a' = [TRUE]"),
    ],
)
def test_values_come_back_as_they_are_shown(
    rule: str, counts: tuple[object, ...], line: str
) -> None:
    predicate = predicate_of(rule)
    assert line in render(trace(restored_of(predicate, kept(predicate, ROW, counts))))


def test_a_long_text_is_kept_as_far_as_it_is_shown() -> None:
    [leaf] = kept(predicate_of("text LIKE '%free%'"), ROW)
    assert leaf.seen == (("free " * 100)[:81],)
    assert shortened([[[["deep"]]]] * 20) == [[[[]]]] * 9
    assert shortened({str(n): n for n in range(20)}) == {str(n): n for n in range(9)}


def test_a_trace_that_is_too_long_keeps_what_the_conditions_came_to() -> None:
    parts = " OR ".join(f"text LIKE '%free%' AND score > {n}" for n in range(MOST_LEAVES))
    predicate = predicate_of(parts)
    [first, *_, last] = kept(predicate, ROW)
    assert (first.outcome, first.seen, last.outcome) == (True, None, False)
    judged = restored_of(predicate, kept(predicate, ROW))
    assert judged.outcome(judged.tree) is True
    assert LOST in render(trace(judged))


def test_of_a_rule_with_very_many_conditions_the_first_keep_their_values() -> None:
    predicate = predicate_of(" OR ".join(f"score > {n}" for n in range(MOST_LEAVES + 5)))
    leaves = tracer_of(predicate, BANKS).kept(Case(ROW.row, (), ARRIVAL), NOTHING_ASKED)
    assert [each.seen is None for each in leaves] == [False] * MOST_LEAVES + [True] * 5


def test_bytes_are_bounded_by_rule_and_by_item() -> None:
    outcomes = [KeptLeaf(None, None)] * MOST_OF_RULE
    assert encoded(outcomes) == b""
    seen = encoded([KeptLeaf(True, ("x" * 6000,))])
    assert len(seen) < MOST_OF_RULE
    whole = document({str(n): seen for n in range(100)})
    assert len(whole) <= MOST_OF_ITEM + 1000
    assert list(parsed(whole)) == [str(n) for n in range(10)]


def test_a_rule_that_means_another_shape_now_is_not_forced_onto_what_was_kept() -> None:
    leaves = kept(predicate_of("score > 1 AND NOT verified"), ROW)
    assert restored(predicate_of("score > 1"), BANKS, leaves) is None
    more = replace(leaves[0], seen=(1.0, 2.0))
    assert restored(predicate_of("score > 1"), BANKS, [more]) is None
