"""Many texts searched as one: a scan costs its start more than its length."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.text.folding import fold, to_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
        found: NDArray[np.intp] = np.searchsorted(np.array(self._ends, np.intp), places)
        return found

    def text_before(self, end: int) -> int:
        """Which text a match lies in that ends here in the data."""
        return bisect_left(self._data_ends, end)

    @cached_property
    def _ends(self) -> Sequence[int]:
        return _ends(map(len, self.texts))

    @cached_property
    def _data_ends(self) -> Sequence[int]:
        return self._ends if self.data.isascii() else _ends(map(len, self.data.split(SEPARATOR)))


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, in runs of bounded length; a long text may be a run by itself."""
    first = size = 0
    for index, text in enumerate(texts):
        size += len(text)
        if size > MAX_CHARACTERS:
            yield texts[first : index + 1]
            first, size = index + 1, 0
    if first < len(texts):
        yield texts[first:]


def join(texts: Sequence[str]) -> Joined | None:
    """None where a text holds the separator itself."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        return None
    return Joined(texts, joined)


def _ends(lengths: Iterable[int]) -> Sequence[int]:
    return list(map(add, accumulate(lengths), count()))
