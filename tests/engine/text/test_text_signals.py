from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.languages import language
from engine.text.shape import caps_ratio, emoji_ratio, repetition_ratio
from engine.text.similarity import NEAR, key_distance, near_duplicate_key, similarity

OFFER = (
    "Buy cheap pills today at our new pharmacy, best prices in town, click the link below to get "
    "50% off your first order."
)
KEY_OF_HELLO = 0x181C880280180005
NEWS = (
    "The committee met on Tuesday to discuss the budget for the next year and decided to postpone "
    "the vote until March."
)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_similarity_is_a_share(text: str, terms: list[str]) -> None:
    assert 0 <= similarity(text, terms) <= 1


def test_a_short_text_is_not_alike_to_every_term_that_holds_it() -> None:
    assert similarity("a", ["banana"]) < 0.3
    assert similarity("", ["banana"]) == 0
    assert similarity("anything", []) == 0


def test_the_best_term_counts_and_disguises_do_not() -> None:
    assert similarity("b-u-y ch3ap PILLS!", ["rolex", "buy cheap pills"]) == 1


@pytest.mark.parametrize(
    "edited",
    [
        OFFER.upper(),
        OFFER.replace("cheap", "ch€ap"),
        OFFER.replace("first", "second"),
        OFFER + "!!",
    ],
)
def test_near_duplicates_share_most_bits(edited: str) -> None:
    one, other = near_duplicate_key(OFFER), near_duplicate_key(edited)
    assert one is not None
    assert other is not None
    assert key_distance(one, other) <= NEAR


def test_other_texts_do_not() -> None:
    one, other = near_duplicate_key(OFFER), near_duplicate_key(NEWS)
    assert one is not None
    assert other is not None
    assert key_distance(one, other) > 2 * NEAR


def test_a_key_is_the_same_everywhere_and_forever() -> None:
    assert near_duplicate_key("hello") == near_duplicate_key("H.E.L.L.O") == KEY_OF_HELLO
    assert near_duplicate_key("🔥 ...") is None


LANGUAGES = [
    ("hello there my dear friend, how are you doing today", "en"),
    ("Das ist ein ganz gewöhnlicher deutscher Satz, nicht wahr", "de"),
    ("привет как дела друзья мои, что нового", "ru"),
    ("\ud800 hello \0 world this is an english text", "en"),
    ("x", None),
    ("", None),
    ("12345 🔥🔥🔥", None),
]


@pytest.mark.parametrize(("text", "code"), LANGUAGES)
def test_a_text_is_told_its_language_or_none(text: str, code: str | None) -> None:
    assert language(text) == code


SHAPES = [
    ("", 0, 0, 0),
    ("ABc", 2 / 3, 0, 0),
    ("你好", 0, 0, 0),
    ("buy BUY buy now", 3 / 12, 0.5, 0),
    ("aaaaaa", 0, 4 / 6, 0),
    ("👩‍👩‍👧 a 🇩🇪 1️⃣", 0, 0, 0.75),
    ("👍🏽 ok", 0, 0, 1 / 3),
    ("e\u0301 1", 0, 0, 0),
]


@pytest.mark.parametrize(("text", "caps", "repetition", "emoji"), SHAPES)
def test_the_shape_of_a_text(text: str, caps: float, repetition: float, emoji: float) -> None:
    assert caps_ratio(text) == pytest.approx(caps)
    assert repetition_ratio(text) == pytest.approx(repetition)
    assert emoji_ratio(text) == pytest.approx(emoji)


@given(st.text())
def test_every_shape_is_a_share(text: str) -> None:
    assert all(0 <= ratio(text) <= 1 for ratio in (caps_ratio, repetition_ratio, emoji_ratio))
