"""What the simulated people say, and how spammers spell it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.simulation.chance import weighted
from engine.simulation.disguise import DISGUISES, disguise, homoglyphs, leet, spaced, zero_width
from engine.simulation.grammar import expand, symbols
from engine.simulation.phrases import GRAMMARS, STARTS


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_grammar_can_say_everything(language: str) -> None:
    grammar = GRAMMARS[language]
    assert set(STARTS) <= set(grammar)
    assert symbols(grammar) - {"link"} <= set(grammar)
    for start in STARTS:
        text = expand(grammar, start, random.Random(1), {"link": "https://example.net"})
        assert "{" not in text


@pytest.mark.parametrize("language", GRAMMARS)
def test_posts_vary(language: str) -> None:
    chance = random.Random(5)
    posts = {expand(GRAMMARS[language], "post", chance) for _ in range(300)}
    assert len(posts) > 20


@pytest.mark.parametrize(
    ("trick", "word", "written"),
    [
        (leet, "profit", "pr0f17"),
        (spaced, "profit", "p.r.o.f.i.t"),
        (homoglyphs, "profit", "\u0440r\u03bff\u0456t"),
        (zero_width, "profit", "pro\u200bfit"),
    ],
)
def test_a_disguise_is_spelled_as_spammers_do(trick: object, word: str, written: str) -> None:
    assert trick in DISGUISES
    assert trick(word) == written


def test_a_link_survives_every_disguise() -> None:
    text = "Guaranteed profit at https://coin-rush.example.org/351 today"
    for seed in range(30):
        hidden = disguise(text, random.Random(seed), share=1.0)
        assert "https://coin-rush.example.org/351" in hidden
        assert "Guaranteed" not in hidden


@given(st.dictionaries(st.text(), st.floats(0.01, 10), min_size=1), st.integers())
def test_a_weighted_choice_is_one_of_the_keys(weights: dict[str, float], seed: int) -> None:
    assert weighted(random.Random(seed), weights) in weights


def test_weights_are_respected() -> None:
    chance = random.Random(1)
    drawn = [weighted(chance, {"often": 9.0, "seldom": 1.0}) for _ in range(5000)]
    assert 0.07 < drawn.count("seldom") / 5000 < 0.13
