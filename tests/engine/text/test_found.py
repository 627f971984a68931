from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.found import ArrayFinder
from engine.text.literals import Backend, hyperscan

BACKENDS: list[Backend] = ["portable", "hyperscan"] if hyperscan else ["portable"]
WORDS = st.text("abé", min_size=1, max_size=5).map(str.encode)
TRIPLES = [bytes(each) for each in product(b"abcd", repeat=3)]


def found(patterns: list[bytes], data: bytes, backend: Backend) -> list[tuple[int, int]]:
    occurrences = ArrayFinder(patterns, backend).find(data)
    return sorted(zip(occurrences.patterns.tolist(), occurrences.ends.tolist(), strict=True))


def found_one_by_one(patterns: list[bytes], data: bytes) -> list[tuple[int, int]]:
    return sorted(
        (nth, end)
        for nth, pattern in enumerate(patterns)
        for end in range(len(pattern), len(data) + 1)
        if data[:end].endswith(pattern)
    )


@pytest.mark.parametrize("backend", BACKENDS)
@given(patterns=st.lists(WORDS, unique=True, max_size=8), data=st.text("abé ").map(str.encode))
def test_every_occurrence_of_every_length_is_found(
    backend: Backend, patterns: list[bytes], data: bytes
) -> None:
    assert found(patterns, data, backend) == found_one_by_one(patterns, data)


def test_only_short_ones_are_looked_up_without_an_automaton() -> None:
    assert found([b"a", b"ab", b"\xc3\xa9"], "abé".encode(), "portable") == [(0, 1), (1, 2), (2, 4)]


@pytest.mark.parametrize("backend", BACKENDS)
@given(patterns=st.lists(WORDS, unique=True, max_size=4), data=st.text("abcé").map(str.encode))
def test_many_of_three_bytes_are_found_as_well(
    backend: Backend, patterns: list[bytes], data: bytes
) -> None:
    all_of_them = list(dict.fromkeys([*patterns, *TRIPLES]))
    assert found(all_of_them, data, backend) == found_one_by_one(all_of_them, data)


def test_short_ones_of_many_letters_are_found_too() -> None:
    letters = [chr(point) for point in range(0x100, 0x180)]
    patterns = [letter.encode() for letter in letters] + ["中".encode(), b"abc"]
    data = "".join(letters).encode() + "中abc".encode()
    assert found(patterns, data, "portable") == found_one_by_one(patterns, data)


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert found([b"a", b"ab"], b"", "portable") == []
    assert found([], b"ab", "portable") == []
