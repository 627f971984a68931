"""What the checker does with functions whose arguments are more than values."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.counter_forms import COUNTER_FORMS, written_text
from engine.language.fact_forms import FACT_FORMS
from engine.language.nodes import (
    BankMatch,
    Constant,
    Literal,
    LiteralKind,
    Node,
    Operation,
)
from engine.language.quantifiers import QUANTIFIED_FORMS
from engine.language.registry import REGISTRY
from engine.language.types import ERROR
from engine.text import Mode

if TYPE_CHECKING:
    from engine.language.checker import Checker


def bank_match(checker: Checker, operation: Operation) -> Node:
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    fitting = checker.choose(REGISTRY["matches"], arguments, operation)
    if fitting is None:
        return Constant(ERROR, None, operation.span)
    bank = written_text(operation.arguments[1])
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


def matches_variant(checker: Checker, operation: Operation) -> Node:
    """A shorter way to write matches() with its mode."""
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    if checker.choose(REGISTRY["matches_variant"], arguments, operation) is None:
        return Constant(ERROR, None, operation.span)
    mode = Literal(LiteralKind.TEXT, Mode.VARIANT.value, operation.span)
    return bank_match(checker, replace(operation, arguments=(*operation.arguments, mode)))


def _mode(checker: Checker, operation: Operation) -> str | None:
    if len(operation.arguments) < 3:  # noqa: PLR2004 - the mode is the third
        return ""
    mode = written_text(operation.arguments[2])
    if mode in set(Mode):
        return mode
    known = ", ".join(Mode)
    hint = checker.nearest(mode or "", list(Mode)) or f"Modes are {known}."
    checker.report("unknown-mode", "There is no such mode.", hint, operation.arguments[2].span)
    return None


SPECIAL_FORMS: Final = MappingProxyType(
    {
        "matches": bank_match,
        "matches_variant": matches_variant,
        **COUNTER_FORMS,
        **QUANTIFIED_FORMS,
        **FACT_FORMS,
    }
)
