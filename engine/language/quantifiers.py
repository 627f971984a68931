"""any(condition), all(condition) and count(condition): a condition asked of every element.

In the condition the list stands for its element. Which list is meant is plain where only one is
named, and else written first: any(tags, NOT list_contains(allowed, tags)).
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.format import format_rule
from engine.language.names import Bound, list_in
from engine.language.nodes import (
    Apply,
    Constant,
    Name,
    Node,
    Operation,
    Quantified,
    Quantifier,
    Syntax,
)
from engine.language.registry import REGISTRY
from engine.language.spelling import field_path, resolved
from engine.language.types import BOOLEAN, ERROR, NULL, NUMBER, Base, list_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.checker import Checker, Special
    from engine.language.names import Path

DEEPEST_LISTS: Final = 2
"""Lists whose elements can be looked at together: the work grows with the product of lengths."""

_FORMS: Final = {"any": Quantifier.ANY, "all": Quantifier.ALL, "count": Quantifier.COUNT}
_MOST_ARGUMENTS: Final = 2
_MAY_GIVE_LISTS: Final = frozenset({"coalesce", "case"})


def quantified(checker: Checker, operation: Operation, quantifier: Quantifier) -> Node:
    subject = _subject(checker, operation)
    node = None if subject is None else _elements(checker, operation, checker.node(subject))
    if subject is None or node is None or node.type.element is None:
        return Constant(ERROR, None, operation.span)
    level = len(checker.bounds)
    checker.bounds.append(Bound(_key(checker, subject), node.type.element, level))
    also = " For how many elements there are, write len(list)." if operation.name == "count" else ""
    condition = checker.condition(operation.arguments[-1], also)
    checker.bounds.pop()
    if condition.type == ERROR:
        return Constant(ERROR, None, operation.span)
    if condition.type == NULL:
        condition = Constant(BOOLEAN, None, condition.span)
    returns = NUMBER if quantifier is Quantifier.COUNT else BOOLEAN
    return Quantified(returns, quantifier, node, condition, level, operation.span)


def _subject(checker: Checker, operation: Operation) -> Syntax | None:
    """The list, as it is written; None, and reported, where it cannot be told."""
    given = operation.arguments
    if not 1 <= len(given) <= _MOST_ARGUMENTS:
        checker.choose(REGISTRY[operation.name], [Constant(BOOLEAN, None)] * len(given), operation)
        return None
    if len(checker.bounds) == DEEPEST_LISTS:
        checker.report(
            "too-deep",
            f"Elements may be looked at {DEEPEST_LISTS} lists deep; this goes deeper.",
            "Use list_contains(list, value) for the innermost.",
            operation.span,
        )
        return None
    if len(given) < _MOST_ARGUMENTS:
        return _only_list(checker, operation)
    return None if _is_condition(checker, operation, given[0]) else given[0]


def _is_condition(checker: Checker, operation: Operation, first: Syntax) -> bool:
    """Whether a condition stands where the list should, which is then reported."""
    positive = first.name.removeprefix("not ") if isinstance(first, Operation) else ""
    operator = REGISTRY.get(positive)
    if (
        operator is None
        or operator.group not in {"compare", "logic"}
        or positive in _MAY_GIVE_LISTS
    ):
        return False
    checker.report(
        "wrong-type",
        f"{operation.name}() takes the list first and one condition after it.",
        f"Write {operation.name}(list, condition); join several conditions with AND.",
        first.span,
    )
    return True


def _only_list(checker: Checker, operation: Operation) -> Syntax | None:
    [condition] = operation.arguments
    named = _lists(checker, condition, inside=False) or _lists(checker, condition, inside=True)
    if len(named) == 1:
        return next(iter(named.values()))
    name = operation.name
    if named:
        lists = ", ".join(format_rule(each) for each in named.values())
        checker.report(
            "too-many-lists",
            f"{name}() cannot tell whose elements are meant: {lists[:200]}.",
            f"Write the list first: {name}({format_rule(next(iter(named.values())))[:80]}, ...).",
            operation.span,
        )
        return None
    before = len(checker.diagnostics)
    checker.node(condition)
    if len(checker.diagnostics) == before:
        checker.report(
            "unknown-list",
            f"{name}() asks about the elements of a list, and none is named here.",
            f"Name one, as in {name}(tags LIKE 'a%').",
            operation.span,
        )
    return None


def _lists(
    checker: Checker, syntax: Syntax, *, inside: bool
) -> dict[Path | Syntax, Name | Operation]:
    """Every list that is named, where it is first; inside: also in any(), all() and count()."""
    if isinstance(syntax, Name):
        found = list_in(checker, syntax)
        return {} if found is None else {found[0]: found[1]}
    if not isinstance(syntax, Operation) or (syntax.name in _FORMS and not inside):
        return {}
    if _gives_list(syntax.name):
        call = resolved(syntax, checker.schema)
        return {} if any(call == each.subject for each in checker.bounds) else {call: syntax}
    looked = syntax.arguments[1:] if syntax.name == "[]" else syntax.arguments
    together: dict[Path | Syntax, Name | Operation] = {}
    for argument in looked:
        for key, each in _lists(checker, argument, inside=inside).items():
            together.setdefault(key, each)
    return together


def _gives_list(name: str) -> bool:
    operator = REGISTRY.get(name)
    return (
        operator is not None
        and name != "[...]"
        and operator.variants[0].signature.returns.container == Base.LIST
    )


def _key(checker: Checker, subject: Syntax) -> Path | Operation:
    if isinstance(subject, Name):
        return field_path(subject.parts, checker.schema)
    call = resolved(subject, checker.schema)
    assert isinstance(call, Operation)
    return call


def _elements(checker: Checker, operation: Operation, node: Node) -> Node | None:
    """The list to look through: of a map, that of its values."""
    if node.type.base is Base.MAP and node.type.element is not None:
        return Apply(list_of(node.type.element), "map_values", (node,), 0, node.span)
    if node.type.base is Base.LIST:
        return node
    if not node.type.wild:
        checker.report(
            "wrong-type",
            f"{operation.name}() looks at the elements of a list; this is {node.type}.",
            f"Write {operation.name}(condition) of a field that is a list.",
            node.span,
        )
    elif node.type == NULL:
        checker.report(
            "unknown-list",
            f"{operation.name}() needs a list.",
            "Name a field that is one.",
            node.span,
        )
    return None


QUANTIFIED_FORMS: Final[Mapping[str, Special]] = MappingProxyType(
    {name: partial(quantified, quantifier=quantifier) for name, quantifier in _FORMS.items()}
)
