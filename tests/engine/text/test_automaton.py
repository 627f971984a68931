# ruff: noqa: RUF001 - letters of other scripts are what is tested
from __future__ import annotations

import pickle
import random
import string
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.text import Automaton, Bank, Mode, Span, Term, literals
from engine.text.literals import Backend, hyperscan
from engine.text.spans import MAX_SPANS
from tests.engine.text import naive

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKENDS: list[Backend] = ["portable", "hyperscan"] if hyperscan else ["portable"]


def bank(*terms: Term | str, name: str = "b") -> Bank:
    made = (term if isinstance(term, Term) else Term(term) for term in terms)
    return Bank(name, name, tuple(made))


def substring(text: str) -> Term:
    return Term(text, Mode.SUBSTRING)


def regex(text: str) -> Term:
    return Term(text, Mode.REGEX)


def is_hit(term: Term | str, text: str, backend: Backend) -> bool:
    return bool(Automaton.build([bank(term)], backend).hits(text))


MATCHES = [
    ("scam", "A SCAM!"),
    ("scam", "scam"),
    (" scam ", "a scam"),
    ("two words", "say TWO words now"),
    ("straße", "STRAẞE"),
    ("kelvin", "\u212aelvin"),
    ("οδος", "ΟΔΟΣ"),
    ("bad", "b a d, bad\u0336"),
    ("bad", "bad\u200d"),
    ("$$$", "free $$$ now"),
    ("👩", "❤ 👩"),
    ("❤", "I ❤\ufe0f you"),
    ("你好", "说 你好 。"),
    (substring("ass"), "classy"),
    (substring("É"), "café"),
    (substring("\0"), "a\0b"),
    (substring("\n"), "a\nb"),
    (regex("^bad"), "BAD thing"),
    (regex("bad$"), "x\nbad"),
    (regex("a*"), ""),
    (regex("É+"), "éÉé"),
    (regex("^.$"), "😀"),
    (regex(r"\bcat\b"), "concat cat!"),
    (regex("k"), "\u212a"),
]

MISSES = [
    ("scam", "scams"),
    ("scam", "ascam"),
    ("scam", "_scam"),
    ("scam", "scam2"),
    ("scam", "scamé"),
    ("bad", "bad\u0336ger"),
    ("bad", "x\u0301bad"),
    ("می", "می\u200cخواهم"),
    ("हिन", "हिनि"),
    ("ss", "ß"),
    (substring("tes t"), "test"),
    (substring("new line"), "new\nline"),
    (regex("^bad"), "x\nbad"),
    (regex("a.c"), "a\nc"),
    (regex(r"\bcat\b"), "concat"),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("term", "text"), MATCHES)
def test_a_term_is_found(term: Term | str, text: str, backend: Backend) -> None:
    assert is_hit(term, text, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("term", "text"), MISSES)
def test_a_term_is_not_found(term: Term | str, text: str, backend: Backend) -> None:
    assert not is_hit(term, text, backend)


LETTERS = "aAbBsS ßẞſkK\u212aσςΣİiı_-'1\u0301\u0336\u200d\ufe0f中ہ\u0941👩\0\n\ud800\udfff"
texts = st.text(alphabet=LETTERS, max_size=24) | st.text(max_size=12)
literal_texts = st.text(alphabet=LETTERS[:-2], min_size=1, max_size=4).filter(str.strip)
literal_terms = st.builds(Term, literal_texts, st.sampled_from([Mode.WORD, Mode.SUBSTRING]))
regex_terms = st.sampled_from(
    ["a*", "^b", "s$", "[^a]", ".", r"\bk\b", "(a|ß)+", r"\W", "σ{2}", "i", "a{,2}", "[K-S]"]
).map(regex)
banks = st.lists(
    st.lists(literal_terms | regex_terms, max_size=4).map(lambda terms: bank(*terms)), max_size=4
)


@settings(max_examples=300, deadline=None)
@given(banks=banks, text=texts)
def test_every_backend_finds_what_a_naive_search_finds(banks: list[Bank], text: str) -> None:
    expected = naive.hits(banks, text)
    assert {Automaton.build(banks, backend).hits(text) for backend in BACKENDS} == {expected}


@settings(max_examples=200, deadline=None)
@given(terms=st.lists(literal_terms, max_size=4), text=texts)
def test_spans_are_where_a_naive_search_finds_them(terms: list[Term], text: str) -> None:
    searched = bank(*terms)
    assert list(Automaton.build([searched]).spans(text, 0)) == naive.literal_spans(searched, text)


@settings(max_examples=100, deadline=None)
@given(banks=banks, batch=st.lists(texts, max_size=5))
def test_a_batch_is_answered_as_its_texts_are(banks: list[Bank], batch: list[str]) -> None:
    for backend in BACKENDS:
        automaton = Automaton.build(banks, backend)
        assert automaton.hits_batch(batch) == [automaton.hits(text) for text in batch]


def test_spans_count_code_points_of_the_original() -> None:
    automaton = Automaton.build([bank("no"), bank("BÄR", regex("😀+"))])
    assert automaton.spans("ẞé 😀😀 bär BÄR", 1) == (Span(3, 5, 1), Span(6, 9, 0), Span(10, 13, 0))


def test_empty_matches_hit_but_have_no_span() -> None:
    automaton = Automaton.build([bank(regex("z*"))])
    assert automaton.hits("abc") == {0}
    assert automaton.spans("abc", 0) == ()


def test_spans_are_bounded() -> None:
    assert len(Automaton.build([bank(substring("a"))]).spans("a" * 5_000, 0)) == MAX_SPANS


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("banks", [[], [bank()], [bank(), bank()]])
def test_nothing_to_look_for_is_never_found(banks: list[Bank], backend: Backend) -> None:
    assert Automaton.build(banks, backend).hits("anything") == frozenset()


def test_a_term_of_several_banks_hits_them_all() -> None:
    automaton = Automaton.build([bank("x"), bank("y", "x"), bank("y"), bank(regex("x"))])
    assert automaton.hits("x") == {0, 1, 3}


WRONG = [
    (regex("("), "missing )", "at character 1"),
    (regex("ab*+*"), "bad repetition operator", "at character 3"),
    (regex("(?!safe)bad"), "invalid perl operator", "at character 1"),
    (regex(r"(a)\1"), "invalid escape sequence", "at character 4"),
    (regex("a{1001}"), "invalid repetition size", "at character 2"),
    (regex("é["), "missing ]", "at character 2"),
    (Term(""), "empty", ""),
    (Term("   "), "empty", ""),
    (substring(""), "empty", ""),
    (Term("\ud800"), "surrogate", ""),
    (Term("x" * 2_001), "longer than", ""),
]


@pytest.mark.parametrize(("term", "reason", "place"), WRONG)
def test_a_term_that_cannot_be_looked_for_is_refused_by_name(
    term: Term, reason: str, place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        Automaton.build([bank("good", name="fine"), bank("good", term, name="spam")])
    (problem,) = refused.value.problems
    assert problem.pointer == "/terms/1/text"
    assert problem.message.startswith("Bank 'spam', term 2: ")
    assert reason in problem.message
    assert place in problem.message


def test_every_bad_term_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        Automaton.build([bank(regex("("), "fine", regex("["))])
    assert [each.pointer for each in refused.value.problems] == ["/terms/0/text", "/terms/2/text"]


def test_the_portable_engine_stands_in_where_hyperscan_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(literals, "hyperscan", None)
    automaton = Automaton.build([bank("scam")])
    assert automaton.backend == "portable"
    assert automaton.hits("A SCAM") == {0}


def test_an_automaton_travels_between_processes() -> None:
    automaton = Automaton.build([bank("scam"), bank(regex("x+"))])
    copy = pickle.loads(pickle.dumps(automaton))
    assert copy.hits("SCAM xx") == automaton.hits("SCAM xx") == {0, 1}


def test_threads_share_an_automaton() -> None:
    rng = random.Random(5)
    words = ["".join(rng.choices(string.ascii_lowercase, k=5)) for _ in range(500)]
    automaton = Automaton.build([bank(*words[:200]), bank(*map(substring, words[200:300]))])
    texts = [" ".join(rng.choices(words, k=30)) for _ in range(400)]
    alone = [automaton.hits(text) for text in texts]

    def scan(_: int) -> Sequence[frozenset[int]]:
        return [automaton.hits(text) for text in texts]

    with ThreadPoolExecutor(8) as pool:
        assert all(answers == alone for answers in pool.map(scan, range(16)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_fifty_thousand_terms_are_no_trouble(backend: Backend) -> None:
    terms = [f"word{number}" for number in range(50_000)]
    automaton = Automaton.build([bank(*terms[:25_000]), bank(*terms[25_000:])], backend)
    assert automaton.hits("word24999, not word250000") == {0}
    assert automaton.spans("word1 word11", 0) == (Span(0, 5, 1), Span(6, 12, 11))


def test_patterns_too_large_for_one_set_are_still_found() -> None:
    """A set that gives up must not look like a text without matches."""
    patterns = [regex(f"x{n}[a-c]{{900}}y{{900}}.{{0,900}}z") for n in range(40)]
    automaton = Automaton.build([bank(*patterns), bank(regex("needle"))])
    assert automaton.hits("a needle " + "x7" + "abc" * 300 + "y" * 900 + "z") == {0, 1}
