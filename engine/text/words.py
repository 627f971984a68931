"""Where a word ends: what `word` mode asks of the characters around a match.

Word characters are letters, digits and numbers of every script, connectors such as `_`, and the
marks that spell a vowel. Marks that only decorate a letter (accents, vocalisation, variation
selectors, joiners, soft hyphens) are looked through: striking a letter out does not hide a word,
and a joiner does not end one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_DECORATION_RANGES: Final = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x0300, 0x036F),  # combining diacritics
    (0x0483, 0x0489),  # Cyrillic titlo and the like
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),  # Arabic signs
    (0x064B, 0x065F),  # Arabic vocalisation
    (0x0670, 0x0670),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200C, 0x200D),  # joiners
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
_WORD_CATEGORIES: Final = frozenset({"Mn", "Mc", "Me", "Pc"})
_ASCII_WORD: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_ASCII_END: Final = 0x80


@lru_cache(maxsize=4096)
def is_decoration(char: str) -> bool:
    point = ord(char)
    if not any(low <= point <= high for low, high in _DECORATION_RANGES):
        return False
    return unicodedata.category(char) not in {"Po", "Pd"}  # Hebrew punctuation among its points


@lru_cache(maxsize=4096)
def is_word_character(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char) in _WORD_CATEGORIES


def stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether no word character touches data[start:end]. data: UTF-8; start, end: on characters."""
    return not (_word_before(data, start) or _word_after(data, end))


def _word_before(data: bytes, at: int) -> bool:
    while at > 0:
        first = at - 1
        if data[first] < _ASCII_END:
            return data[first] in _ASCII_WORD
        while data[first] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation byte of UTF-8
            first -= 1
        char = data[first:at].decode("utf-8")
        if not is_decoration(char):
            return is_word_character(char)
        at = first
    return False


def _word_after(data: bytes, at: int) -> bool:
    while at < len(data):
        lead = data[at]
        if lead < _ASCII_END:
            return lead in _ASCII_WORD
        past = at + (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4)  # noqa: PLR2004 - UTF-8
        char = data[at:past].decode("utf-8")
        if not is_decoration(char):
            return is_word_character(char)
        at = past
    return False
