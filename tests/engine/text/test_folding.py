# ruff: noqa: RUF001 - letters of other scripts are what is tested
from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.folding import fold, to_utf8, well_formed
from tests.engine.text import naive

FOLDED = [
    ("STRASSE ẞ ß", "strasse ß ß"),
    ("ΟΔΟΣ ς", "οδοσ σ"),
    ("\u212aelvin ſ µ", "kelvin s μ"),
    ("İstanbul ı I", "İstanbul ı i"),
    ("ﬁ ŉ ᾈ", "ﬁ ŉ ᾀ"),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_case_is_folded_one_character_to_one(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_every_character_folds_as_it_does_alone() -> None:
    everything = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, 0x20000)))
    assert fold(everything) == naive.folded(everything)


def test_only_the_basic_plane_has_characters_that_grow() -> None:
    assert all(len(chr(point).casefold()) == 1 for point in range(0x10000, sys.maxunicode + 1))


def test_half_a_surrogate_pair_becomes_one_replacement() -> None:
    assert to_utf8("a\ud800b") == "a\ufffdb".encode()
    assert well_formed("é\udfffb") == "é\ufffdb"
