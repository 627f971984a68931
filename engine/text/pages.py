"""Texts as variant mode sees them: one letter, or kind of gap, for each character."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.text.homoglyphs import (
    BLANK,
    CLOSED,
    FIRST_LETTER,
    LIGHT,
    SILENT,
    SPECIAL,
    reading,
    second_reading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from engine.text.found import Found

    Codes = NDArray[Any]  # uint8 of an ASCII page, else uint32

_POINTS: Final = 0x110000
_ASCII: Final = bytes(ord(reading(chr(point))) for point in range(128)) * 2
_ASCII_POINTS: Final = 128
_OPEN_CLOSED: Final = "C" + CLOSED  # `()`
_ROUND: Final = "O" + SILENT
MOST_ALIKE: Final = 3  # times a letter may stand in a row in a word that is spelled out
_SPELLED: Final = 3
_WORD: Final = 16  # bits
_FEW: Final = 32
_REACH: Final = 24  # characters within which three letters stand by themselves
_ALPHABET: Final = 26
_UP: Final = 5  # the bit that tells a small letter from a capital one


@dataclass(frozen=True)
class Page:
    """letters: as in `homoglyphs`. places: of each of them in the text; None: the same ones."""

    text: str
    letters: str
    places: Sequence[int] | None = None

    @cached_property
    def codes(self) -> Codes:
        return codes_of(self.letters)

    def place(self, at: int) -> int:
        return at if self.places is None else self.places[at]

    def with_signs_as_gaps(self) -> Page:
        """The other way to read `|` and its like: between letters, not for one."""
        codes = self.codes.copy()
        codes[_stand_for_letters(codes)] = ord(LIGHT)
        return Page(self.text, _decoded(codes), self.places)


@dataclass(frozen=True)
class Stream:
    """A page without its gaps and repeats, to be searched.

    data: UTF-8. kept: what of the page is no gap, None where all of it is; first: what of that is
    no repeat. letters: which letter, counted from 0, each byte belongs to; None where every letter
    is one byte.
    """

    data: bytes
    kept: NDArray[np.bool_] | None
    first: NDArray[np.bool_]
    letters: NDArray[np.intp] | None

    def places_of(
        self, found: Found, lengths: NDArray[np.intp], least: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """The literals found, the places on the page of their first letters and of their last.

        lengths: of the literals, in letters. least: how many letters, repeats among them, each
        must stand for; those that stand for fewer are left out.
        """
        literals, last = found.patterns, found.ends - 1
        if self.letters is not None:
            last = self.letters[last]
        repeated = np.flatnonzero(least[literals] > lengths[literals])
        nth = np.concatenate((last - lengths[literals] + 1, last, last[repeated] + 1))
        places = _place_of(np.append(self.first, True), nth)
        starts, lasts, ends = np.split(places, (len(last), 2 * len(last)))
        if len(repeated):
            likely = np.ones(len(literals), dtype=bool)
            likely[repeated] = ends - starts[repeated] >= least[literals[repeated]]
            literals, starts, lasts = literals[likely], starts[likely], lasts[likely]
        if self.kept is not None:
            starts, lasts = np.split(_place_of(self.kept, np.concatenate((starts, lasts))), 2)
        return literals, starts, lasts


def one_page(text: str) -> Page:
    """What is read in two ways, or as several letters, is SPECIAL on it."""
    if text.isascii():
        letters = text.encode("ascii").translate(_ASCII).decode("ascii")
    else:
        letters = _decoded(_looked_up(codes_of(text)))
    return Page(text, letters.replace(_OPEN_CLOSED, _ROUND) if CLOSED in letters else letters)


def pages(text: str) -> Iterator[Page]:
    """Every way to read a text."""
    page = one_page(text)
    if SPECIAL not in page.letters:
        yield page
        return
    first = _spelled_out(text, reading)
    yield first
    second = _spelled_out(text, second_reading)
    if second.letters != first.letters:
        yield second


def codes_of(letters: str) -> Codes:
    if letters.isascii():
        return np.frombuffer(letters.encode("ascii"), np.uint8)
    return np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32)


def stream(codes: Codes, *, blanks: bool) -> Stream:
    """blanks: whether they stay, each run of them as one."""
    seen = codes >= ord(BLANK) if blanks else codes > ord(BLANK)
    kept = None if seen.all() else seen
    left = codes if kept is None else codes[kept]
    signs = _stand_for_letters(left)
    if signs.any():
        left = left | (signs.view(np.uint8) << _UP).astype(left.dtype, copy=False)
    first = np.ones(len(left), dtype=bool)
    np.not_equal(left[1:], left[:-1], out=first[1:])
    left = left[first]
    if left.dtype == np.uint8:
        return Stream(left.tobytes(), kept, first, None)
    data = _decoded(left).encode("utf-8")
    leads = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80  # noqa: PLR2004 - not a continuation byte
    return Stream(data, kept, first, np.cumsum(leads) - 1)


def stands_free(codes: Codes, first: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether gaps that are seen lie before these letters and after those."""
    edges = np.array([ord(BLANK)], codes.dtype)
    around = np.concatenate((edges, codes, edges))
    before, after = around[first], around[last + 2]
    free = (before < ord(FIRST_LETTER)) & (before != ord(SILENT))
    free &= (after < ord(FIRST_LETTER)) & (after != ord(SILENT))
    is_free: NDArray[np.bool_] = free
    return is_free


def written_in_letters(
    page: Page, first: NDArray[np.intp], last: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Whether no figure or sign stands for a letter from these places to those."""
    text = page.text
    places = zip(first.tolist(), (last + 1).tolist(), strict=True)
    return np.array([text[start:end].isalpha() for start, end in places], dtype=bool)


def may_begin(codes: Codes, at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether a word may begin at or after these letters: other letters do not touch both sides."""
    edges = np.array([ord(BLANK)], codes.dtype)
    around = np.concatenate((edges, codes, edges))
    before, here, after = around[at], around[at + 1], around[at + 2]
    inside = (before >= ord(FIRST_LETTER)) & (after >= ord(FIRST_LETTER)) & (after != here)
    inside &= ~(_stand_for_letters(before) | _stand_for_letters(after))
    begins: NDArray[np.bool_] = ~inside
    return begins


def may_end(codes: Codes, at: NDArray[np.intp], begin_endings: str) -> NDArray[np.bool_]:
    """Whether a word may end with these letters, or go on with one that an ending begins with."""
    edges = np.array([ord(BLANK)], codes.dtype)
    around = np.concatenate((edges, codes, edges))
    here, after = around[at + 1], around[at + 2]
    goes_on = (after >= ord(FIRST_LETTER)) & (after != here)
    goes_on &= ~(_stand_for_letters(here) | _stand_for_letters(after))
    goes_on &= ~_among(begin_endings)[np.minimum(after, _ASCII_POINTS - 1)]
    ends: NDArray[np.bool_] = ~goes_on
    return ends


@cache
def _among(letters: str) -> NDArray[np.bool_]:
    """By ASCII code point."""
    return np.array([chr(point) in letters for point in range(_ASCII_POINTS)])


def _place_of(flags: NDArray[np.bool_], nth: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where the nth flag that is set stands; for a few of very many, whole words are skipped."""
    if len(nth) * _FEW > len(flags):
        return np.flatnonzero(flags)[nth]
    padded = np.zeros(-(-len(flags) // _WORD) * _WORD, dtype=bool)
    padded[: len(flags)] = flags
    counts = np.bitwise_count(np.packbits(padded).view(np.uint16)).astype(np.intp)
    before = np.cumsum(counts) - counts
    word = np.searchsorted(before, nth, side="right") - 1
    looked_at = counts[word]
    inside = np.flatnonzero(padded.reshape(-1, _WORD)[word])
    chosen = inside[np.cumsum(looked_at) - looked_at + nth - before[word]]
    place: NDArray[np.intp] = word * _WORD + chosen % _WORD
    return place


def spelled_at(codes: Codes) -> Iterator[int]:
    """Places near which three letters in a row stand by themselves, as in `h e l l o`."""
    if (codes == ord(SILENT)).any():
        kept = np.flatnonzero(codes != ord(SILENT))
        yield from (int(kept[place]) for place in spelled_at(codes[kept]))
        return
    signs = _stand_for_letters(codes)
    gaps = codes < ord(FIRST_LETTER)
    yield from _spelled(codes, gaps)
    if signs.any():
        yield from _spelled(codes, gaps | signs)


def _spelled(codes: Codes, gaps: NDArray[np.bool_]) -> Iterator[int]:
    size = len(codes)
    gap = np.ones(size + MOST_ALIKE + 1, dtype=bool)
    gap[1 : size + 1] = gaps
    alike = np.zeros(size + MOST_ALIKE, dtype=bool)
    np.equal(codes[1:], codes[:-1], out=alike[: max(size - 1, 0)])
    over = gap[MOST_ALIKE + 1 :]
    for ahead in range(MOST_ALIKE - 1, 0, -1):
        over = gap[ahead + 1 : ahead + 1 + size] | (alike[ahead - 1 : ahead - 1 + size] & over)
    begins = gap[:size] & ~gap[1 : size + 1]
    alone = np.flatnonzero(begins & over)
    near = alone[_SPELLED - 1 :] - alone[: 1 - _SPELLED] <= _REACH
    for nth in np.flatnonzero(near):
        first, last = alone[nth], alone[nth + _SPELLED - 1]
        if np.count_nonzero(begins[first : last + 1]) == _SPELLED:
            yield int(first)


def _stand_for_letters(codes: Codes) -> NDArray[np.bool_]:
    """Capitals. What sorts before them becomes large, as codes have no sign."""
    stands: NDArray[np.bool_] = codes - codes.dtype.type(ord("A")) < _ALPHABET
    return stands


def _decoded(codes: Codes) -> str:
    return codes.tobytes().decode("ascii" if codes.dtype == np.uint8 else "utf-32-le")


@cache
def _readings() -> NDArray[np.uint32]:
    """Of every code point, filled in as they are met; 0: not met yet."""
    return np.zeros(_POINTS, np.uint32)


def _looked_up(points: Codes) -> Codes:
    known = _readings()
    found = known[points]
    if not found.all():
        for point in np.unique(points[found == 0]).tolist():
            known[point] = ord(_single(chr(point)))
        found = known[points]
    return found


def _single(char: str) -> str:
    letters = reading(char)
    return letters if len(letters) == 1 and second_reading(char) == letters else SPECIAL


def _spelled_out(text: str, read: Callable[[str], str]) -> Page:
    parts = [read(char) for char in text]
    places = [place for place, part in enumerate(parts) for _ in part]
    return Page(text, "".join(parts).replace(_OPEN_CLOSED, _ROUND), places)
