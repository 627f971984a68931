"""What the text functions mean on one text; DuckDB is held to it by the conformance tests."""

from __future__ import annotations

from typing import Final

SPACES: Final = (
    "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000"
)
"""What trim removes: the Unicode category Zs. Line breaks and tabs stay."""

GAPS: Final = f"\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029{SPACES}"
"""What separates words: everything str.split() splits at."""

_LARGEST_PLACE: Final = 2**31 - 1


def lower(text: str) -> str:
    """Code point by code point: no final sigma, and İ becomes one i."""
    if text.isascii():
        return text.lower()
    return text.replace("\u03a3", "\u03c3").replace("\u0130", "i").lower()


class _Upper(dict[int, int]):
    """Simple upper case of a code point, looked up once each."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        for candidate in (character.upper(), character.title()):
            if len(candidate) == 1:
                self[code] = ord(candidate)
                return self[code]
        self[code] = code
        return code


_UPPER: Final = _Upper({0xDF: 0x1E9E})


def upper(text: str) -> str:
    """Code point by code point: ß becomes ẞ, a ligature without a capital of its own stays."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def substring(text: str, start: float, length: float | None = None) -> str | None:
    """Place 1 is the first character, -1 the last; 0 stands before the first.

    Fractions are cut off. NULL for a negative length, or places beyond 2^31.
    """
    if not (-_LARGEST_PLACE <= start <= _LARGEST_PLACE):
        return None
    place = int(start)
    begin = place - 1 if place >= 0 else len(text) + place
    if length is None:
        return text[max(begin, 0) :]
    if not (0 <= length <= _LARGEST_PLACE):
        return None
    return text[max(begin, 0) : max(begin + int(length), 0)]


def split_part(text: str, separator: str, place: float) -> str:
    """Part `place` from the front, or from the end if negative; empty where there is none.

    An empty separator splits into characters.
    """
    parts = text.split(separator) if separator else list(text)
    index = int(place) - 1 if place > 0 else int(place)
    return parts[index] if place and -len(parts) <= index < len(parts) else ""


def joined(*texts: str | None) -> str:
    return "".join([text for text in texts if text is not None])
