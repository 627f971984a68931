"""What a term looks for, and whether it can be looked for at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import InvalidInput, Problem
from engine.text.banks import Bank, Mode, Term
from engine.text.folding import fold, to_utf8
from engine.text.patterns import check_pattern
from engine.text.phrases import words_of
from engine.text.variants import is_disguisable

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TERM_CHARACTERS: Final = 2_000


def mode_of(term: Term) -> Mode:
    """How it is looked for: a disguise of signs alone, a phrase of one word are words."""
    if term.mode is Mode.VARIANT and not is_disguisable(term.text):
        return Mode.WORD
    if term.mode is Mode.PHRASE and len(words_of(term.text)) < 2:  # noqa: PLR2004 - one word
        return Mode.WORD
    return term.mode


def literal_of(term: Term) -> tuple[bytes, bool]:
    """(folded UTF-8, must it stand alone) of a term that is looked for as it is written."""
    return to_utf8(fold(_searched(term))), term.mode is not Mode.SUBSTRING


def bank_problems(bank: Bank) -> Iterator[Problem]:
    """One problem for each term that cannot be looked for; pointers into the bank's document."""
    for index, term in enumerate(bank.terms):
        reason = term_problem(term)
        if reason is not None:
            yield Problem(
                f"Bank '{bank.name}', term {index + 1}: {reason.message}",
                f"/terms/{index}/text",
                reason.hint,
            )


def _searched(term: Term) -> str:
    """The text that is looked for: blanks around a word are not part of it."""
    return term.text if term.mode in {Mode.SUBSTRING, Mode.REGEX} else term.text.strip()


def term_problem(term: Term) -> InvalidInput | None:
    """Why it cannot be looked for."""
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
