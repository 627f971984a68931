"""The smallest change of one or two conditions that would have turned a rule's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final

from engine.language.cuts import Comparison, comparison_of
from engine.language.explain import combined, joined, leaves_of, shown
from engine.language.nodes import Apply, BankMatch, Node
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.language.explain import Judged

MOST_ALONE: Final = 400
MOST_IN_PAIRS: Final = 40
"""Conditions of a rule up to which changes of one, and of two, are looked for."""

_NUMBERS: Final = ("less than {0}", "{0} or less", "more than {0}", "{0} or more")
_TIMES: Final = ("before {0}", "{0} or earlier", "after {0}", "{0} or later")
_PLACES: Final = {"<": 0, "<=": 1, ">": 2, ">=": 3}
_OPPOSITES: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}

Truths = Mapping[str, bool | None]


@dataclass(frozen=True)
class Change:
    """A condition that would have been TRUE or FALSE instead; words: what would make it so."""

    condition: str
    becomes: bool
    words: str


@dataclass(frozen=True)
class Counterfactual:
    matched: bool
    changes: tuple[Change, ...]

    def sentence(self) -> str:
        verb = "would not have matched" if self.matched else "would have matched"
        return f"It {verb} if {' and '.join(change.words for change in self.changes)}."


def counterfactual(judged: Judged) -> Counterfactual | None:
    """None where no change of one or two conditions is enough, or there are too many to try."""
    leaves = {judged.written(leaf): leaf for leaf in leaves_of(judged.tree)}
    truths: dict[str, bool | None] = {t: judged.outcome(leaf) for t, leaf in leaves.items()}
    matched = judged.outcome(judged.tree) is True
    for size, most in ((1, MOST_ALONE), (2, MOST_IN_PAIRS)):
        found = [
            change
            for change in _changes(truths, size if len(leaves) <= most else 0)
            if (_truth(judged, judged.tree, {**truths, **change}) is True) is not matched
        ]
        if found:
            nearest = min(found, key=lambda change: sum(_far(judged, leaves[t]) for t in change))
            worded = (
                Change(t, b, _words(judged, leaves[t], becomes=b)) for t, b in nearest.items()
            )
            return Counterfactual(matched, tuple(worded))
    return None


def _changes(truths: Truths, size: int) -> Iterator[dict[str, bool]]:
    for chosen in combinations(truths, size) if size else ():
        options = [[b for b in (True, False) if b is not truths[text]] for text in chosen]
        for becomes in product(*options):
            yield dict(zip(chosen, becomes, strict=True))


def _truth(judged: Judged, node: Node, truths: Truths) -> bool | None:
    parts = joined(node)
    if not parts or not isinstance(node, Apply):
        return truths[judged.written(node)]
    below = [_truth(judged, part, truths) for part in parts]
    return combined(node.operator, below)


def _far(judged: Judged, leaf: Node) -> float:
    """How far a number is from where the condition turns; 1 for everything else."""
    comparison = comparison_of(_inner(leaf))
    if comparison is None or comparison.subject.type.base is not Base.NUMBER:
        return 1.0
    value = judged.values[id(comparison.subject)]
    if not isinstance(value, int | float):
        return 1.0
    distance = min(abs(value - each) / (1 + abs(each)) for each in comparison.constants)
    return float(min(distance, 1.0))


def _inner(leaf: Node) -> Node:
    return leaf.arguments[0] if isinstance(leaf, Apply) and leaf.operator == "not" else leaf


# -- words ----------------------------------------------------------------------------------------


def _words(judged: Judged, leaf: Node, *, becomes: bool) -> str:
    inner = _inner(leaf)
    if inner is not leaf:
        return _words(judged, inner, becomes=not becomes)
    comparison = comparison_of(leaf)
    if comparison is not None:
        return f"`{judged.written(comparison.subject)}` were {_range(comparison, becomes=becomes)}"
    match leaf:
        case BankMatch():
            found = "an entry" if becomes else "no entry"
            return f"`{judged.written(leaf.subject)}` matched {found} of the bank '{leaf.bank}'"
        case Apply(operator="is null", arguments=(value,)):
            return f"`{judged.written(value)}` were {'missing' if becomes else 'known'}"
        case _:
            return f"`{judged.written(leaf)}` were {str(becomes).upper()}"


def _range(comparison: Comparison, *, becomes: bool) -> str:
    name, constants = comparison.operator, comparison.constants
    name = name if becomes else _OPPOSITES.get(name, name)
    if name in _PLACES:
        base = comparison.subject.type.base
        return (_TIMES if base is Base.TIME else _NUMBERS)[_PLACES[name]].format(
            *map(shown, constants)
        )
    match name:
        case "=" | "<>":
            return f"{'' if name == '=' else 'other than '}{shown(constants[0])}"
        case "between":
            low, high = map(shown, constants)
            return f"{'between' if becomes else 'not between'} {low} and {high}"
        case _:
            return f"{'one' if becomes else 'none'} of {_several(constants)}"


def _several(constants: Sequence[Any]) -> str:
    listed = [shown(each) for each in constants[:8]]
    return ", ".join([*listed, *(["…"] if len(constants) > len(listed) else [])])
