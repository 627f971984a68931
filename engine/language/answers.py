"""The answers of many rules at once, as the bits of whole numbers.

Every alternative of every clause of every rule has a bit. One look at a value gives the bits of
all comparisons with it; AND and OR then run over all rules at once. Two numbers make three-valued
logic: the bits known to be TRUE, and those that are unknown.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import accumulate
from operator import xor
from typing import TYPE_CHECKING, Any, Final

from engine.language.clauses import OPEN, Clause, Leaf
from engine.language.cuts import Comparison, turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engine.language.nodes import Node


@dataclass(frozen=True)
class Layout:
    """rules: the clauses of each. The first rule has the highest bit, as digits are written.

    All rules' bits for one clause and one alternative of it stand together, so that shifting by
    the number of rules goes from clause to clause, and by all clauses to the next alternative.
    """

    rules: Sequence[tuple[Clause, ...]]
    clauses: int = field(init=False)
    alternatives: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clauses", max(map(len, self.rules)))
        widest = max(len(clause) for rule in self.rules for clause in rule)
        object.__setattr__(self, "alternatives", widest)

    def leaves(self) -> Iterator[tuple[Leaf, int]]:
        """Every leaf with the number that has its bit alone."""
        for place, rule in enumerate(self.rules):
            for number, clause in enumerate(rule):
                for alternative, leaf in enumerate(clause):
                    yield leaf, self._bit(alternative, number, place)

    def open(self) -> int:
        return _united(bit for leaf, bit in self.leaves() if leaf == OPEN)

    def absent(self) -> int:
        """A rule with fewer clauses than another has TRUE in their place."""
        return _united(
            self._bit(0, number, place)
            for place, rule in enumerate(self.rules)
            for number in range(len(rule), self.clauses)
        )

    def place(self, rule: int) -> int:
        return len(self.rules) - 1 - rule

    def _bit(self, alternative: int, clause: int, rule: int) -> int:
        return 1 << ((alternative * self.clauses + clause) * len(self.rules) + self.place(rule))


def _united(bits: Iterator[int]) -> int:
    whole = 0
    for bit in bits:
        whole |= bit
    return whole


# -- what one look at a value gives ---------------------------------------------------------------


@dataclass
class Asked:
    """What rules ask about one value: the comparison, whether it is negated, its bit."""

    subject: Node
    comparisons: list[tuple[Comparison, bool, int]] = field(default_factory=list)

    @property
    def ordered(self) -> bool:
        return self.comparisons[0][0].ordered

    def every(self) -> int:
        return _united(bit for _, _, bit in self.comparisons)

    def line(self) -> tuple[list[Any], list[int]]:
        """Sorted cuts, and the bits that are TRUE before the first, between two, after the last."""
        start, changes = 0, dict[Any, int]()
        for comparison, negated, bit in self.comparisons:
            at_least, cuts = turns(comparison)
            start |= bit if at_least is not negated else 0
            for cut in cuts:
                changes[cut] = changes.get(cut, 0) ^ bit
        ordered = sorted(changes)
        return ordered, list(accumulate((changes[cut] for cut in ordered), xor, initial=start))

    def named(self) -> tuple[dict[Any, int], int]:
        """The bits that are TRUE of each value that is named, and of any other."""
        otherwise, changes = 0, dict[Any, int]()
        for comparison, negated, bit in self.comparisons:
            otherwise |= bit if (comparison.operator == "<>") is not negated else 0
            for value in set(comparison.constants):
                changes[value] = changes.get(value, 0) ^ bit
        return {value: otherwise ^ change for value, change in changes.items()}, otherwise


# -- bits to answers ------------------------------------------------------------------------------


class _Unknown(dict[int, tuple[bool | None, ...]]):
    """Eight bits of TRUE and eight of unknown to eight answers."""

    def __missing__(self, bits: int) -> tuple[bool | None, ...]:
        true, unknown = divmod(bits, 256)
        self[bits] = tuple(
            None if unknown >> place & 1 else bool(true >> place & 1) for place in range(7, -1, -1)
        )
        return self[bits]


UNKNOWN: Final = _Unknown()
TRUTHS: Final = bytes(each == ord("1") for each in range(256))
"""Turns the digits that bin() writes into what struct reads as truth values."""


def reader_of_truths(rules: int) -> Callable[[bytes], tuple[bool, ...]]:
    return struct.Struct(f"{rules}?").unpack
