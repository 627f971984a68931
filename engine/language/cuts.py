"""Comparisons of one value with constants, so that one look at the value answers them all.

Of a value that has an order, a comparison is where along the line it turns TRUE and FALSE again;
of any other, which values it names.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from engine.language.intervals import moment_of
from engine.language.nodes import Apply, Constant, Node
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Iterable

_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_NAMING: Final = frozenset({"=", "<>", "in"})
_ORDERED: Final = frozenset({Base.NUMBER, Base.TIME, Base.DURATION})
_MICROSECOND: Final = timedelta(microseconds=1)


class Comparison(NamedTuple):
    """subject compared with constants as rows hold them; operator stands right of the subject."""

    subject: Node
    operator: str
    constants: tuple[Any, ...]

    @property
    def ordered(self) -> bool:
        return self.subject.type.base in _ORDERED


def held(node: Constant) -> object:
    """What a row holds for a constant: times and intervals are no numbers there."""
    if isinstance(node.value, int) and node.type.base is Base.TIME:
        return moment_of(node.value)
    if isinstance(node.value, int) and node.type.base is Base.DURATION:
        return timedelta(microseconds=node.value)
    return node.value


def comparison_of(node: Node) -> Comparison | None:
    """None where a node is no comparison of one value with known constants."""
    if not isinstance(node, Apply) or node.operator not in {*_MIRRORED, "between", "in"}:
        return None
    name, (subject, *others) = node.operator, node.arguments
    if name in _MIRRORED and isinstance(subject, Constant):
        name, subject, others = _MIRRORED[name], others[0], [subject]
    constants = [each for each in others if isinstance(each, Constant) and each.value is not None]
    if isinstance(subject, Constant) or len(constants) < len(others):
        return None
    found = Comparison(subject, name, tuple(map(held, constants)))
    return found if found.ordered or name in _NAMING else None


def turns(comparison: Comparison) -> tuple[bool, list[Any]]:
    """Whether it holds of the least values, and each value from which on that turns around."""
    name, constants = comparison.operator, comparison.constants
    first = constants[0]
    match name:
        case ">=" | "<":
            return name == "<", [first]
        case ">" | "<=":
            return name == "<=", [*_after(first)]
        case "between":
            low, high = constants
            return False, [low, *_after(high)] if low <= high else []
        case _:
            points = [cut for each in set(constants) for cut in (each, *_after(each))]
            return name == "<>", points


def _after(value: Any) -> Iterable[Any]:
    """The next value there is, if there is one."""
    if isinstance(value, float):
        return [math.nextafter(value, math.inf)]
    if isinstance(value, datetime):
        return [value + _MICROSECOND] if value < datetime.max.replace(tzinfo=value.tzinfo) else []
    return [value + _MICROSECOND]
