"""Where in a text the terms of one bank are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.text.banks import Bank, Mode, Span
from engine.text.folding import fold, places_of, to_utf8
from engine.text.literals import literal_finder
from engine.text.patterns import PatternSet
from engine.text.phrases import PhraseFinder
from engine.text.terms import literal_of, mode_of
from engine.text.variants import VariantFinder
from engine.text.words import stands_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SPANS: Final = 1_000


class BankSearch:
    """Prepared once for a bank whose terms are all valid."""

    def __init__(self, bank: Bank) -> None:
        self._terms: dict[Mode, list[int]] = {mode: [] for mode in Mode}
        for number, term in enumerate(bank.terms):
            self._terms[mode_of(term)].append(number)
        as_written = [*self._terms[Mode.WORD], *self._terms[Mode.SUBSTRING]]
        self._literals = [(*literal_of(bank.terms[number]), number) for number in as_written]
        self._finder = literal_finder([literal for literal, _, _ in self._literals], "portable")
        texts = {
            mode: [bank.terms[number].text for number in terms]
            for mode, terms in self._terms.items()
        }
        self._patterns = PatternSet(texts[Mode.REGEX])
        self._phrases = PhraseFinder(texts[Mode.PHRASE], "portable")
        self._variants = VariantFinder(texts[Mode.VARIANT], "portable")

    def spans(self, text: str) -> tuple[Span, ...]:
        """In reading order, at most MAX_SPANS of them; they may overlap."""
        found = [*self._literal_spans(text), *self._pattern_spans(text), *self._other_spans(text)]
        found.sort(key=lambda span: (span.start, span.end, span.term))
        return tuple(found[:MAX_SPANS])

    def found(self, text: str) -> frozenset[int]:
        """The terms that are in a text, every one of them, by their places in the bank."""
        patterns = (self._terms[Mode.REGEX][which] for which in self._patterns.find(text))
        spans = (*self._literal_spans(text), *self._other_spans(text))
        return frozenset((*patterns, *(span.term for span in spans)))

    def _other_spans(self, text: str) -> Iterator[Span]:
        for mode, finder in ((Mode.PHRASE, self._phrases), (Mode.VARIANT, self._variants)):
            for which, start, end in finder.find(text):
                yield Span(start, end, self._terms[mode][which])

    def _literal_spans(self, text: str) -> Iterator[Span]:
        if self._finder is None:
            return
        data = to_utf8(fold(text))
        places = places_of(data)
        for which, end in self._finder.find(data):
            literal, alone, term = self._literals[which]
            start = end - len(literal)
            if not alone or stands_alone(data, start, end):
                yield Span(places[start], places[end], term)

    def _pattern_spans(self, text: str) -> Iterator[Span]:
        for which in self._patterns.find(text):
            for start, end in self._patterns.spans(which, text):
                yield Span(start, end, self._terms[Mode.REGEX][which])
