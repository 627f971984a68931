"""Many texts searched as one: a scan costs its start more than its length."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.text.folding import fold, to_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SEPARATOR: Final = b"\0"
MAX_CHARACTERS: Final = 1 << 16


@dataclass(frozen=True)
class Joined:
    """text: the texts with a NUL between each two."""

    texts: Sequence[str]
    text: str

    @cached_property
    def data(self) -> bytes:
        """Folded, as UTF-8."""
        return to_utf8(fold(self.text))

    def text_at(self, place: int) -> int:
        """Which text a character of the joined text lies in."""
        return bisect_left(self._ends, place)

    def texts_at(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """As `text_at`, for many."""
        found: NDArray[np.intp] = np.searchsorted(self._places_of_ends, places)
        return found

    def text_before(self, end: int) -> int:
        """Which text a match lies in that ends here in the data."""
        return bisect_left(self._data_ends, end)

    @cached_property
    def _ends(self) -> Sequence[int]:
        ends: list[int] = self._places_of_ends.tolist()
        return ends

    @cached_property
    def _places_of_ends(self) -> NDArray[np.intp]:
        return _ends(_lengths(self.texts))

    @cached_property
    def _data_ends(self) -> Sequence[int]:
        if self.data.isascii():
            return self._ends
        ends: list[int] = _ends(_lengths(self.data.split(SEPARATOR))).tolist()
        return ends


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, in runs of bounded length; a long text may be a run by itself."""
    ends = np.cumsum(_lengths(texts))
    first = before = 0
    while first < len(texts):
        last = int(np.searchsorted(ends, before + MAX_CHARACTERS, side="right"))
        yield texts[first : last + 1]
        first, before = last + 1, int(ends[min(last, len(texts) - 1)])


def join(texts: Sequence[str]) -> Joined | None:
    """None where a text holds the separator itself."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        return None
    return Joined(texts, joined)


def _lengths(texts: Sequence[str] | Sequence[bytes]) -> NDArray[np.intp]:
    return np.fromiter(map(len, texts), np.intp, len(texts))


def _ends(lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """With one character between each two."""
    return np.cumsum(lengths) + np.arange(len(lengths))
