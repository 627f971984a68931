"""Many texts searched as one: a scan costs its start more than its length."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from engine.text.folding import fold, to_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEPARATOR: Final = b"\0"
MAX_CHARACTERS: Final = 1 << 16


@dataclass(frozen=True)
class Joined:
    """data: the texts, folded, as UTF-8, with a NUL between each two. ends: where each ends."""

    data: bytes
    ends: Sequence[int]

    def text_at(self, end: int) -> int:
        """Which text a match that ends here lies in."""
        return bisect_left(self.ends, end)


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
    data = to_utf8(fold(joined))
    lengths = map(len, texts if data.isascii() else data.split(SEPARATOR))
    return Joined(data, [end - 1 for end in accumulate(length + 1 for length in lengths)])
