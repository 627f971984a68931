"""A rule as a form builder edits it: groups of conditions, and back to its text.

What does not fit the form stands in it as locked SQL, never lost: every rule has a form, and the
form gives the same rule back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from typing import Literal as OneOf

import msgspec

from engine.errors import InvalidInput
from engine.language.format import format_rule
from engine.language.intervals import format_interval, format_time, parse_interval, parse_time
from engine.language.lexer import SyntaxProblem
from engine.language.nodes import Literal, LiteralKind, Name, Operation, Syntax
from engine.language.parser import parse
from engine.language.registry import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

Joint = OneOf["and", "or", "not"]


class Value(msgspec.Struct, frozen=True):
    """A written value. A TIME is written `2026-03-01 09:30:00` (UTC), an INTERVAL `7 days`."""

    kind: LiteralKind
    value: str | float | bool | None = None


class Field(msgspec.Struct, frozen=True, tag="field"):
    """A field by its name, or a path into one."""

    path: tuple[str, ...]


class Signal(msgspec.Struct, frozen=True, tag="signal"):
    """A function of fields and written values."""

    name: str
    arguments: tuple[Field | SignalValue, ...] = ()


class SignalValue(msgspec.Struct, frozen=True, tag="value"):
    value: Value


class Condition(msgspec.Struct, frozen=True, tag="condition"):
    """comparator: one of COMPARATORS; `holds` where the subject itself is TRUE or FALSE."""

    subject: Field | Signal
    comparator: str
    values: tuple[Value, ...] = ()


class Sql(msgspec.Struct, frozen=True, tag="sql"):
    """A condition that the form shows and does not edit."""

    text: str


class Group(msgspec.Struct, frozen=True, tag="group"):
    """`not` has one part, `and` and `or` at least two."""

    joint: Joint
    parts: tuple[Form, ...]


Form = Group | Condition | Sql
HOLDS: Final = "holds"
SIGNAL_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_MANY: Final = 1_000
_OPERATORS: Final = {
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), (1, 1)),
    **dict.fromkeys(("between", "not between"), (2, 2)),
    **dict.fromkeys(("in", "not in"), (1, _MANY)),
    **dict.fromkeys(("like", "not like", "ilike", "not ilike"), (1, 2)),
    **dict.fromkeys(("is null", "is not null", "is true", "is not true"), (0, 0)),
    **dict.fromkeys(("is false", "is not false", HOLDS), (0, 0)),
}
_TESTS: Final = {
    **dict.fromkeys(("contains", "starts_with", "ends_with", "regexp_matches"), (1, 1)),
    "list_contains": (1, 1),
    "matches": (1, 2),
    "matches_variant": (1, 1),
    "near_duplicate_of": (1, _MANY),
}
_OF_LISTS: Final = {"list_has_any": (1, _MANY), "list_has_all": (1, _MANY)}

COMPARATORS: Final = {**_OPERATORS, **_TESTS, **_OF_LISTS}
"""How many values each takes, at least and at most."""


# -- a rule's form --------------------------------------------------------------------------------


def form_of(text: str) -> Form:
    """Raises SyntaxProblem where the text is no rule."""
    return _form(parse(text))


def _form(syntax: Syntax) -> Form:
    match syntax:
        case Operation(name="and" | "or" | "not" as joint, arguments=parts):
            return Group(joint, tuple(map(_form, parts)))
        case _:
            return _condition(syntax) or Sql(format_rule(syntax))


def _condition(syntax: Syntax) -> Condition | None:
    if isinstance(syntax, Operation) and syntax.name in COMPARATORS:
        first, *rest = syntax.arguments
        subject, values = _subject(first), _values(syntax.name, rest)
        if subject is not None and values is not None:
            return Condition(subject, syntax.name, values)
    holds = _subject(syntax)
    return None if holds is None else Condition(holds, HOLDS)


def _subject(syntax: Syntax) -> Field | Signal | None:
    if isinstance(syntax, Name):
        return Field(syntax.parts)
    if not isinstance(syntax, Operation) or not _is_function(syntax.name):
        return None
    arguments = [_argument(each) for each in syntax.arguments]
    known = tuple(each for each in arguments if each is not None)
    return Signal(syntax.name, known) if len(known) == len(arguments) else None


def _is_function(name: str) -> bool:
    """A function of the language, or by its dotted name an installed signal."""
    return name in FUNCTIONS or SIGNAL_NAME.fullmatch(name) is not None


def _argument(syntax: Syntax) -> Field | SignalValue | None:
    match syntax:
        case Name():
            return Field(syntax.parts)
        case Literal():
            return SignalValue(_value(syntax))
        case _:
            return None


def _values(comparator: str, written: Sequence[Syntax]) -> tuple[Value, ...] | None:
    if comparator in _OF_LISTS:
        [members] = written
        if not isinstance(members, Operation) or members.name != "[...]":
            return None
        written = members.arguments
    values = tuple(_value(each) for each in written if isinstance(each, Literal))
    fewest, most = COMPARATORS[comparator]
    return values if len(values) == len(written) and fewest <= len(values) <= most else None


def _value(literal: Literal) -> Value:
    match literal.kind, literal.value:
        case LiteralKind.TIME, int(moment):
            return Value(literal.kind, format_time(moment))
        case LiteralKind.INTERVAL, int(length):
            return Value(literal.kind, format_interval(length))
        case kind, value:
            return Value(kind, value)


# -- a form's rule --------------------------------------------------------------------------------


def text_of(form: Form) -> str:
    """Canonical text, to be checked like any other. Raises InvalidInput for what is no form."""
    return format_rule(_syntax(form))


def _syntax(form: Form) -> Syntax:
    match form:
        case Group():
            return _group(form)
        case Condition():
            return _comparison(form)
        case Sql():
            return _locked(form.text)


def _group(group: Group) -> Operation:
    parts = tuple(map(_syntax, group.parts))
    if group.joint == "not":
        if len(parts) != 1:
            raise InvalidInput("NOT turns around one condition.", hint="Put a group inside it.")
        return Operation("not", parts)
    if len(parts) < 2:  # noqa: PLR2004 - or it joins nothing
        raise InvalidInput("A group needs two conditions.", hint="Add one, or ungroup it.")
    first, *rest = parts
    if isinstance(first, Operation) and first.name == group.joint:
        return Operation(group.joint, (*first.arguments, *rest))
    return Operation(group.joint, parts)


def _comparison(condition: Condition) -> Syntax:
    subject = _subject_syntax(condition.subject)
    name = condition.comparator
    fewest, most = COMPARATORS.get(name, (0, -1))
    if not fewest <= len(condition.values) <= most:
        raise InvalidInput(
            f"{name!r} does not compare with {len(condition.values)} values.",
            hint=f"Comparators are {', '.join(COMPARATORS)}.",
        )
    if name == HOLDS:
        return subject
    values: tuple[Syntax, ...] = tuple(map(_literal, condition.values))
    return Operation(
        name, (subject, *([Operation("[...]", values)] if name in _OF_LISTS else values))
    )


def _subject_syntax(subject: Field | Signal) -> Syntax:
    if isinstance(subject, Field):
        if not subject.path:
            raise InvalidInput("A condition is about a field.", hint="Choose one.")
        return Name(subject.path)
    if not _is_function(subject.name):
        raise InvalidInput(f"There is no function {subject.name[:60]}().")
    arguments = (
        _literal(each.value) if isinstance(each, SignalValue) else _subject_syntax(each)
        for each in subject.arguments
    )
    return Operation(subject.name, tuple(arguments))


def _literal(value: Value) -> Literal:
    read: str | float | bool | int | None = value.value
    match value.kind, value.value:
        case LiteralKind.TIME, str(written):
            read = parse_time(written)
        case LiteralKind.INTERVAL, str(written):
            read = parse_interval(written)
        case LiteralKind.NUMBER, int() | float() as number:
            read = float(number)
    if not _fits(value.kind, read):
        raise InvalidInput(f"{value.value!r} is no {value.kind.lower()}.")
    return Literal(value.kind, read)


_HELD: Final[dict[LiteralKind, type]] = {
    LiteralKind.NULL: type(None),
    LiteralKind.BOOLEAN: bool,
    LiteralKind.NUMBER: float,
    LiteralKind.TEXT: str,
    LiteralKind.TIME: int,
    LiteralKind.INTERVAL: int,
}


def _fits(kind: LiteralKind, value: object) -> bool:
    return type(value) is _HELD[kind]


def _locked(text: str) -> Syntax:
    try:
        return parse(text)
    except SyntaxProblem as problem:
        raise InvalidInput(str(problem), hint=problem.hint) from problem
