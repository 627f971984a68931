"""Where in a text the terms of one bank are."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from engine.text.banks import Bank, Mode, Span
from engine.text.folding import fold, to_utf8
from engine.text.literals import literal_finder
from engine.text.patterns import PatternSet
from engine.text.terms import literal_of
from engine.text.words import stands_alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_SPANS: Final = 1_000


class BankSearch:
    """Prepared once for a bank whose terms are all valid."""

    def __init__(self, bank: Bank) -> None:
        numbered = list(enumerate(bank.terms))
        self._literals = [
            (*literal_of(term), number) for number, term in numbered if term.mode is not Mode.REGEX
        ]
        patterns = [(term.text, number) for number, term in numbered if term.mode is Mode.REGEX]
        self._pattern_terms = [number for _, number in patterns]
        self._finder = literal_finder([literal for literal, _, _ in self._literals], "portable")
        self._patterns = PatternSet([pattern for pattern, _ in patterns])

    def spans(self, text: str) -> tuple[Span, ...]:
        """In reading order, at most MAX_SPANS of them; they may overlap."""
        found = [*self._literal_spans(text), *self._pattern_spans(text)]
        found.sort(key=lambda span: (span.start, span.end, span.term))
        return tuple(found[:MAX_SPANS])

    def _literal_spans(self, text: str) -> Iterator[Span]:
        if self._finder is None:
            return
        data = to_utf8(fold(text))
        places = _places(data)
        for which, end in self._finder.find(data):
            literal, alone, term = self._literals[which]
            start = end - len(literal)
            if not alone or stands_alone(data, start, end):
                yield Span(places[start], places[end], term)

    def _pattern_spans(self, text: str) -> Iterator[Span]:
        for which in self._patterns.find(text):
            for start, end in self._patterns.spans(which, text):
                yield Span(start, end, self._pattern_terms[which])


def _places(data: bytes) -> Sequence[int]:
    """The code point that starts at each byte offset of a UTF-8 text, and one past the end."""
    if data.isascii():
        return range(len(data) + 1)
    starts = (byte & 0xC0 != 0x80 for byte in data)  # noqa: PLR2004 - not a continuation byte
    return [0, *accumulate(starts)]
