"""What follows from a condition alone: sound, never guessed, and not complete.

All conditions on one value are looked at together. The constants that they compare with cut the
values into cells, in each of which every one of them is either TRUE or FALSE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from engine.language.clauses import OPEN, Bounds, Clause, Leaf, clauses_of
from engine.language.cuts import Comparison, comparison_of, turns
from engine.language.nodes import Apply, Constant, CountRecent, Node, Quantified
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOUNDS: Final = Bounds(64, 64)
_NEVER_NEGATIVE: Final = frozenset({"length", "len", "word_count", "abs"})
_COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">=", "like", "ilike"})
_OTHER: Final = object()


class Literal(NamedTuple):
    comparison: Comparison
    negated: bool


def conjunctions_of(root: Node) -> list[Clause]:
    """The ways in which a condition can be TRUE: in each, all leaves must be."""
    denied = clauses_of(root, _any, BOUNDS, negated=True)
    return [
        tuple(leaf if leaf == OPEN else Leaf(leaf.node, not leaf.negated) for leaf in clause)
        for clause in denied
    ]


def _any(_node: Node) -> bool:
    return True


def never_true(root: Node) -> bool:
    return all(map(_contradicts, conjunctions_of(root)))


def always_true(root: Node) -> bool:
    """Wherever the fields it reads are known."""
    return all(map(_covers, clauses_of(root, _any, BOUNDS)))


def implies(first: Node, second: Node) -> bool:
    """Whether the second is TRUE wherever the first is."""
    given = clauses_of(first, _any, BOUNDS)
    wanted = clauses_of(second, _any, BOUNDS)
    return all(any(_clause_implies(one, other) for one in given) for other in wanted)


def _clause_implies(given: Clause, wanted: Clause) -> bool:
    return OPEN not in wanted and all(
        any(_leaf_implies(one, other) for other in wanted) for one in given
    )


def _leaf_implies(given: Leaf, wanted: Leaf) -> bool:
    if given == wanted and given != OPEN:
        return True
    one, other = literal_of(given), literal_of(wanted)
    if one is None or other is None or one.comparison.subject != other.comparison.subject:
        return False
    return all(second for first, second in cells([one, other]) if first)


# -- conditions on one value ----------------------------------------------------------------------


def literal_of(leaf: Leaf) -> Literal | None:
    """A condition that is no comparison is compared with TRUE; a constant has no value to cut."""
    if leaf.node is None or isinstance(leaf.node, Constant):
        return None
    found = comparison_of(leaf.node)
    return Literal(found or Comparison(leaf.node, "=", (True,)), leaf.negated)


def cells(literals: Sequence[Literal]) -> list[tuple[bool, ...]]:
    """The answer of each literal, all about one value, in every cell of its values."""
    if literals[0].comparison.ordered:
        return _line(literals)
    values = {value for each in literals for value in each.comparison.constants}
    boolean = literals[0].comparison.subject.type.base is Base.BOOLEAN
    every = [True, False] if boolean else [*values, _OTHER]
    return [tuple(_names(each, value) for each in literals) for value in every]


def _names(literal: Literal, value: object) -> bool:
    comparison, negated = literal
    named = value in comparison.constants
    return (named is not (comparison.operator == "<>")) is not negated


def _line(literals: Sequence[Literal]) -> list[tuple[bool, ...]]:
    turning = [turns(each.comparison) for each in literals]
    cuts = sorted({cut for _, points in turning for cut in points})
    starts = [[], *([cut] for cut in cuts)]
    if _is_never_negative(literals[0].comparison.subject):
        starts = [[cut] for cut in sorted({0.0, *cuts}) if cut >= 0]
    return [
        tuple(
            _holds(start, turn) is not each.negated
            for each, turn in zip(literals, turning, strict=True)
        )
        for start in starts
    ]


def _holds(start: list[Any], turn: tuple[bool, list[Any]]) -> bool:
    """start: the least value of the cell; nothing for the first, which has none."""
    at_least, points = turn
    passed = sum(cut <= start[0] for cut in points) if start else 0
    return at_least is not (passed % 2 == 1)


def _is_never_negative(subject: Node) -> bool:
    if isinstance(subject, CountRecent):
        return subject.type.base is Base.NUMBER and subject.counter.value == ""
    if isinstance(subject, Quantified):
        return subject.type.base is Base.NUMBER
    return isinstance(subject, Apply) and subject.operator in _NEVER_NEGATIVE


def _by_subject(leaves: Iterable[Leaf]) -> list[list[Literal]]:
    groups: dict[Node, list[Literal]] = {}
    for literal in map(literal_of, leaves):
        if literal is not None:
            groups.setdefault(literal.comparison.subject, []).append(literal)
    return list(groups.values())


def _contradicts(conjunction: Clause) -> bool:
    """Whether no item can meet all of them."""
    if any(_is_constant(leaf, truth=False) for leaf in conjunction):
        return True
    return any(
        not any(all(cell) for cell in cells(group)) for group in _by_subject(conjunction)
    ) or _wants_missing_and_known(conjunction)


def _covers(clause: Clause) -> bool:
    """Whether one of them is TRUE, whatever the value."""
    if any(_is_constant(leaf, truth=True) for leaf in clause):
        return True
    return any(all(any(cell) for cell in cells(group)) for group in _by_subject(clause))


def _is_constant(leaf: Leaf, *, truth: bool) -> bool:
    """NULL is never TRUE, so it counts as FALSE; so does what is compared with it."""
    if leaf.node is not None and compares_with_null(leaf.node):
        return not truth
    if not isinstance(leaf.node, Constant):
        return False
    value = leaf.node.value
    return not truth if value is None else (bool(value) is not leaf.negated) is truth


def compares_with_null(node: Node) -> bool:
    return (
        isinstance(node, Apply)
        and node.operator in _COMPARISONS
        and any(isinstance(each, Constant) and each.value is None for each in node.arguments)
    )


def _wants_missing_and_known(conjunction: Clause) -> bool:
    missing = {
        leaf.node.arguments[0]
        for leaf in conjunction
        if isinstance(leaf.node, Apply) and leaf.node.operator == "is null" and not leaf.negated
    }
    return any(group[0].comparison.subject in missing for group in _by_subject(conjunction))
