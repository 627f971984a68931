"""What a text looks like, whatever it says: each a share between 0 and 1."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from engine.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_ZWJ: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_KEYCAP: Final = "\u20e3"
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_PICTURES: Final = (range(0x1F000, 0x1FB00), range(0x2600, 0x27C0), range(0x2B00, 0x2C00))
_JOINED_BEFORE: Final = frozenset((_EMOJI_STYLE, _KEYCAP, _ZWJ))
_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)


def caps_ratio(text: str) -> float:
    """Capital letters of all letters that have a case; 0 where none has."""
    upper = sum(map(str.isupper, text))
    cased = upper + sum(map(str.islower, text))
    return upper / cased if cased else 0.0


def repetition_ratio(text: str) -> float:
    """How much of a text says again what it said.

    The share of its words that came before in it, or of its characters that are the third or
    later of a run, whichever is more.
    """
    words = fold(text).split()
    again = (len(words) - len(set(words))) / len(words) if words else 0.0
    return max(again, _in_runs(text))


def emoji_ratio(text: str) -> float:
    """Emoji of all characters that are seen, blanks apart; what is drawn as one counts as one."""
    kinds = list(_seen(text))
    return sum(kinds) / len(kinds) if kinds else 0.0


def _in_runs(text: str) -> float:
    seen = [char for char in fold(text) if not char.isspace()]
    if not seen:
        return 0.0
    third = sum(a == b == c for a, b, c in zip(seen, seen[1:], seen[2:], strict=False))
    return third / len(seen)


def _seen(text: str) -> Iterator[bool]:
    """For each character as it is drawn: whether it is an emoji."""
    at = 0
    while at < len(text):
        size = _emoji_length(text, at)
        if size:
            yield True
        elif not text[at].isspace() and unicodedata.category(text[at]) not in {"Mn", "Me", "Cf"}:
            yield False
        at += size or 1


def _emoji_length(text: str, at: int) -> int:
    """Of the emoji that starts here; 0 where none does."""
    if not _is_picture(text, at):
        return 0
    end = at + 1
    if ord(text[at]) in _REGIONAL and end < len(text) and ord(text[end]) in _REGIONAL:
        return 2
    while end < len(text):
        char = text[end]
        joined = text[end - 1] == _ZWJ and _is_picture(text, end)
        if not (joined or char in _JOINED_BEFORE or ord(char) in _TONES or ord(char) in _TAGS):
            break
        end += 1
    return end - at


def _is_picture(text: str, at: int) -> bool:
    point = ord(text[at])
    if any(point in pictures for pictures in _PICTURES):
        return True
    return text[at + 1 : at + 2] in {_EMOJI_STYLE, _KEYCAP}
