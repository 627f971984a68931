"""Rules a policy team wrote with the reference page at hand: each hits, misses and explains itself.

Every one of them is checked, written as a form and back, answered by the row engine and by DuckDB
over the same stream, explained, and explained again from what is kept of a match.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from engine.language import check
from engine.language.asking import Case, Outcomes
from engine.language.check import canonical
from engine.language.counterfactual import counterfactual
from engine.language.explain import judge, render, trace
from engine.language.form import form_of, text_of
from engine.language.lint import lint
from engine.language.traces import restored, tracer_of
from engine.language.types import TEXT, Schema
from tests.engine.language.world import (
    ARRIVAL,
    BANKS,
    SCHEMA,
    Placed,
    by_duckdb,
    by_rows,
    fact_answers,
    naive_answers,
    predicate_of,
    tree_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Story:
    """items: a row each, a minute apart unless `minutes` says when. expected: an answer each."""

    rule: str
    items: Sequence[Mapping[str, object]]
    expected: Sequence[bool | None]
    minutes: Sequence[float] = ()

    def placed(self) -> list[Placed]:
        times = self.minutes or range(len(self.items))
        return [
            Placed(row, ARRIVAL + timedelta(minutes=minute))
            for row, minute in zip(self.items, times, strict=True)
        ]


def by(name: str, **row: object) -> dict[str, object]:
    return {"author": {"id": name, "typeId": "user"}, **row}


def joined(days: float) -> datetime:
    return ARRIVAL - timedelta(days=days)


GIVEAWAY = "We give away ten phones today, just open the link in my profile and leave your name!"
CARD = "4111 1111 1111 1111"
STORIES = {
    "newcomers who give their address away": Story(
        "len(emails(text)) + len(phone_numbers(text)) > 0 "
        "AND age(creator.joined) < INTERVAL '3 days'",
        [
            {"text": "write to ann@mail.example.org", "_creator": {"joined": joined(1)}},
            {"text": "call +1 202 555 0143", "_creator": {"joined": joined(30)}},
            {"text": "nothing here", "_creator": {"joined": joined(1)}},
            {"text": "write to ann@mail.example.org"},
        ],
        [True, False, False, None],
    ),
    "card numbers, but of those who are trusted": Story(
        "len(card_numbers(text)) > 0 AND NOT has_label(creator, 'trusted')",
        [by("nobody", text=f"mine is {CARD}"), by("nobody", text="mine is 4111 1111 1111 1112")],
        [True, False],
    ),
    "one message from many hands": Story(
        "distinct_recent(near_duplicate_key(text), creator, '10 minutes') >= 3",
        [
            by("a", text=GIVEAWAY),
            by("a", text=GIVEAWAY.upper()),
            by("b", text=GIVEAWAY),
            by("c", text=f"{GIVEAWAY} 12345"),
            by("d", text="something else altogether"),
        ],
        [False, False, False, True, False],
    ),
    "shouting in a language we moderate": Story(
        "caps_ratio(text) > 0.7 AND word_count(text) >= 3 AND language(text) IN ('en', 'de')",
        [
            {"text": "THIS IS WHAT WE HAVE ALWAYS WANTED TO TELL ALL OF YOU PEOPLE"},
            {"text": "This is what we have always wanted to tell all of you people"},
            {"text": "NO"},
        ],
        [True, False, False],
    ),
    "a small program among the attachments": Story(
        "any(ends_with(lower(pages.link), '.exe') AND pages.size < 1000)",
        [
            {"pages": [{"link": "http://a.example/A.EXE", "size": 10.0, "tags": []}]},
            {"pages": [{"link": "http://a.example/a.exe", "size": 5000.0, "tags": []}]},
            {"pages": []},
            {},
        ],
        [True, False, False, None],
    ),
    "nothing but promotion": Story(
        "all(starts_with(tags, 'promo')) AND len(tags) > 1",
        [{"tags": ["promo", "promo-2"]}, {"tags": ["promo", "cats"]}, {"tags": ["promo"]}, {}],
        [True, False, False, None],
    ),
    "calling out to everybody, again and again": Story(
        "len(mentions(text)) > 4 OR avg_recent(creator, len(mentions(text)), '1 hour') > 2",
        [
            by("a", text="@b @c"),
            by("a", text="@b @c @d @e"),
            by("b", text="@a @b @c @d @e"),
            by("b", text="hello"),
        ],
        [False, True, True, True],
    ),
    "a big seller in a small room": Story(
        "max_recent(creator, score, '1 day', score < 100) > 50 "
        "AND coalesce(thread.members, 0) < 10",
        [
            by("a", score=60.0, _thread={"members": 3.0}),
            by("a", score=1.0, _thread={"members": 300.0}),
            by("a", score=1.0),
            by("b", score=500.0),
        ],
        [True, False, True, None],
    ),
    "a disguised word in somebody's first post": Story(
        "matches_variant(text, 'scam') AND first_seen(creator) = arrived_at()",
        [by("a", text="get it f.r.e.e"), by("a", text="get it fr33"), by("b", text="hello")],
        [True, False, False],
    ),
    "faster than anybody types": Story(
        "rate_limited(creator, 2, '1 minute') OR strikes(creator, '30 days') > 100",
        [by("zoe", text="a")] * 4,
        [False, False, True, False],
        minutes=(0, 0.1, 0.2, 5),
    ),
    "nearly the campaign that we know": Story(
        f"near_duplicate_of(text, '{GIVEAWAY}')",
        [
            {"text": GIVEAWAY.replace("ten", "eleven")},
            {"text": "We meet in the park today, open to everybody"},
        ],
        [True, False],
    ),
    "thresholds that depend on who it is": Story(
        "CASE WHEN verified THEN score > 90 WHEN size IS NULL THEN NULL ELSE score > 10 END",
        [
            {"verified": True, "score": 50.0},
            {"verified": False, "size": 1.0, "score": 50.0},
            {"verified": False, "score": 50.0},
        ],
        [False, True, None],
    ),
    "a model's weight that nobody has cleared": Story(
        "weights['spam'] > 0.9 AND NOT list_contains(map_keys(labels), 'cleared')",
        [
            {"weights": {"spam": 0.95}, "labels": {"seen": "x"}},
            {"weights": {"spam": 0.95}, "labels": {"cleared": "x"}},
            {"weights": {"ham": 0.95}, "labels": {}},
        ],
        [True, False, None],
    ),
}


@pytest.fixture(params=STORIES, ids=str)
def story(request: pytest.FixtureRequest) -> Story:
    return STORIES[request.param]


def test_both_engines_answer_as_the_policy_team_meant(story: Story) -> None:
    tree, items = tree_of(story.rule), story.placed()
    live = [answer for (answer,) in by_rows([tree], items)]
    assert live == list(story.expected)
    assert [answer for (answer,) in by_duckdb([tree], items)] == live


def test_the_form_gives_the_same_rule_back(story: Story) -> None:
    text = predicate_of(story.rule).text
    assert canonical(text_of(form_of(text))) == text


def test_every_answer_is_explained_and_a_match_for_ever(story: Story) -> None:
    predicate, items = predicate_of(story.rule), story.placed()
    counts = [naive_answers(counter, items) for counter in predicate.counters]
    counts += fact_answers(predicate.facts, items)
    tracer = tracer_of(predicate, BANKS)
    for place, (item, expected) in enumerate(zip(items, story.expected, strict=True)):
        mine = [each[place] for each in counts]
        judged = judge(predicate, BANKS, item.row, mine, item.arrived_at)
        assert judged.outcome(judged.tree) is expected
        assert counterfactual(judged) is not None
        kept = tracer.kept(Case(item.row, mine, item.arrived_at), Outcomes(()))
        again = restored(predicate, BANKS, kept)
        assert again is not None
        assert render(trace(again)) == render(trace(judged))


SLIPS = [
    ('text = "free"', "A text stands in single quotes: 'free'."),
    ("has_label(creator, shop)", "A text stands in single quotes: 'shop'."),
    ("strikes > 3", "It is a function: write strikes(...)."),
    ("emails(text) > 0", "Write len(list) for how many elements it has"),
    ("count(mentions(text)) > 3", "For how many elements there are, write len(list)."),
    ("near_duplicate_of(text, 'win a phone') > 0.6", "needs no comparison: write it alone"),
    ("age(creator.joined) < '3 days'", "Write INTERVAL '3 days'"),
    ("creator.joined > now()", "Use age(field), or arrived_at()"),
    ("creator.age_days < 7", "A creator has id, typeId, bio, karma, joined"),
    ("count_recent(creator, 1 hour) > 3", "single quotes"),
    ("tags = 'promo'", "any(condition)"),
    ("regexp_matches(text, '(?=a)b')", "no look-around"),
    ("score > 3 && verified", "Join conditions with AND"),
    ("score ^ 2 > 4", "Multiply"),
    ("isnull(text)", "IS NULL"),
    ("if(verified, score > 1, score > 2)", "CASE WHEN"),
    ("sum(score) > 3", "sum_recent"),
    ("avg(score) > 3", "avg_recent"),
    ("min(score, 3) > 2", "least(a, b)"),
    ("max(score, 3) > 2", "greatest(a, b)"),
    ("power(score, 2) > 2", "Multiply"),
    ("strpos(text, 'a') > 0", "contains(text, part)"),
    ("datediff('day', created_at, seen_at) > 3", "later - earlier"),
    ("ifnull(score, 0) > 3", "coalesce(value, instead)"),
    ("text = ‘free’", "Quotes are straight"),
    ("age(created_at) < INTERVAL '-1 hour'", "arrived_at() + INTERVAL '1 hour'"),
]


@pytest.mark.parametrize(("rule", "hint"), SLIPS)
def test_a_slip_is_told_with_what_to_write_instead(rule: str, hint: str) -> None:
    [found] = check(rule, SCHEMA, BANKS).diagnostics
    assert hint in found.hint


@pytest.mark.parametrize(
    ("rule", "role"), [("thread.topic = 'a'", "thread"), ("creator.bio = 'a'", "author")]
)
def test_an_author_or_thread_that_the_item_type_does_not_name_is_told(rule: str, role: str) -> None:
    [found] = check(rule, Schema("post", {"text": TEXT}), BANKS).diagnostics
    assert found.hint == f"This item type says of no field that it is the {role}."


def test_what_compares_with_null_is_told_what_to_write() -> None:
    [finding] = lint(predicate_of("text = NULL"), BANKS)
    assert "IS NULL" in finding.hint
