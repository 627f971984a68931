"""Entries of a bank brought together with those of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.configuration.banks import MAX_TERMS
from engine.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.text import Term


@dataclass(frozen=True)
class Merged:
    """changed: entries whose note, source or expiry is another; their text and mode are the same.

    removed: entries that are not in the file, when it replaces the bank.
    """

    terms: tuple[Term, ...]
    added: int
    changed: int
    unchanged: int
    removed: int


def merged(current: Sequence[Term], given: Sequence[Term], *, replace: bool) -> Merged:
    """An entry is known by its text and mode. Those of the bank stay in their places.

    Raises InvalidInput when more entries would be left than a bank may have.
    """
    wanted = {(term.text, term.mode): term for term in given}
    before = {(term.text, term.mode): term for term in current}
    kept = [key for key in before if key in wanted or not replace]
    terms = tuple([wanted.get(key, before[key]) for key in kept])
    added = tuple([term for key, term in wanted.items() if key not in before])
    shared = [key for key in before if key in wanted]
    changed = sum(before[key] != wanted[key] for key in shared)
    if len(terms) + len(added) > MAX_TERMS:
        message = f"a bank has at most {MAX_TERMS:,} entries, this would make"
        found = Problem(f"{message} {len(terms) + len(added):,}", "/terms", "use several banks")
        raise InvalidInput(found.message, hint=found.hint, problems=(found,))
    return Merged(
        terms=terms + added,
        added=len(added),
        changed=changed,
        unchanged=len(shared) - changed,
        removed=len(before) - len(kept),
    )
