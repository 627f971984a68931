"""Real texts: mingled evenly, with rules learned from their labels."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from engine.simulation.blueprint import blueprint
from engine.simulation.recorded import (
    RECORDED,
    Recording,
    spread,
    where_of,
    with_recordings,
    written,
)
from engine.simulation.telling_words import telling_words, words_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rows(dataset: str, count: int) -> list[Recording]:
    return [Recording(f"{dataset}:{number}", "text", dataset) for number in range(count)]


@given(st.lists(st.integers(0, 40), max_size=4), st.integers(0, 120))
def test_spreading_takes_as_many_as_asked_for_and_none_twice(sizes: list[int], most: int) -> None:
    datasets = [rows(f"set{number}", size) for number, size in enumerate(sizes)]
    taken = [row.record_id for row in spread(datasets, most)]
    assert len(taken) == len(set(taken))
    assert len(taken) == min(most, sum(sizes))


def test_sets_of_different_size_are_mingled() -> None:
    taken = [row.dataset for row in spread([rows("big", 90), rows("small", 10)], 50)]
    assert 3 <= taken.count("small") <= 7
    assert "small" in taken[:20]
    assert "small" in taken[-20:]


def test_a_recording_keeps_what_is_known_and_says_nothing_about_the_rest() -> None:
    known = written(
        Recording("a", "hello", "set", user_id="u1", violating=True, policy="spam"), NOW
    )
    assert known.refs["author"].item_id == "u1"
    assert known.data["violating"] is True
    assert known.data["judged_against"] == "spam"
    unknown = written(Recording("b", "hello", "set"), NOW)
    assert unknown.refs == {}
    assert unknown.data["created_at"] is None


def test_words_are_taken_without_case_and_pairs_where_nobody_writes_spaces() -> None:
    assert words_of("Buy NOW, buy a Straße!") == {"buy", "now", "strasse"}
    assert words_of("黙れよ ok yes") == {"黙れ", "れよ", "yes"}


def test_the_most_telling_words_come_first() -> None:
    labelled = [("cheap pills today", True)] * 30 + [("pills at the doctor", False)] * 4
    labelled += [("a nice day", False)] * 60 + [("today is nice", False)] * 20
    words = telling_words(labelled, 50)
    assert set(words) == {"cheap", "pills"}
    assert "nice" not in words


def test_a_word_that_is_wrong_too_often_is_left_out() -> None:
    labelled = [("please subscribe", True)] * 50 + [("please", False)] * 30
    labelled += [("hello", False)] * 70
    assert telling_words(labelled, 9) == ["subscribe"]


def test_labels_of_one_kind_alone_teach_nothing() -> None:
    assert telling_words([("anything at all", True)] * 3, 10) == []


def labelled_rows() -> list[Recording]:
    return [
        Recording(
            f"r{number}",
            "cheap pills" if number % 2 else "good morning",
            "set",
            violating=bool(number % 2),
            policy="it's spam",
            fold=number % 10,
        )
        for number in range(200)
    ]


def test_recordings_bring_their_type_policy_bank_and_rule() -> None:
    plan = with_recordings(blueprint("http://127.0.0.1:9"), labelled_rows())
    assert plan.item_types[-1].name == RECORDED
    assert plan.policies[-1].name == "It's spam"
    assert {term.text for term in plan.banks[-1].terms} == {"cheap", "pills"}
    assert plan.rules[-1].policy_ids == ("It's spam",)
    assert plan.rules[-1].where == where_of("it's spam", ["set"])
    assert "it''s spam" in plan.rules[-1].where
    assert "dataset IN ('set')" in plan.rules[-1].where


def test_a_policy_that_exists_already_is_not_made_twice() -> None:
    spam = [Recording(r.record_id, r.text, "set", r.violating, "spam") for r in labelled_rows()]
    plan = with_recordings(blueprint("http://127.0.0.1:9"), spam)
    assert [policy.name for policy in plan.policies].count("Spam") == 1
    assert plan.rules[-1].policy_ids == ("Spam",)
