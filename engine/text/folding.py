"""Case folding that keeps places: Unicode *simple* case folding.

It maps every code point to exactly one, so that a place in the folded text is the same place in
the original; the map of offsets is the identity. `ß` stays `ß` (full folding would make it `ss`),
`ẞ` becomes `ß`, the Kelvin sign `k`, a sigma at the end of a word a common one.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


def fold(text: str) -> str:
    """The text with its case folded away, code point for code point."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded  # full folding only ever lengthens: where it did not, it is the simple one
    parts = _EXPANDING.split(text)
    parts[::2] = [part.casefold() for part in parts[::2]]
    parts[1::2] = [_fold_expanding(char) for char in parts[1::2]]
    return "".join(parts)


def to_utf8(text: str) -> bytes:
    """UTF-8; half of a surrogate pair becomes U+FFFD, which keeps the count of code points."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub(_REPLACEMENT, text).encode("utf-8")


def well_formed(text: str) -> str:
    """The text with half surrogate pairs replaced by U+FFFD, one for one."""
    return text if text.isascii() else _SURROGATE.sub(_REPLACEMENT, text)


def places_of(data: bytes) -> Sequence[int]:
    """The code point that starts at each byte offset of a UTF-8 text, and one past the end."""
    if data.isascii():
        return range(len(data) + 1)
    starts = (byte & 0xC0 != 0x80 for byte in data)  # noqa: PLR2004 - not a continuation byte
    return [0, *accumulate(starts)]


def _fold_expanding(char: str) -> str:
    """Simple folding of a character whose full folding is longer: its lower case, if one long."""
    lower = char.lower()
    return lower if len(lower) == 1 else char


def _expanding_characters() -> re.Pattern[str]:
    """All of them lie in the basic plane."""
    expanding = (c for c in map(chr, range(0x10000)) if len(c.casefold()) > 1)
    return re.compile(f"([{''.join(expanding)}])")


_EXPANDING: Final = _expanding_characters()
