"""A rule as clauses: all of them must be TRUE, each has alternatives, one of which must be.

De Morgan's laws and distribution hold in three-valued logic too (AND is the least, OR the greatest
of FALSE < unknown < TRUE), so nothing of a rule's meaning is lost. What does not fit is left open:
its value is looked up only if the rest of the rule does not decide.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.language.nodes import Apply, Node

if TYPE_CHECKING:
    from collections.abc import Callable


class Bounds(NamedTuple):
    """How many clauses a rule, and alternatives a clause, may have before some are left open."""

    clauses: int
    alternatives: int


INDEXED: Final = Bounds(6, 4)


class Leaf(NamedTuple):
    """A condition, or its negation; node is None where the answer is left open."""

    node: Node | None
    negated: bool = False


OPEN: Final = Leaf(None)
Clause = tuple[Leaf, ...]
_OPPOSITE: Final = {"and": "or", "or": "and"}


def clauses_of(
    root: Node, fits: Callable[[Node], bool], bounds: Bounds = INDEXED, *, negated: bool = False
) -> tuple[Clause, ...]:
    """fits: whether a condition's answer can be had beforehand; else it is left open."""
    whole = _clauses(root, fits, bounds, negated=negated)
    found = list(dict.fromkeys(_bounded(each, bounds) for each in whole))
    if len(found) <= bounds.clauses:
        return tuple(found)
    closed = sorted(found, key=lambda clause: OPEN in clause)
    return (*closed[: bounds.clauses - 1], (OPEN,))


def is_open(clauses: tuple[Clause, ...]) -> bool:
    return any(OPEN in clause for clause in clauses)


def _bounded(clause: Clause, bounds: Bounds) -> Clause:
    return clause if len(clause) <= bounds.alternatives else (OPEN,)


def _clauses(
    node: Node, fits: Callable[[Node], bool], bounds: Bounds, *, negated: bool
) -> list[Clause]:
    if isinstance(node, Apply) and node.operator == "not":
        return _clauses(node.arguments[0], fits, bounds, negated=not negated)
    if not isinstance(node, Apply) or node.operator not in _OPPOSITE:
        return [(Leaf(node, negated) if fits(node) else OPEN,)]
    parts = [_clauses(each, fits, bounds, negated=negated) for each in node.arguments]
    if (_OPPOSITE[node.operator] if negated else node.operator) == "and":
        return [clause for part in parts for clause in part]
    return _distributed(parts, bounds)


def _distributed(parts: list[list[Clause]], bounds: Bounds) -> list[Clause]:
    """That is: a OR (b AND c) becomes (a OR b) AND (a OR c)."""
    size = 1
    for part in parts:
        size *= len(part)
    if size > bounds.clauses:
        return [(OPEN,)]
    return [
        tuple(dict.fromkeys(leaf for clause in chosen for leaf in clause))
        for chosen in product(*parts)
    ]
