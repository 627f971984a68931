from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text import Automaton, Bank, Mode, Term
from engine.text.literals import Backend, hyperscan
from engine.text.phrases import MAX_WORDS_BETWEEN, word_starts
from tests.engine.text import naive

if TYPE_CHECKING:
    from collections.abc import Iterator

BACKENDS: list[Backend] = ["portable", "hyperscan"] if hyperscan else ["portable"]


def bank(*phrases: str) -> Bank:
    return Bank("b", "b", tuple(Term(text, Mode.PHRASE) for text in phrases))


FOUND = [
    ("buy now", "BUY it right NOW!", "BUY it right NOW"),
    ("buy now", "buy, now", "buy, now"),
    ("buy  now", "please buy\nnow", "buy\nnow"),
    ("straße frei", "die STRAẞE ist 👩‍👩‍👧 frei", "STRAẞE ist 👩‍👩‍👧 frei"),
    ("a b a", "a b a", "a b a"),
    ("free $$$", "free for you: $$$", "free for you: $$$"),
    ("single", "a single word", "single"),
    ("x y", "x 1 2 3 4 5 y", "x 1 2 3 4 5 y"),
    ("x y", "x ... --- ... --- ... --- ... y", "x ... --- ... --- ... --- ... y"),
    ("שלום עולם", "שלום לך עולם", "שלום לך עולם"),
]

NOT_FOUND = [
    ("buy now", "now buy"),
    ("buy now", "buying nowhere now"),
    ("buy now", "buy nowhere"),
    ("x y", "x 1 2 3 4 5 6 y"),
    ("a a", "a"),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("phrase", "text", "place"), FOUND)
def test_a_phrase_is_found_from_its_first_word_to_its_last(
    phrase: str, text: str, place: str, backend: Backend
) -> None:
    automaton = Automaton.build([bank(phrase)], backend)
    (span,) = automaton.spans(text, 0)
    assert text[span.start : span.end] == place
    assert automaton.hits_batch([text, ""]) == [{0}, frozenset()]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("phrase", "text"), NOT_FOUND)
def test_words_in_another_order_or_far_apart_are_no_phrase(
    phrase: str, text: str, backend: Backend
) -> None:
    automaton = Automaton.build([bank(phrase)], backend)
    assert automaton.hits(text) == frozenset()
    assert automaton.spans(text, 0) == ()


def naive_places(phrase: str, text: str) -> Iterator[tuple[int, int]]:
    words = [list(naive.literal_places(Term(word), text)) for word in phrase.split()]
    starts = word_starts(text)

    def follows(before: tuple[int, int], after: tuple[int, int]) -> bool:
        between = [at for at in starts if before[1] <= at < after[0]]
        return before[1] <= after[0] and len(between) <= MAX_WORDS_BETWEEN

    ends: dict[int, int] = {}
    for chain in product(*words):
        if all(follows(a, b) for a, b in pairwise(chain)):
            start, end = chain[0][0], chain[-1][1]
            ends[start] = min(end, ends.get(start, end))
    yield from ends.items()


phrases = st.lists(st.sampled_from(["a", "b", "ab", "$", "ß"]), min_size=2, max_size=3).map(
    " ".join
)
texts = st.lists(
    st.sampled_from(["a", "A", "b", "ab", "$", "ẞ", "x", "x x", "\u0301", "-", "👩"]), max_size=14
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))


@settings(max_examples=300, deadline=None)
@given(phrase=phrases, text=texts)
def test_every_backend_finds_what_trying_all_chains_finds(phrase: str, text: str) -> None:
    expected = sorted(naive_places(phrase, text))
    for backend in BACKENDS:
        automaton = Automaton.build([bank(phrase)], backend)
        assert [(span.start, span.end) for span in automaton.spans(text, 0)] == expected
        assert bool(automaton.hits(text)) == bool(expected)
        assert [bool(hit) for hit in automaton.hits_batch([text, text])] == [bool(expected)] * 2
