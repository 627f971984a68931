"""How alike two texts are, and a key that near duplicates share most bits of."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from rapidfuzz import fuzz

from engine.text.homoglyphs import FIRST_LETTER
from engine.text.pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BITS: Final = 64
NEAR: Final = 10  # bits of difference up to which two keys are taken for near duplicates
_SHINGLE: Final = 4  # letters


def similarity(text: str, terms: Iterable[str]) -> float:
    """0 to 1, of the best term: how alike it is to the stretch of the text most like it.

    Both are read as in variant mode, so that disguises do not count as differences. A text
    shorter than a term is compared as a whole: a single letter is not alike to every word.
    """
    read = _read(text)
    return max((_ratio(read, _read(term)) for term in terms), default=0.0)


def near_duplicate_key(text: str) -> int | None:
    """A 64-bit simhash of the letters' runs of four; None for a text without letters.

    It depends on nothing but the text, so that keys may be stored. Texts that read alike share a
    key; edits of a few words change a few bits.
    """
    letters = "".join(char for char in _read(text) if char >= FIRST_LETTER)
    if not letters:
        return None
    shingles = {letters[at : at + _SHINGLE] for at in range(max(len(letters) - _SHINGLE, 0) + 1)}
    digests = b"".join(blake2b(each.encode(), digest_size=8).digest() for each in sorted(shingles))
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(-1, KEY_BITS)
    majority = bits.sum(axis=0, dtype=np.int64) * 2 > len(bits)
    return int.from_bytes(np.packbits(majority).tobytes(), "big")


def key_distance(one: int, other: int) -> int:
    """Bits in which two keys differ."""
    return (one ^ other).bit_count()


def _ratio(text: str, term: str) -> float:
    compare = fuzz.ratio if len(text) < len(term) else fuzz.partial_ratio
    return compare(text, term) / 100


def _read(text: str) -> str:
    """Small plain letters; a blank for every run of blanks, other gaps left out."""
    page = next(pages(text))
    kept = (char for char in page.letters.lower() if char == " " or char >= FIRST_LETTER)
    return " ".join("".join(kept).split())
