"""What a term looks for, and whether it can be looked for at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import InvalidInput, Problem
from engine.text.banks import Bank, Mode, Term
from engine.text.folding import fold, to_utf8
from engine.text.patterns import check_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TERM_CHARACTERS: Final = 2_000


def literal_of(term: Term) -> tuple[bytes, bool]:
    """(folded UTF-8, must it stand alone) of a term that is not a regular expression."""
    return to_utf8(fold(_searched(term))), term.mode is Mode.WORD


def bank_problems(bank: Bank) -> Iterator[Problem]:
    """One problem for each term that cannot be looked for; pointers into the bank's document."""
    for index, term in enumerate(bank.terms):
        reason = _refusal(term)
        if reason is not None:
            yield Problem(
                f"Bank '{bank.name}', term {index + 1}: {reason.message}",
                f"/terms/{index}/text",
                reason.hint,
            )


def _searched(term: Term) -> str:
    """The text that is looked for: blanks around a word are not part of it."""
    return term.text.strip() if term.mode is Mode.WORD else term.text


def _refusal(term: Term) -> InvalidInput | None:
    if not _searched(term):
        return InvalidInput("the term is empty.", hint="Give at least one character.")
    if len(term.text) > MAX_TERM_CHARACTERS:
        return InvalidInput(f"the term is longer than {MAX_TERM_CHARACTERS} characters.")
    if not term.text.isascii() and any("\ud800" <= char <= "\udfff" for char in term.text):
        return InvalidInput("the term holds half of a surrogate pair.")
    if term.mode is Mode.REGEX:
        try:
            check_pattern(term.text)
        except InvalidInput as error:
            return error
    return None
