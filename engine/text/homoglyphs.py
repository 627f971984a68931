"""What a character is read as when somebody writes it to be seen and not to be found.

A character's reading is found by asking, in this order: the table of signs that stand for letters
(leetspeak, Coop's table), letters drawn as symbols, its form without accents (NFKD without the
decorations of `words`), and its look-alike in Unicode's confusables data (UTS #39), of its small
letter, then of its capital one. `i` and `l` are one letter: `1`, `!` and `|` are written for both.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

from engine.text.words import is_decoration, is_word_character

SILENT: Final = "\x01"  # joins what stands on its two sides: zero-width characters, accents
LIGHT: Final = "\x02"  # may stand between letters where something stands between all of them
SIGN: Final = "\x03"  # may stand between any two letters of a word
CLOSED: Final = "\x04"  # a closing round bracket: a sign; with an opening one before it an `o`
BLANK: Final = " "  # as LIGHT, and asked for where the term has a blank
BOUND: Final = "!"  # never inside a match
SPECIAL: Final = '"'  # more readings than one, or a longer one
FIRST_LETTER: Final = "0"  # whatever sorts before it is a gap

_STANDS_FOR: Final[Mapping[str, str]] = {
    **dict(zip("0134578", "oieastb", strict=True)),
    **dict(zip("$\u20ac@(!\u00a1|\u00b6+", "seaciiipt", strict=True)),
    "\u00d8": "o",
    "\u00f8": "o",
    "\u0142": "i",
    "\u0110": "d",
    "\u0111": "d",
    "\u00f0": "d",
    "\u0127": "h",
    "\u0167": "t",
    "\u0131": "i",
    "l": "i",
    "\u0431": "b",
    "\u00df": "ss",
    "\u1e9e": "ss",
    "\u00e6": "ae",
    "\u0153": "oe",
    "\u00fe": "th",
    "\u20bf": "b",
    "\u017f": "s",
}
_APOSTROPHES: Final = frozenset("'`\u00b4\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07")
_SIGNS: Final = frozenset("_\u203f\u2040\u2054\u2122\u2120")
_INVISIBLE_LETTERS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co"})
_MARKS: Final = "\u200e\u200f"  # how the library tells which way a character is written
_REGIONAL_A: Final = 0x1F1E6
_DRAWN_A: Final = (0x1F110, 0x1F130, 0x1F150, 0x1F170)  # bracketed, squared, circled, filled
_ALPHABET: Final = 26
_WORDS_FIRST: Final = 0x1F18E  # 🆎, 🆒 and the like
_WORDS_LAST: Final = 0x1F19A


@lru_cache(maxsize=1 << 16)
def reading(char: str) -> str:
    """Letters in small ones (capital ones where a sign stands for a letter), or a kind of gap."""
    if char in ")\uff09":
        return CLOSED
    drawn = _drawn_letter(char)
    if drawn:
        return _letters(drawn)
    gap = _gap(char)
    if gap:
        return gap
    letters = _letters(char)
    if not letters:
        return SIGN
    return letters if is_word_character(char) or _is_drawn(char) else letters.upper()


@lru_cache(maxsize=4096)
def second_reading(char: str) -> str:
    """What a capital looks like by itself where that is another letter: a Greek Nu is an N."""
    if not char.isupper() or char.isascii():
        return reading(char)
    seen = _plain(_prototypes().get(char, char)).casefold()
    return _letters(seen) if seen.isascii() and seen.isalpha() else reading(char)


def _gap(char: str) -> str:
    if char == "\0":
        return BOUND
    if char.isspace():
        return BLANK
    if char in _APOSTROPHES:
        return LIGHT
    if char in _SIGNS:
        return SIGN
    silent = is_decoration(char) or char in _INVISIBLE_LETTERS
    return SILENT if silent or unicodedata.category(char) in _INVISIBLE else ""


def _drawn_letter(char: str) -> str:
    point = ord(char)
    for first in (_REGIONAL_A, *_DRAWN_A):
        if first <= point < first + _ALPHABET:
            return chr(ord("a") + point - first)
    name = unicodedata.name(char, "").rpartition(" ")
    if _WORDS_FIRST <= point <= _WORDS_LAST:
        return name[2].lower()
    return name[2].lower() if name[0] == "LATIN LETTER SMALL CAPITAL" else ""


def _is_drawn(char: str) -> bool:
    return unicodedata.category(char) == "So" or unicodedata.normalize("NFKC", char).isalnum()


def _letters(text: str) -> str:
    letters = "".join(map(_letter, _plain(text).casefold()))
    return "".join(filter(is_word_character, letters))


@lru_cache(maxsize=1 << 14)
def _letter(char: str) -> str:
    """Of a small, plain character."""
    known = _STANDS_FOR.get(char)
    if known is not None:
        return known
    if char.isascii():
        return char
    for form in (char, char.upper()):
        seen = "".join(map(_small_ascii, _plain(_prototypes().get(form, form)).casefold()))
        if seen and seen.isascii():
            return seen
    return char


def _small_ascii(char: str) -> str:
    return _STANDS_FOR.get(char, char)


def _plain(text: str) -> str:
    """Without accents and other decoration, wide and fancy forms made common."""
    if text.isascii():
        return text
    known = _STANDS_FOR.get(text)
    if known is not None:
        return known
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in apart if not is_decoration(char))
    return unicodedata.normalize("NFC", kept)


@cache
def _prototypes() -> Mapping[str, str]:
    """Source -> prototype of UTS #39.

    The library keeps each pair in both directions, in the order of Unicode's file, where the
    source comes first: a key is a source if it has one partner that is no earlier key.
    """
    packed = resources.files("confusable_homoglyphs").joinpath("confusables.json")
    pairs = json.loads(packed.read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for char, partners in pairs.items():
        partner = partners[0]["c"]
        if len(partners) > 1 or found.get(partner) == char:
            continue
        found[char.strip(_MARKS)] = partner.strip(_MARKS)
    return found
