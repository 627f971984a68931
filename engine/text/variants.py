"""Finds disguised terms: searches a text's streams for their letters, then looks at each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.text.disguises import BEGIN_ENDINGS, disguised
from engine.text.found import ArrayFinder
from engine.text.homoglyphs import BLANK, FIRST_LETTER, SPECIAL, reading
from engine.text.pages import (
    may_begin,
    may_end,
    one_page,
    pages,
    spelled_at,
    stands_free,
    stream,
    written_in_letters,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from engine.text.batches import Joined
    from engine.text.disguises import Disguised
    from engine.text.literals import Backend
    from engine.text.pages import Page


@dataclass(frozen=True)
class Candidates:
    """Literals found, where each starts on the page, and how long it is if it is no disguise, or 0.

    A literal that is no disguise is its one term, letter for letter, between gaps.
    """

    literals: NDArray[np.intp]
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    def those(self, chosen: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.literals[chosen], self.starts[chosen], self.sizes[chosen])


class VariantFinder:
    """terms: each must have letters once folded (`is_disguisable`)."""

    def __init__(self, terms: Sequence[str], backend: Backend) -> None:
        entries: dict[str, list[tuple[int, Disguised]]] = {}
        for number, term in enumerate(terms):
            for spelling in disguised(term):
                for literal in spelling.literals:
                    entries.setdefault(literal, []).append((number, spelling))
        self._lengths = np.array([len(literal) for literal in entries], dtype=np.intp)
        self._least = np.array([_least_letters(each) for each in entries.values()], dtype=np.intp)
        self._entries = list(entries.values())
        self._sizes = np.array([_plain_size(each) for each in self._entries], dtype=np.intp)
        repeats = (each[0][1].plain != literal for literal, each in entries.items())
        self._repeats = np.fromiter(repeats, bool, len(entries))
        self._plain_terms = np.array([each[0][0] for each in self._entries], dtype=np.intp)
        self._has_blanks = any(BLANK in literal for literal in entries)
        self._finder = ArrayFinder([literal.encode() for literal in entries], backend)

    def find(self, text: str) -> set[tuple[int, int, int]]:
        """(term, start, end) in code points of the text."""
        found: set[tuple[int, int, int]] = set()
        for page in pages(text):
            found.update(self._on_page(page))
        return found

    def find_joined(self, joined: Joined) -> Iterator[tuple[int, int]]:
        """(text, term), maybe repeated."""
        page = one_page(joined.text)
        unusual = set(spelled_at(page.codes))
        if SPECIAL in page.letters:
            unusual.update((page.codes == ord(SPECIAL)).nonzero()[0].tolist())
        singly = {joined.text_at(place) for place in unusual}
        for blanks in (True, False) if self._has_blanks else (True,):
            found = self._candidates(page, blanks=blanks)
            if found is not None:
                yield from self._told_apart(page, joined, found, singly)
        for index in singly:
            for term, _, _ in self.find(joined.texts[index]):
                yield index, term

    def _told_apart(
        self, page: Page, joined: Joined, found: Candidates, singly: Collection[int]
    ) -> Iterator[tuple[int, int]]:
        """Those of the texts that are not looked at one by one."""
        undisguised = found.sizes > 0
        terms = self._plain_terms[found.literals[undisguised]]
        texts = joined.texts_at(found.starts[undisguised])
        found_at = zip(texts.tolist(), terms.tolist(), strict=True)
        yield from (each for each in found_at if each[0] not in singly) if singly else found_at
        for term, start, _ in self._looked_at(page, found.those(~undisguised)):
            index = joined.text_at(start)
            if index not in singly:
                yield index, term

    def _on_page(self, page: Page) -> Iterator[tuple[int, int, int]]:
        yield from self._in_stream(page, blanks=True)
        spelled = next(spelled_at(page.codes), None) is not None
        if spelled or self._has_blanks:
            yield from self._in_stream(page, blanks=False)
        if spelled:
            yield from self._in_stream(page.with_signs_as_gaps(), blanks=False)

    def _in_stream(self, page: Page, *, blanks: bool) -> Iterator[tuple[int, int, int]]:
        found = self._candidates(page, blanks=blanks)
        if found is not None:
            yield from self._looked_at(page, found)

    def _candidates(self, page: Page, *, blanks: bool) -> Candidates | None:
        """Where the letters of terms stand, apart from their gaps and repeats."""
        searched = stream(page.codes, blanks=blanks)
        found = self._finder.find(searched.data)
        if not len(found.patterns):
            return None
        literals, starts, lasts = searched.places_of(found, self._lengths, self._least)
        likely = may_begin(page.codes, starts) & may_end(page.codes, lasts, BEGIN_ENDINGS)
        literals, starts, lasts = literals[likely], starts[likely], lasts[likely]
        return Candidates(literals, starts, self._undisguised(page, literals, starts, lasts))

    def _undisguised(
        self,
        page: Page,
        literals: NDArray[np.intp],
        starts: NDArray[np.intp],
        lasts: NDArray[np.intp],
    ) -> NDArray[np.intp]:
        """How long each is that is no disguise; 0 for the others."""
        found = np.zeros(len(literals), dtype=np.intp)
        if page.places is not None:
            return found
        sizes, repeats = self._sizes[literals], self._repeats[literals]
        exact = (lasts - starts + 1 == sizes) & ~repeats
        closer = np.flatnonzero(repeats & (sizes > 0))
        plains = [self._entries[literal][0][1].plain for literal in literals[closer].tolist()]
        exact[closer] = list(map(page.letters.startswith, plains, starts[closer].tolist()))
        places = np.flatnonzero(exact)
        first, last = starts[places], starts[places] + sizes[places] - 1
        places = places[
            stands_free(page.codes, first, last) & written_in_letters(page, first, last)
        ]
        found[places] = sizes[places]
        return found

    def _looked_at(self, page: Page, found: Candidates) -> Iterator[tuple[int, int, int]]:
        for literal, start, size in zip(
            found.literals.tolist(), found.starts.tolist(), found.sizes.tolist(), strict=True
        ):
            entries = self._entries[literal]
            if size:
                yield entries[0][0], start, start + size
                continue
            for term, spelling in entries:
                place = spelling.find(page, start)
                if place is not None:
                    yield term, *place


def _least_letters(entries: Sequence[tuple[int, Disguised]]) -> int:
    """That stand, blanks left out, where one of the terms does that a literal is looked for by."""
    return min(
        sum(count for letter, count in spelling.runs if letter != BLANK) for _, spelling in entries
    )


def _plain_size(entries: Sequence[tuple[int, Disguised]]) -> int:
    """Of the one term that a literal is looked for by; 0 where only a closer look tells."""
    (_, spelling), *others = entries
    plain = spelling.plain
    return len(plain) if spelling.has_letters and not others and BLANK not in plain else 0


def is_disguisable(term: str) -> bool:
    """Whether variant mode sees anything but gaps in it."""
    return any(reading(char) >= FIRST_LETTER for char in term)
