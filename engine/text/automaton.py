"""All terms of all banks, looked for in one pass over a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

from engine.errors import InvalidInput
from engine.text.banks import Bank, Mode, Span, Term
from engine.text.batches import SEPARATOR, batches, join
from engine.text.folding import fold, to_utf8
from engine.text.literals import Backend, default_backend, literal_finder
from engine.text.patterns import PatternSet
from engine.text.phrases import PhraseFinder
from engine.text.spans import BankSearch
from engine.text.terms import bank_problems, literal_of, mode_of
from engine.text.variants import VariantFinder
from engine.text.words import stands_alone

_NONE: Final[frozenset[int]] = frozenset()

_Key = TypeVar("_Key")


class Automaton:
    """Safe to share between threads; pickles as its banks and is built again where it arrives."""

    def __init__(self, banks: Sequence[Bank], backend: Backend) -> None:
        self.banks = tuple(banks)
        self.backend = backend
        terms: dict[Mode, list[tuple[Term, int]]] = {mode: [] for mode in Mode}
        for index, bank in enumerate(self.banks):
            for term in bank.terms:
                terms[mode_of(term)].append((term, index))
        as_written = [*terms[Mode.WORD], *terms[Mode.SUBSTRING]]
        literals = _owners((literal_of(term), index) for term, index in as_written)
        patterns, phrases, variants = (
            _owners((term.text, index) for term, index in terms[mode])
            for mode in (Mode.REGEX, Mode.PHRASE, Mode.VARIANT)
        )
        self._literals = list(literals)
        self._literal_owners = list(literals.values())
        self._pattern_owners = list(patterns.values())
        self._finder = literal_finder([text for text, _ in self._literals], backend)
        self._patterns = PatternSet(list(patterns)) if patterns else None
        self._phrases = PhraseFinder(list(phrases), backend) if phrases else None
        self._phrase_owners = list(phrases.values())
        self._variants = VariantFinder(list(variants), backend) if variants else None
        self._variant_owners = list(variants.values())
        self._spells_separator = any(SEPARATOR in text for text, _ in self._literals)
        self._searches: dict[int, BankSearch] = {}

    @staticmethod
    def build(banks: Sequence[Bank], backend: Backend | None = None) -> Automaton:
        """Raises InvalidInput naming every term that cannot be looked for, and why."""
        problems = tuple(problem for bank in banks for problem in bank_problems(bank))
        if problems:
            raise InvalidInput(problems[0].message, hint=problems[0].hint, problems=problems)
        return Automaton(banks, backend or default_backend())

    def __reduce__(self) -> tuple[object, ...]:
        return Automaton.build, (self.banks, self.backend)

    def hits(self, text: str) -> frozenset[int]:
        """The indices of the banks of which at least one term is in the text."""
        found = _NONE
        if self._finder is not None:
            data = to_utf8(fold(text))
            for literal, end in self._finder.find(data):
                found = self._with_literal(found, literal, data, end)
        if self._variants is not None:
            for variant, _, _ in self._variants.find(text):
                found |= self._variant_owners[variant]
        return self._with_patterns(self._with_phrases(found, text), text)

    def hits_batch(self, texts: Sequence[str]) -> list[frozenset[int]]:
        """As `hits` for each text, in order; much faster for many short texts."""
        found: list[frozenset[int]] = []
        for batch in batches(texts):
            found.extend(self._batch_hits(batch))
        return found

    def _batch_hits(self, batch: Sequence[str]) -> Iterable[frozenset[int]]:
        joined = None if self._spells_separator else join(batch)
        if joined is None:
            return map(self.hits, batch)
        found = [_NONE] * len(batch)
        for literal, end in self._finder.find(joined.data) if self._finder else ():
            index = joined.text_before(end)
            found[index] = self._with_literal(found[index], literal, joined.data, end)
        for index, variant in self._variants.find_joined(joined) if self._variants else ():
            found[index] |= self._variant_owners[variant]
        if self._phrases is not None:
            for index in {joined.text_before(end) for end in self._phrases.may_match(joined.data)}:
                found[index] = self._with_phrases(found[index], batch[index])
        if self._patterns is None:
            return found
        return map(self._with_patterns, found, batch)

    def spans(self, text: str, bank_index: int) -> tuple[Span, ...]:
        """Where the bank's terms are, in reading order, at most MAX_SPANS of them."""
        search = self._searches.get(bank_index)
        if search is None:
            search = self._searches[bank_index] = BankSearch(self.banks[bank_index])
        return search.spans(text)

    def _with_literal(
        self, found: frozenset[int], literal: int, data: bytes, end: int
    ) -> frozenset[int]:
        owners = self._literal_owners[literal]
        if owners <= found:
            return found
        text, alone = self._literals[literal]
        if alone and not stands_alone(data, end - len(text), end):
            return found
        return found | owners

    def _with_phrases(self, found: frozenset[int], text: str) -> frozenset[int]:
        if self._phrases is not None:
            for phrase, _, _ in self._phrases.find(text):
                found |= self._phrase_owners[phrase]
        return found

    def _with_patterns(self, found: frozenset[int], text: str) -> frozenset[int]:
        if self._patterns is not None:
            for pattern in self._patterns.find(text):
                found |= self._pattern_owners[pattern]
        return found


def _owners(pairs: Iterable[tuple[_Key, int]]) -> dict[_Key, frozenset[int]]:
    owners: dict[_Key, frozenset[int]] = {}
    for key, index in pairs:
        owners[key] = owners.get(key, _NONE) | {index}
    return owners
