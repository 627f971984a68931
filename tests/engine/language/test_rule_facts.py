"""What rules say of strikes, reports and labels: one meaning for an item and for history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language import Environment, check, compile_ruleset, to_duckdb
from engine.language.fact_sql import FACTS
from engine.language.facts import Knowledge, TimedFact, subject_of
from engine.language.measures import total
from engine.language.nodes import FactFeature, FactMeasure
from tests.engine.language.fact_world import EPOCH, US, fact_table
from tests.engine.language.world import ARRIVAL, SCHEMA, Placed, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language import Predicate
    from tests.engine.language.fact_world import Facts

NOW = (ARRIVAL - EPOCH) // US
POLICIES = Environment(policies={"Spam": "p-spam", "Hate": "p-hate"})


@dataclass(frozen=True)
class Known:
    """A fact; times are microseconds from NOW."""

    kind: str
    subject: tuple[str, str]
    begins: int
    ends: int | None = None
    name: str | None = "p-spam"
    amount: float = 1.0

    def holds(self, at: int) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)


def feature_of(text: str) -> FactFeature:
    checked = check(f"({text}) IS NOT NULL", SCHEMA, POLICIES)
    assert checked.predicate, checked.diagnostics
    [feature] = checked.predicate.facts
    return feature


def naive(feature: FactFeature, facts: Sequence[Known], at: int, subject: object) -> object:
    """Every fact looked at."""
    window = feature.window_us
    found = [
        fact
        for fact in facts
        if fact.kind == feature.measure.kind
        and fact.subject == subject
        and fact.holds(at)
        and (not feature.name or fact.name == feature.name)
        and (window is None or at - window < fact.begins)
    ]
    match feature.measure:
        case FactMeasure.LABEL:
            return bool(found)
        case FactMeasure.REPORTS:
            return float(len(found))
        case _:
            units = [round(fact.amount * 1_000_000) for fact in found]
            return total(max(sum(units), 0))


def timed(facts: Sequence[Known]) -> Facts:
    kept: Facts = {}
    for fact in facts:
        ends = None if fact.ends is None else NOW + fact.ends
        known = TimedFact(fact.name, fact.amount, NOW + fact.begins, ends)
        kept.setdefault((fact.kind, fact.subject), []).append(known)
    return kept


def by_duckdb(
    texts: Sequence[str], facts: Sequence[Known], items: Sequence[Placed]
) -> list[tuple[Any, ...]]:
    predicates = [checked(text) for text in texts]
    with duckdb.connect() as connection:
        connection.register("items", table_of(items))
        connection.register(FACTS, fact_table(timed(facts)))
        plan = to_duckdb(predicates, POLICIES, "items")
        shown = ", ".join(plan.expressions)
        return connection.execute(f"SELECT {shown} FROM {plan.source} ORDER BY _seq").fetchall()


def checked(text: str) -> Predicate:
    found = check(text, SCHEMA, POLICIES)
    assert found.predicate, found.diagnostics
    return found.predicate


def by_rows(
    texts: Sequence[str], facts: Sequence[Known], items: Sequence[Placed]
) -> list[tuple[Any, ...]]:
    ruleset = compile_ruleset({text: checked(text) for text in texts}, POLICIES)
    known = Knowledge(timed(facts))
    answers: list[tuple[Any, ...]] = []
    for place, item in enumerate(items):
        at = (item.arrived_at - EPOCH) // US
        counts = [
            known.answer(each, subject_of(each, item.row, ("post", f"i{place}")), at)
            for each in ruleset.facts
        ]
        answers.append(ruleset.evaluate(item.row, counts, item.arrived_at))
    return answers


ANN, BEN = ("user", "ann"), ("user", "ben")
FEATURES = (
    "strikes(creator)",
    "strikes(creator, '5 microseconds')",
    "strikes(creator, '8 microseconds', 'Hate')",
    "reports(creator)",
    "reports(creator, '3 microseconds', 'Spam')",
    "reports(item)",
    "has_label(author, 'trusted')",
    "has_label(item, 'p-spam')",
)
OFFSETS = st.integers(-12, 12)
FACTS_MADE = st.lists(
    st.builds(
        Known,
        kind=st.sampled_from(["strike", "report", "label"]),
        subject=st.sampled_from([ANN, BEN, ("post", "i0"), ("post", "i1"), ("page", "ann")]),
        begins=OFFSETS,
        ends=st.none() | OFFSETS,
        name=st.sampled_from(["p-spam", "p-hate", "trusted", None]),
        amount=st.sampled_from([1.0, 2.0, 0.1, -1.0, 0.3]),
    ),
    max_size=14,
)
AUTHORS = st.sampled_from([ANN, BEN, None])
ITEMS = st.lists(st.tuples(OFFSETS, AUTHORS), min_size=1, max_size=8)


def placed(made: Sequence[tuple[int, tuple[str, str] | None]]) -> list[Placed]:
    return [
        Placed(
            {} if author is None else {"author": {"typeId": author[0], "id": author[1]}},
            ARRIVAL + offset * US,
        )
        for offset, author in made
    ]


@settings(max_examples=60, deadline=None)
@given(facts=FACTS_MADE, made=ITEMS)
def test_both_engines_know_what_looking_at_every_fact_would_tell(
    facts: list[Known], made: list[tuple[int, tuple[str, str] | None]]
) -> None:
    items = placed(made)
    features = [feature_of(text) for text in FEATURES]
    numbers = (0.0, 0.1, 1.0, 2.0)
    texts = [
        f"{text} > {number}" if not text.startswith("has") else f"{text} = ({number} > 0)"
        for text in FEATURES
        for number in numbers
    ]
    expected = []
    for place, (offset, author) in enumerate(made):
        row: list[bool | None] = []
        for feature in features:
            subject = author if feature.subject else ("post", f"i{place}")
            answer = None if subject is None else naive(feature, facts, offset, subject)
            for number in numbers:
                is_label = feature.measure is FactMeasure.LABEL
                row.append(
                    None
                    if answer is None
                    else (answer is (number > 0) if is_label else float(str(answer)) > number)
                )
        expected.append(tuple(row))
    assert by_rows(texts, facts, items) == expected
    assert by_duckdb(texts, facts, items) == expected


def test_a_fact_that_expires_on_the_arrival_is_gone() -> None:
    facts = [Known("strike", ANN, -5, 0), Known("strike", ANN, -5, 1), Known("strike", ANN, 0)]
    items = placed([(0, ANN)])
    texts = ["strikes(creator) = 2"]
    assert by_rows(texts, facts, items) == by_duckdb(texts, facts, items) == [(True,)]


WRONG = [
    ("strikes(text) > 1", "wrong-type"),
    ("strikes(creator, 'soon') > 1", "bad-window"),
    ("strikes(creator, '1 day', 'Spom') > 1", "unknown-policy"),
    ("has_label(creator, text)", "not-a-literal"),
    ("has_label(creator, '')", "not-a-literal"),
    ("has_label(creator)", "wrong-count"),
    ("count_recent(creator, '1 day', strikes(creator) > 1) > 2", "bad-condition"),
    ("strikes(coalesce(creator, author)) > 1", "bad-entity"),
]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_what_is_no_fact_is_refused(text: str, code: str) -> None:
    assert [each.code for each in check(text, SCHEMA, POLICIES).diagnostics] == [code]


def test_a_policy_is_named_by_its_name_or_its_id() -> None:
    by_name = feature_of("strikes(creator, '1 day', 'Spam')")
    assert by_name == feature_of("strikes(creator, '1 day', 'p-spam')")
    assert by_name.name == "p-spam"


def test_a_field_called_item_comes_before_the_item_itself() -> None:
    schema = replace(SCHEMA, fields={**SCHEMA.fields, "item": SCHEMA.fields["author"]})
    found = check("reports(item) > 0", schema, POLICIES).predicate
    assert found is not None
    assert found.facts == (FactFeature(FactMeasure.REPORTS, ("item",)),)
    assert feature_of("reports(item)").subject == ()


def test_the_same_facts_are_asked_once() -> None:
    predicate = checked("strikes(creator) > 2 OR strikes(author) > 1 AND reports(creator) > 1")
    assert len(predicate.facts) == 2
    assert predicate.fields == ("author",)
