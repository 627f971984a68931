"""Replays what Coop's handlers answer for text matching, and what it wishes it would.

Where `docs/coop-compatibility.md` lists a difference, the difference is what is checked here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import InvalidInput
from engine.text import Automaton, Bank, Mode, Term
from engine.text.similarity import similarity
from tests.left_out import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTORS = DATA.parent / "reference" / "coop_vectors" / "text.json"
MODES = {
    "contains": Mode.SUBSTRING,
    "not_contains": Mode.SUBSTRING,
    "regex": Mode.REGEX,
    "not_regex": Mode.REGEX,
    "variant": Mode.VARIANT,
}
DIFFERENT_ON_PURPOSE: dict[str, bool | None] = {
    "contains.10": None,  # an empty term is refused
    "not_contains.4": None,
    "regex.17": None,
    "contains.22": True,  # every sigma is one letter
    "regex.24": True,  # an emoji is one character
    "regex.29": False,  # \A is the start of the text
    "regex.30": True,
    "regex.33": None,  # no look-around
    "regex.34": None,
    "regex.38": True,  # flags within a pattern are understood
    "regex.43": None,  # every pattern of a bank is checked when it is saved
    "variant.14": True,  # punctuation begins a word
    "variant.15": True,
    "variant.16": True,
    "variant.87": True,  # zero-width characters are looked through
    "variant.89": True,  # a struck-out letter is that letter
}
"""Our answer: a match, none, or None for a bank that is refused."""
BETTER_ALIGNED = {"similarity.6": 0.33, "similarity.8": 0.86}
"""Where a stretch more alike than the one Coop compares is found."""


def vectors(*modes: str) -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    entries = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in entries
        if entry["given"]["mode"] in modes and entry["given"]["terms"]
    ]


def answer(given: Mapping[str, Any]) -> bool | None:
    terms = tuple(Term(text, MODES[given["mode"]]) for text in given["terms"])
    try:
        hits = Automaton.build([Bank("b", "b", terms)]).hits(given["text"])
    except InvalidInput:
        return None
    return bool(hits) is not given["mode"].startswith("not_")


@pytest.mark.parametrize("vector", vectors(*MODES))
def test_a_text_is_matched_as_coop_matches_it(vector: Mapping[str, Any]) -> None:
    wanted = vector["expect"].get("wanted_match", vector["expect"].get("match"))
    expected = DIFFERENT_ON_PURPOSE.get(vector["id"], wanted)
    assert answer(vector["given"]) is expected


@pytest.mark.parametrize("vector", vectors("similarity"))
def test_a_text_is_as_similar_as_coop_says_it_is(vector: Mapping[str, Any]) -> None:
    score = similarity(vector["given"]["text"], vector["given"]["terms"])
    assert round(score, 2) == BETTER_ALIGNED.get(vector["id"], vector["expect"]["score"])
