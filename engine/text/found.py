"""Finds fixed byte strings of any length, and says where as arrays.

Strings of a few bytes are in every text many times, and telling of each by a call would cost more
than the search: those are looked up in tables, for all places at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.text.literals import literal_finder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from engine.text.literals import Backend

_BYTES: Final = 256
_SHORT: Final = 3
_MANY: Final = 32
_KEYS: Final = 1 << 16
_NONE: Final = -1


@dataclass(frozen=True)
class Found:
    """The index of each occurrence's pattern, and the place one past its last byte."""

    patterns: NDArray[np.intp]
    ends: NDArray[np.intp]


class ArrayFinder:
    """Every occurrence, overlapping ones too, in no order. patterns: without the empty one."""

    def __init__(self, patterns: Sequence[bytes], backend: Backend) -> None:
        self._short = _Short(patterns)
        longer = [nth for nth, each in enumerate(patterns) if len(each) > self._short.longest]
        self._longer = np.array(longer, dtype=np.intp)
        self._finder = literal_finder([patterns[nth] for nth in longer], backend)

    def find(self, data: bytes) -> Found:
        found = self._finder.find(data) if self._finder else ()
        places = np.fromiter(chain.from_iterable(found), np.intp, 2 * len(found)).reshape(-1, 2)
        each = [Found(self._longer[places[:, 0]], places[:, 1]), *self._short.find(data)]
        return Found(
            np.concatenate([one.patterns for one in each]),
            np.concatenate([one.ends for one in each]),
        )


class _Short:
    """Those of the patterns that have up to `longest` bytes.

    A byte counts as its class: those that patterns are made of have one each, all others are of
    class 0. A table says which pattern the classes of some bytes in a row spell, or _NONE.
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        short = [each for each in patterns if len(each) <= _SHORT]
        used = sorted(set(chain.from_iterable(short)))
        self._base = len(used) + 1
        self._classes = bytes(used.index(byte) + 1 if byte in used else 0 for byte in range(_BYTES))
        self.longest = _longest(short, self._base)
        numbers = {each: nth for nth, each in enumerate(patterns) if len(each) <= self.longest}
        self._tables = [self._table(numbers, size) for size in range(1, self.longest + 1)]

    def find(self, data: bytes) -> Iterator[Found]:
        for size, keys in self._keys(data):
            table = self._tables[size - 1]
            if table is not None:
                meant = table.take(keys, mode="clip")
                places = np.flatnonzero(meant != _NONE)
                yield Found(meant[places].astype(np.intp), places + size)

    def _table(self, numbers: Mapping[bytes, int], size: int) -> NDArray[np.int32] | None:
        chosen = {each: nth for each, nth in numbers.items() if len(each) == size}
        if not chosen:
            return None
        table = np.full(self._base**size, _NONE, dtype=np.int32)
        for each, nth in chosen.items():
            table[dict(self._keys(each))[size]] = nth
        return table

    def _keys(self, data: bytes) -> Iterator[tuple[int, NDArray[np.uint16]]]:
        """What as many bytes in a row spell, at each place where they begin."""
        if not self.longest:
            return
        classes = np.frombuffer(data.translate(self._classes), np.uint8)
        keys = classes.astype(np.uint16)
        yield 1, keys
        for size in range(2, self.longest + 1):
            keys = keys[:-1] * np.uint16(self._base) + classes[size - 1 :]
            yield size, keys


def _longest(short: Sequence[bytes], base: int) -> int:
    """How many bytes are looked up: a few patterns of three are found sooner by the automaton."""
    sizes = Counter(map(len, short))
    if sizes[_SHORT] >= _MANY and base**_SHORT <= _KEYS:
        return _SHORT
    return max((size for size in sizes if size < _SHORT), default=0)
