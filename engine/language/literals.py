"""Many fixed texts looked for in one text: found in one pass, whatever their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ahocorasick_rs import AhoCorasick, Implementation

from engine.language.like import contained_text
from engine.language.nodes import Apply, Constant, Node
from engine.language.operator import written_values

if TYPE_CHECKING:
    from collections.abc import Iterable

Find = Callable[[str, bool], list[tuple[int, int, int]]]

FEWEST: Final = 6
"""Looking for fewer one by one is as fast as one pass for all."""

_DENSE_UP_TO: Final = 2_000
_NONE: Final[frozenset[int]] = frozenset()


class LiteralSearches:
    """Which conditions of a graph ask whether a text contains a fixed text, by subject."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        asked: dict[int, dict[str, int]] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._finders: dict[int, Callable[[str], frozenset[int]]] = {}
        self._finds: dict[int, Find] = {}
        for node in nodes:
            wanted = _wanted(node)
            if wanted and isinstance(node, Apply):
                subject = id(node.arguments[0])
                texts = asked.setdefault(subject, {})
                self._places[id(node)] = subject, texts.setdefault(wanted, len(texts))
        self._texts = {key: list(texts) for key, texts in asked.items() if len(texts) >= FEWEST}

    def place(self, node: Node) -> int | None:
        """Where the node's text stands in the answer of its subject's finder."""
        subject, place = self._places.get(id(node), (0, 0))
        return place if subject in self._texts else None

    def owns(self, finder: object) -> bool:
        return finder in self._finders.values()

    def finder(self, subject: Node) -> Callable[[str], frozenset[int]]:
        """Text -> places of the fixed texts that it contains."""
        if id(subject) not in self._finders:
            find, _ = self.every_place(subject)
            self._finders[id(subject)] = _places(find)
        return self._finders[id(subject)]

    def every_place(self, subject: Node) -> tuple[Find, int]:
        """What gives every occurrence, its place first; and how many texts are looked for."""
        if id(subject) not in self._finds:
            self._finds[id(subject)] = _find(self._texts[id(subject)])
        return self._finds[id(subject)], len(self._texts[id(subject)])


def _wanted(node: Node) -> str:
    """The fixed text a condition looks for anywhere in its subject; empty if it does not."""
    if not isinstance(node, Apply):
        return ""
    if node.operator == "contains" and isinstance(node.arguments[1], Constant):
        return str(node.arguments[1].value or "")
    if node.operator == "like":
        _, pattern, *escape = written_values(node)
        return contained_text(str(pattern), str(escape[0]) if escape else "")
    return ""


def _find(texts: list[str]) -> Find:
    dense = len(texts) <= _DENSE_UP_TO
    automaton = AhoCorasick(
        texts, implementation=Implementation.DFA if dense else Implementation.ContiguousNFA
    )
    return automaton.find_matches_as_indexes


def _places(find: Find) -> Callable[[str], frozenset[int]]:
    def search(text: str) -> frozenset[int]:
        found = find(text, True)  # overlapping; by place because that is faster
        return frozenset([each[0] for each in found]) if found else _NONE

    return search
