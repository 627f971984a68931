"""What the checker does with strikes(), reports() and has_label()."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.counter_forms import written_text
from engine.language.intervals import parse_interval
from engine.language.nodes import (
    Constant,
    FactFeature,
    FactMeasure,
    FactRead,
    FieldRead,
    Name,
    Node,
    Operation,
    Syntax,
)
from engine.language.registry import REGISTRY
from engine.language.types import BOOLEAN, ERROR, ITEM, NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.checker import Checker, Special

ITEM_ITSELF: Final = "item"


def counted(checker: Checker, operation: Operation, measure: FactMeasure) -> Node:
    """strikes(entity, 'within', 'policy') and reports() likewise."""
    subject = _subject(checker, operation)
    if subject is None:
        return Constant(ERROR, None, operation.span)
    window = name = None
    if len(operation.arguments) > 1:
        window = _window(checker, operation.arguments[1])
        if window is None:
            return Constant(ERROR, None, operation.span)
    if len(operation.arguments) > 2:  # noqa: PLR2004 - the policy is the third
        name = _policy(checker, operation.arguments[2])
        if name is None:
            return Constant(ERROR, None, operation.span)
    return FactRead(FactFeature(measure, subject, name or "", window), operation.span, NUMBER)


def has_label(checker: Checker, operation: Operation) -> Node:
    subject = _subject(checker, operation)
    if subject is None:
        return Constant(ERROR, None, operation.span)
    name = written_text(operation.arguments[1])
    if not name:
        return checker.refuse(
            "not-a-literal",
            "The label must be named in the rule itself.",
            "Write has_label(creator, 'trusted').",
            operation.arguments[1].span,
        )
    return FactRead(FactFeature(FactMeasure.LABEL, subject, name), operation.span, BOOLEAN)


def _subject(checker: Checker, operation: Operation) -> tuple[str, ...] | None:
    """The path of the field that names the entity; reports what is none."""
    arguments = tuple(
        FieldRead(ITEM, (), argument.span)
        if place == 0 and _is_item_itself(checker, argument)
        else checker.node(argument)
        for place, argument in enumerate(operation.arguments)
    )
    if checker.choose(REGISTRY[operation.name], arguments, operation) is None:
        return None
    entity = arguments[0]
    if isinstance(entity, FieldRead):
        return entity.path
    checker.report(
        "bad-entity",
        "This is not an entity that facts are known of.",
        f"Name creator, item or a field that holds a related item: {operation.name}(creator).",
        entity.span,
    )
    return None


def _is_item_itself(checker: Checker, argument: Syntax) -> bool:
    """A field of that name comes first."""
    if not isinstance(argument, Name) or len(argument.parts) != 1:
        return False
    [name] = argument.parts
    fields = {field.casefold() for field in checker.schema.fields}
    return name.casefold() == ITEM_ITSELF and ITEM_ITSELF not in fields


def _window(checker: Checker, syntax: Syntax) -> int | None:
    written = written_text(syntax)
    window = parse_interval(written) if written is not None else None
    if not window:
        checker.report(
            "bad-window",
            "This is not a length of time to look back.",
            "Write it as '1 hour' or '30 days'.",
            syntax.span,
        )
        return None
    return window


def _policy(checker: Checker, syntax: Syntax) -> str | None:
    """The policy's id, by its name or id; where no policies are known, as it is written."""
    written = written_text(syntax) or ""
    policies = checker.environment.policies
    if written and (written in policies.values() or not policies):
        return written
    if written in policies:
        return policies[written]
    hint = checker.nearest(written, policies) or "Name a policy, or give its id."
    checker.report("unknown-policy", f"There is no policy {written!r}.", hint, syntax.span)
    return None


FACT_FORMS: Final[Mapping[str, Special]] = MappingProxyType(
    {
        "strikes": partial(counted, measure=FactMeasure.STRIKES),
        "reports": partial(counted, measure=FactMeasure.REPORTS),
        "has_label": has_label,
    }
)
