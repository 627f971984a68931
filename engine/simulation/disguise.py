"""How spammers spell so that a word list does not see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from engine.simulation.chance import Chance, happens

if TYPE_CHECKING:
    from collections.abc import Callable

_LEET: Final = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
# Cyrillic and Greek letters that look like Latin ones.
_HOMOGLYPHS: Final = str.maketrans(
    {
        "a": "\u0430",
        "c": "\u0441",
        "e": "\u0435",
        "i": "\u0456",
        "o": "\u03bf",
        "p": "\u0440",
        "x": "\u0445",
    }
)
_ZERO_WIDTH: Final = "\u200b"
_WORD = re.compile(r"(?<![\w/.:])[^\W\d_]{5,}(?![\w/.:])")


def leet(word: str) -> str:
    return word.translate(_LEET)


def spaced(word: str) -> str:
    return ".".join(word)


def homoglyphs(word: str) -> str:
    return word.translate(_HOMOGLYPHS)


def zero_width(word: str) -> str:
    middle = len(word) // 2
    return word[:middle] + _ZERO_WIDTH + word[middle:]


DISGUISES: Final[tuple[Callable[[str], str], ...]] = (leet, spaced, homoglyphs, zero_width)


def disguise(text: str, chance: Chance, share: float) -> str:
    """Disguises about `share` of the longer words; links stay whole, for they must still work."""
    trick = chance.choice(DISGUISES)

    def maybe(word: re.Match[str]) -> str:
        return trick(word.group()) if happens(chance, share) else word.group()

    return _WORD.sub(maybe, text)
