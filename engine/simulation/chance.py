"""Where the simulator's luck comes from: the caller's seeded `random.Random`, or its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Chance(Protocol):
    def random(self) -> float: ...
    def randint(self, a: int, b: int, /) -> int: ...
    def choice(self, seq: Sequence[T], /) -> T: ...
    def expovariate(self, lambd: float, /) -> float: ...
    def lognormvariate(self, mu: float, sigma: float, /) -> float: ...


def happens(chance: Chance, probability: float) -> bool:
    return chance.random() < probability


def weighted(chance: Chance, weights: Mapping[T, float]) -> T:
    """One key, as often as its weight says; weights need not sum to one."""
    *firsts, last = weights
    left = chance.random() * sum(weights.values())
    for key in firsts:
        left -= weights[key]
        if left < 0:
            return key
    return last
