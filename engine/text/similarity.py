"""How alike two texts are, and keys that near duplicates share: most bits of, or whole."""

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

MOST_BANDS: Final = 8
_BAND_SHINGLE: Final = 6  # letters
_ROWS: Final = 2


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
    letters = _letters(text)
    if not letters:
        return None
    shingles = sorted(_runs(letters, _SHINGLE))
    digests = b"".join(blake2b(each.encode(), digest_size=8).digest() for each in shingles)
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(-1, KEY_BITS)
    majority = bits.sum(axis=0, dtype=np.int64) * 2 > len(bits)
    return int.from_bytes(np.packbits(majority).tobytes(), "big")


def near_duplicate_band(text: str, band: int) -> str | None:
    """A key that texts nearly the same are likely to share; None for a text without letters.

    A MinHash of two rows over the letters' runs of six: texts that share the part J of their runs
    have the same key with the probability J * J, independently in each band (0 to MOST_BANDS - 1).
    It depends on nothing but the text and the band, so that keys may be stored and counted.
    Words without a letter, numbers above all, are left out.
    """
    letters = _letters(" ".join(word for word in text.split() if any(map(str.isalpha, word))))
    if not letters:
        return None
    person = bytes([band])
    digests = b"".join(
        blake2b(each.encode(), digest_size=8 * _ROWS, person=person).digest()
        for each in _runs(letters, _BAND_SHINGLE)
    )
    lowest = np.frombuffer(digests, ">u8").reshape(-1, _ROWS).min(axis=0)
    return f"{band + 1}:{lowest.tobytes().hex()}"


def key_distance(one: int, other: int) -> int:
    """Bits in which two keys differ."""
    return (one ^ other).bit_count()


def _letters(text: str) -> str:
    return "".join(char for char in _read(text) if char >= FIRST_LETTER)


def _runs(letters: str, length: int) -> set[str]:
    return {letters[at : at + length] for at in range(max(len(letters) - length, 0) + 1)}


def _ratio(text: str, term: str) -> float:
    compare = fuzz.ratio if len(text) < len(term) else fuzz.partial_ratio
    return compare(text, term) / 100


def _read(text: str) -> str:
    """Small plain letters; a blank for every run of blanks, other gaps left out."""
    page = next(pages(text))
    kept = (char for char in page.letters.lower() if char == " " or char >= FIRST_LETTER)
    return " ".join("".join(kept).split())
