"""Banks as rules ask for them: all entries of all banks in one automaton, one pass over a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from engine.language.operator import TextFunction, digest_of
from engine.language.types import Base
from engine.text import Automaton, Bank, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from engine.language.nodes import BankMatch
    from engine.language.types import Type


@dataclass(frozen=True)
class AskedBank:
    """A bank as a rule asks for it; cheap to hash, however long the bank is."""

    bank: Bank
    mode: str

    def __hash__(self) -> int:
        return hash((self.bank.bank_id, self.bank.version, self.mode))


@lru_cache(maxsize=16)
def _automaton(asked: tuple[AskedBank, ...]) -> Automaton:
    """Kept over changes of configuration that leave these banks as they are."""
    return Automaton.build([in_mode(each.bank, each.mode) for each in asked])


class Matcher:
    """The banks that a set of rules names, each in the mode it is asked in."""

    def __init__(self, asked: Iterable[BankMatch], banks: Mapping[str, Bank]) -> None:
        wanted = dict.fromkeys((match.bank, match.mode) for match in asked)
        self._places = {key: place for place, key in enumerate(wanted)}
        self._asked = tuple(AskedBank(banks[name], mode) for name, mode in wanted)
        self._automaton = _automaton(self._asked) if wanted else None
        self._passes = (self._hits, self._hits_of_any)

    @cached_property
    def _digest(self) -> str:
        return digest_of([in_mode(each.bank, each.mode) for each in self._asked])

    def place(self, match: BankMatch) -> int:
        """Where a match's bank stands in the answers of a pass."""
        return self._places[match.bank, match.mode]

    def pass_over(self, subject: Type) -> Callable[..., frozenset[int]]:
        """Text or list of texts -> places of the banks found in it."""
        return self._passes[subject.base is Base.LIST]

    def function(self, subject: Type) -> TextFunction:
        """The same pass over a column of DuckDB."""
        of_lists = subject.base is Base.LIST
        return TextFunction(
            f"winnow_hits_{'any_' if of_lists else ''}{self._digest}",
            ("VARCHAR[]" if of_lists else "VARCHAR",),
            "INTEGER[]",
            self._lists_hits if of_lists else self._texts_hits,
        )

    def _texts_hits(self, texts: list[object]) -> list[object]:
        assert self._automaton is not None
        return [sorted(found) for found in self._automaton.hits_batch([str(t) for t in texts])]

    def _lists_hits(self, lists: list[object]) -> list[object]:
        return [sorted(self._hits_of_any(texts)) for texts in lists if isinstance(texts, tuple)]

    def _hits(self, text: str) -> frozenset[int]:
        assert self._automaton is not None
        return self._automaton.hits(text)

    def _hits_of_any(self, texts: Iterable[str | None]) -> frozenset[int]:
        found: frozenset[int] = frozenset()
        for text in texts:
            if text is not None:
                found |= self._hits(text)
        return found


def in_mode(bank: Bank, mode: str) -> Bank:
    if not mode:
        return bank
    return replace(bank, terms=tuple(replace(term, mode=Mode(mode)) for term in bank.terms))
