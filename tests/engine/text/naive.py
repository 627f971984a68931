"""What matching means, spelled out one character and one term at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

from engine.text import Bank, Mode, Span, Term
from engine.text.words import is_decoration, is_word_character

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def folded(text: str) -> str:
    return "".join(map(folded_character, text))


def folded_character(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    for form in (char.casefold(), char.lower()):
        if len(form) == 1:
            return form
    return char


def hits(banks: Sequence[Bank], text: str) -> frozenset[int]:
    return frozenset(
        index for index, bank in enumerate(banks) if any(found(term, text) for term in bank.terms)
    )


def found(term: Term, text: str) -> bool:
    if term.mode is Mode.REGEX:
        options = re2.Options()
        options.case_sensitive = False
        return re2.search(term.text, whole(text), options) is not None
    return any(literal_places(term, text))


def whole(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def literal_spans(bank: Bank, text: str) -> list[Span]:
    spans = [
        Span(start, end, number)
        for number, term in enumerate(bank.terms)
        for start, end in literal_places(term, text)
    ]
    return sorted(spans, key=lambda span: (span.start, span.end, span.term))


def literal_places(term: Term, text: str) -> Iterator[tuple[int, int]]:
    wanted, given = folded(term.text), folded(text)
    if term.mode is Mode.WORD:
        wanted = wanted.strip()
    for start in range(len(given) - len(wanted) + 1):
        end = start + len(wanted)
        if given[start:end] != wanted:
            continue
        if term.mode is Mode.SUBSTRING or stands_alone(given, start, end):
            yield start, end


def stands_alone(text: str, start: int, end: int) -> bool:
    before = next((c for c in reversed(text[:start]) if not is_decoration(c)), " ")
    after = next((c for c in text[end:] if not is_decoration(c)), " ")
    return not is_word_character(before) and not is_word_character(after)
