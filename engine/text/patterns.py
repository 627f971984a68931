r"""Regular expressions in RE2's syntax, many at once, in time linear in the text.

`^` and `$` mean the whole text, `.` does not match a line feed, case is ignored; `\\b`, `\\w`,
`\\d` and `\\s` know ASCII only, as RE2 has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import re2

from engine.errors import InvalidInput
from engine.text.folding import to_utf8, well_formed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_MEMORY: Final = 8 << 20  # bytes one pattern may need
_SET_MEMORY: Final = 128 << 20  # bytes a set's automaton may grow to; only what it uses is taken
_ALWAYS: Final = ""  # matches every text: missing from an answer, it tells that the set gave up


class PatternSet:
    """patterns: each must compile by itself (`check_pattern`)."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._sets = tuple(_compiled_sets(self._patterns, 0))
        self._singles: dict[int, Any] = {}

    def find(self, text: str) -> list[int]:
        """Indices of the patterns that match somewhere."""
        data = to_utf8(text)
        found: list[int] = []
        for first, count, compiled in self._sets:
            matched = compiled.Match(data) if compiled is not None else None
            if matched and count in matched:
                found.extend(first + index for index in matched if index != count)
            else:
                found.extend(self._find_singly(data, range(first, first + count)))
        return found

    def spans(self, pattern: int, text: str) -> Iterator[tuple[int, int]]:
        """Where a pattern matches, leftmost first and without overlaps; empty matches left out."""
        for match in self._single(pattern).finditer(well_formed(text)):
            if match.end() > match.start():
                yield match.span()

    def _find_singly(self, data: bytes, indices: range) -> list[int]:
        """The slow way, always right: RE2 answers with bounded memory for one pattern."""
        return [index for index in indices if self._single(index).search(data) is not None]

    def _single(self, index: int) -> Any:
        if index not in self._singles:
            self._singles[index] = re2.compile(self._patterns[index], _options(MAX_MEMORY))
        return self._singles[index]


def check_pattern(pattern: str) -> None:
    """Raises InvalidInput with RE2's reason and the place in the pattern."""
    try:
        re2.compile(pattern, _options(MAX_MEMORY))
    except re2.error as error:
        reason = error.args[0]
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidInput(
            f"The regular expression {pattern!r} is not valid: {words}{_place(pattern, words)}.",
            hint="RE2 syntax: no look-around, no back-references, at most 1,000 repetitions.",
        ) from None


def _place(pattern: str, words: str) -> str:
    """RE2 names the part it stumbled over, not its offset."""
    _, _, part = words.partition(": ")
    at = pattern.find(part) if part else -1
    return f" (at character {at + 1})" if at >= 0 else ""


def _options(memory: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def _compiled_sets(patterns: Sequence[str], first: int) -> Iterator[tuple[int, int, Any]]:
    """(index of the first pattern, how many, the set): halved where one set would be too large."""
    if not patterns:
        return
    compiled = re2.Set.SearchSet(_options(_SET_MEMORY))
    try:
        for pattern in (*patterns, _ALWAYS):
            compiled.Add(pattern)
        compiled.Compile()
    except re2.error:
        if len(patterns) == 1:
            yield first, 1, None
            return
        half = len(patterns) // 2
        yield from _compiled_sets(patterns[:half], first)
        yield from _compiled_sets(patterns[half:], first + half)
    else:
        yield first, len(patterns), compiled
