"""What the checker does with matches() and count_recent(), whose arguments are more than values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.format import format_rule, quoted_name
from engine.language.intervals import parse_interval
from engine.language.nodes import (
    Apply,
    ArrivalTime,
    BankMatch,
    Constant,
    Counter,
    CountRecent,
    FieldRead,
    Literal,
    LiteralKind,
    Node,
    Operation,
    Syntax,
)
from engine.language.registry import REGISTRY
from engine.language.spelling import resolved
from engine.language.types import ERROR
from engine.text import Mode

if TYPE_CHECKING:
    from engine.language.checker import Checker


def _written(syntax: Syntax) -> str | None:
    if isinstance(syntax, Literal) and syntax.kind is LiteralKind.TEXT:
        return str(syntax.value)
    return None


def bank_match(checker: Checker, operation: Operation) -> Node:
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    fitting = checker.choose(REGISTRY["matches"], arguments, operation)
    if fitting is None:
        return Constant(ERROR, None, operation.span)
    bank = _written(operation.arguments[1])
    if bank is None:
        return checker.refuse(
            "not-a-literal",
            "The bank must be named in the rule itself.",
            "Write matches(field, 'bank').",
            operation.arguments[1].span,
        )
    banks = checker.environment.banks
    if bank not in banks:
        hint = checker.nearest(bank, banks) or "Create it under Banks first."
        span = operation.arguments[1].span
        return checker.refuse("unknown-bank", f"There is no bank {bank!r}.", hint, span)
    mode = _mode(checker, operation)
    if mode is None:
        return Constant(ERROR, None, operation.span)
    return BankMatch(arguments[0], bank, mode, operation.span)


def _mode(checker: Checker, operation: Operation) -> str | None:
    if len(operation.arguments) < 3:  # noqa: PLR2004 - the mode is the third
        return ""
    mode = _written(operation.arguments[2])
    if mode in set(Mode):
        return mode
    known = ", ".join(Mode)
    hint = checker.nearest(mode or "", list(Mode)) or f"Modes are {known}."
    checker.report("unknown-mode", "There is no such mode.", hint, operation.arguments[2].span)
    return None


def count_recent(checker: Checker, operation: Operation) -> Node:
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    fitting = checker.choose(REGISTRY["count_recent"], arguments, operation)
    window = _window(checker, operation) if fitting else None
    if fitting is None or window is None:
        return Constant(ERROR, None, operation.span)
    key, *rest = arguments
    if not isinstance(key, FieldRead):
        return checker.refuse(
            "bad-key",
            "The key of a counter must be a field.",
            "Write count_recent(creator, '1 hour').",
            key.span,
        )
    condition = rest[1] if len(rest) > 1 else None
    if condition is not None and not _is_pure(checker, condition):
        return Constant(ERROR, None, operation.span)
    where = (
        format_rule(resolved(operation.arguments[2], checker.schema))
        if condition is not None
        else ""
    )
    path = ".".join(quoted_name(part) for part in key.path)
    counter = Counter(checker.schema.name, (path,), where, window, (key,), condition)
    return CountRecent(counter, operation.span)


def _window(checker: Checker, operation: Operation) -> int | None:
    written = _written(operation.arguments[1])
    window = parse_interval(written) if written is not None else None
    if not window:
        checker.report(
            "bad-window",
            "This is not a length of time to count in.",
            "Write it as '10 minutes', '1 hour' or '7 days'.",
            operation.arguments[1].span,
        )
        return None
    return window


def _is_pure(checker: Checker, condition: Node) -> bool:
    """Events are written when the place is given: fields and functions of them are all there is."""
    stack: list[Node] = [condition]
    while stack:
        node = stack.pop()
        timed = isinstance(node, Apply) and node.operator == "age"
        if timed or isinstance(node, BankMatch | CountRecent | ArrivalTime):
            checker.report(
                "bad-condition",
                "The condition of a counter may use fields and functions of them only.",
                "Move matches(), count_recent(), age() and arrived_at() out of it.",
                node.span,
            )
            return False
        if isinstance(node, Apply):
            stack.extend(node.arguments)
    return True


SPECIAL_FORMS: Final = MappingProxyType({"matches": bank_match, "count_recent": count_recent})
