"""Finds any of many fixed byte strings at once, behind one small interface."""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import ahocorasick_rs

if TYPE_CHECKING:
    from collections.abc import Sequence

# Not every platform has a wheel of it.
hyperscan: Any = import_module("hyperscan") if find_spec("hyperscan") else None

Backend = Literal["hyperscan", "portable"]

_NUL: Final = b"\0"
_UNUSED: Final = b"\xff"
_DENSE_UP_TO: Final = 10_000  # patterns; past this a dense automaton no longer fits the caches


class LiteralFinder(Protocol):
    def find(self, data: bytes) -> Sequence[tuple[int, int]]:
        """Every occurrence, overlapping ones too, as (pattern's index, end offset)."""


class PortableFinder:
    """Aho-Corasick: runs everywhere, and says what is right."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        implementation = ahocorasick_rs.Implementation
        self._automaton = ahocorasick_rs.BytesAhoCorasick(
            patterns,
            implementation=implementation.DFA
            if len(patterns) <= _DENSE_UP_TO
            else implementation.ContiguousNFA,
        )

    def find(self, data: bytes) -> Sequence[tuple[int, int]]:
        found = self._automaton.find_matches_as_indexes(data, overlapping=True)
        return [(pattern, end) for pattern, _, end in found]


class HyperscanFinder:
    """A hyperscan database of pure literals. Each thread scans with a scratch space of its own.

    patterns: UTF-8. The binding ends a pattern at its first NUL, so that NULs are spelled with a
    byte that UTF-8 never uses, in patterns and data alike.
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._has_nul = any(_NUL in pattern for pattern in patterns)
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[pattern.replace(_NUL, _UNUSED) for pattern in patterns],
            ids=list(range(len(patterns))),
            elements=len(patterns),
            flags=[0] * len(patterns),
            literal=True,
        )
        self._local = threading.local()

    def find(self, data: bytes) -> Sequence[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        try:
            scratch = self._local.scratch
        except AttributeError:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        if self._has_nul:
            data = data.replace(_NUL, _UNUSED)
        self._database.scan(data, _keep, 0, found, scratch)
        return found


def default_backend() -> Backend:
    return "portable" if hyperscan is None else "hyperscan"


def literal_finder(patterns: Sequence[bytes], backend: Backend) -> LiteralFinder | None:
    """None where there is nothing to find."""
    if not patterns:
        return None
    return PortableFinder(patterns) if backend == "portable" else HyperscanFinder(patterns)


def _keep(pattern: int, _start: int, end: int, _flags: int, found: Any) -> None:
    found.append((pattern, end))
