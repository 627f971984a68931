# ruff: noqa: RUF001 - letters of other scripts are what is tested
from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.text import Automaton, Bank, Mode, Span, Term
from engine.text.disguises import disguised
from engine.text.homoglyphs import reading
from engine.text.literals import Backend, hyperscan
from engine.text.variants import is_disguisable
from tests.engine.text import naive_variants

BACKENDS: list[Backend] = ["portable", "hyperscan"] if hyperscan else ["portable"]


def bank(*terms: str) -> Bank:
    return Bank("b", "b", tuple(Term(text, Mode.VARIANT) for text in terms))


def places(term: str, text: str) -> list[str]:
    """What was matched, as it stands in the text."""
    spans = Automaton.build([bank(term)]).spans(text, 0)
    return [text[span.start : span.end] for span in spans]


FOUND = [
    ("hello", "say HELLO!", "HELLO"),
    ("hello", "h.e.l.l.o", "h.e.l.l.o"),
    ("hello", "oh h e l l o there", "h e l l o"),
    ("hello", "ɦ3||0", "ɦ3||0"),
    ("hello", "ｈｅｌｌｏ", "ｈｅｌｌｏ"),
    ("hello", "h\u200be\u2060l\ufeffl\u00ado", "h\u200be\u2060l\ufeffl\u00ado"),
    ("hello", "𝓱𝓮𝓵𝓵𝓸 👋", "𝓱𝓮𝓵𝓵𝓸"),
    ("hello", "heeelllooo", "heeelllooo"),
    ("hello", "hell0!", "hell0"),
    ("hello", "H\ne\nl\nl\no", "H\ne\nl\nl\no"),
    ("hate", "I h a t e you", "h a t e"),
    ("hate", "h|a|t|e", "h|a|t|e"),
    ("hate", "(hate)", "hate"),
    ("hate", "haters", "hate"),
    ("hate", "\u202eһаtе\u202c", "һаtе"),
    ("hate", "🇭🇦🇹🇪", "🇭🇦🇹🇪"),
    ("hate", "h🔥a🔥t🔥e", "h🔥a🔥t🔥e"),
    ("hate", "👨‍👩‍👧 h̶a̶t̶e̶!", "h̶a̶t̶e̶"),
    ("café", "un CAFE\u0301 noir", "CAFE\u0301"),
    ("strasse", "STRAẞE", "STRAẞE"),
    ("istanbul", "İSTANBUL", "İSTANBUL"),
    ("nazi", "Ναzi", "Ναzi"),
    ("boss", "🅱oss", "🅱oss"),
    ("mom", "mmoomm", "mmoomm"),
    ("harness", "hamess", "hamess"),
    ("porn", "p o r n", "p o r n"),
    ("kill yourself", "k1ll   yourse|f", "k1ll   yourse|f"),
    ("kill yourself", "kill-yourself", "kill-yourself"),
    ("kill yourself", "k i l l  y o u r s e l f", "k i l l  y o u r s e l f"),
    ("shit", "what is this.sh!t", "sh!t"),
    ("привет", "ПРИ-ВЕТ", "ПРИ-ВЕТ"),
    ("νεα", "ΝΕΑ", "ΝΕΑ"),
    ("1488", "1488!", "1488"),
    ("🔞", "🔞 now", "🔞"),
    ("שלום", "שָׁלוֹם", "שָׁלוֹם"),
]

NOT_FOUND = [
    ("hate", "tahe"),
    ("hate", "whatever"),
    ("hate", "ihate you"),
    ("mirror", "miror"),
    ("wow", "vvow"),
    ("dad", "clad"),
    ("ass", "class c l a s s c.l.a.s.s assume assist assess assets"),
    ("ass", "it was so; a SS officer; as soon as"),
    ("ass", "room 455"),
    ("shit", "it's hit; push it; his hit list"),
    ("hell", "he'll hello"),
    ("rape", "grape drapes therapist scraped"),
    ("cum", "circumstance cumulative"),
    ("hate", "h a t"),
    ("hate", "h.........a.t.e"),
    ("1488", "iabb"),
    ("kill yourself", "killyourself"),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("term", "text", "place"), FOUND)
def test_a_disguised_term_is_found_where_it_stands(
    term: str, text: str, place: str, backend: Backend
) -> None:
    automaton = Automaton.build([bank(term)], backend)
    assert automaton.hits(text) == {0}
    assert automaton.hits_batch(["", text, "x"]) == [frozenset(), {0}, frozenset()]
    assert places(term, text) == [place]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("term", "text"), NOT_FOUND)
def test_what_is_another_word_is_not_found(term: str, text: str, backend: Backend) -> None:
    automaton = Automaton.build([bank(term)], backend)
    assert automaton.hits(text) == frozenset()
    assert automaton.hits_batch([text, text]) == [frozenset(), frozenset()]
    assert places(term, text) == []


ALPHABET = "haotmrn.h ha-'|4075!$()\u200b\u0301ΗΝн1iéß🅰e"
texts = st.text(alphabet=ALPHABET, max_size=12)
terms = st.sampled_from(["hat", "oat", "moo", "horn", "hoot", "mama", "tie", "sos", "nest", "ass"])


@settings(max_examples=400, deadline=None)
@given(term=terms, text=texts)
@example(term="hat", text="h a t")
@example(term="oat", text="()at")
@example(term="ass", text="a.s.s")
@example(term="hat", text="hatß")
@example(term="oat", text="047")
@example(term="oat", text="0🅰7")
@example(term="ass", text="455")
@example(term="moo", text="mo moo mmoo")
def test_every_backend_finds_what_trying_everything_finds(term: str, text: str) -> None:
    expected = frozenset({0} if naive_variants.found(term, text) else ())
    for backend in BACKENDS:
        automaton = Automaton.build([bank(term)], backend)
        assert automaton.hits(text) == expected
        assert automaton.hits_batch([text, "h", text]) == [expected, frozenset(), expected]
        assert bool(automaton.spans(text, 0)) == bool(expected)


@settings(max_examples=200, deadline=None)
@given(before=texts, term=terms, after=texts, gaps=st.lists(st.sampled_from(["", ".", "\u200b"])))
def test_a_disguise_is_found_between_any_two_blanks(
    before: str, term: str, after: str, gaps: list[str]
) -> None:
    disguise = "".join(letter + gap for letter, gap in zip(term, [*gaps, *[""] * 9], strict=False))
    text = f"{before}\0{disguise}\0{after}"
    spans = Automaton.build([bank(term)]).spans(text, 0)
    start = len(before) + 1
    stop = start + len(disguise.rstrip(".\u200b"))
    assert Span(start, stop, 0) in spans


@given(st.text(max_size=30))
def test_spans_lie_in_the_text_and_begin_and_end_on_something_seen(text: str) -> None:
    for span in Automaton.build([bank("a", "e e", "lo", "1")]).spans(text, 0):
        assert 0 <= span.start < span.end <= len(text)
        assert reading(text[span.start]) >= "0"


@given(st.characters())
def test_a_character_reads_the_same_in_either_case(char: str) -> None:
    lower, upper = char.lower(), char.upper()
    if len(lower) == len(upper) == 1 and upper.lower() == lower and lower.upper() == upper:
        assert reading(lower) == reading(upper)


def test_every_letter_of_the_alphabet_keeps_its_own_reading() -> None:
    readings = [reading(chr(point)) for point in range(ord("a"), ord("z") + 1)]
    assert "".join(readings) == "abcdefghijkimnopqrstuvwxyz"


def test_rn_reads_as_m_in_a_few_places_at_most() -> None:
    assert {each.plain for each in disguised("modern")} == {"modem", "modern", "rnodem", "rnodern"}
    assert len(disguised("m" * 30)) == 2


def test_signs_alone_are_no_disguise() -> None:
    assert not is_disguisable("🔥 ... ***")
    assert is_disguisable("$$$")


def test_fifty_thousand_disguises_are_no_trouble() -> None:
    automaton = Automaton.build([bank(*(f"worx{number}q" for number in range(50_000)))])
    assert automaton.hits("W.0.R.X" + "4999Q") == {0}
