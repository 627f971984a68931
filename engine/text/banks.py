"""Lists of words and patterns that rules look for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Mode(StrEnum):
    """How a term is found. All modes ignore case (Unicode simple case folding).

    WORD: the term, not next to a word character. SUBSTRING: the term anywhere.
    PHRASE: its words in order, a few others allowed between them (`phrases`).
    REGEX: RE2 syntax, found anywhere. VARIANT: however it is disguised (`disguises`); a term
    of signs alone is found as in WORD.
    """

    WORD = "word"
    SUBSTRING = "substring"
    PHRASE = "phrase"
    REGEX = "regex"
    VARIANT = "variant"


@dataclass(frozen=True)
class Term:
    """source: where it comes from. expires_at: aware; from then on it is no longer looked for."""

    text: str
    mode: Mode = Mode.WORD
    note: str = ""
    source: str = ""
    expires_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at


@dataclass(frozen=True)
class Bank:
    bank_id: str
    name: str
    terms: tuple[Term, ...]
    version: int = 1

    def at(self, time: datetime) -> Bank:
        """The bank without the terms that have expired by then."""
        live = tuple(term for term in self.terms if term.is_live(time))
        return self if len(live) == len(self.terms) else replace(self, terms=live)


@dataclass(frozen=True)
class Span:
    """Where a term was found: code points of the original text, end exclusive.

    term: its place in the bank.
    """

    start: int
    end: int
    term: int
