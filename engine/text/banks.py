"""Lists of words and patterns that rules look for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How a term is found. All modes ignore case (Unicode simple case folding).

    WORD: the term, not next to a word character. SUBSTRING: the term anywhere.
    REGEX: RE2 syntax, found anywhere.
    """

    WORD = "word"
    SUBSTRING = "substring"
    REGEX = "regex"


@dataclass(frozen=True)
class Term:
    text: str
    mode: Mode = Mode.WORD
    note: str = ""


@dataclass(frozen=True)
class Bank:
    bank_id: str
    name: str
    terms: tuple[Term, ...]
    version: int = 1


@dataclass(frozen=True)
class Span:
    """Where a term was found: code points of the original text, end exclusive.

    term: its place in the bank.
    """

    start: int
    end: int
    term: int
