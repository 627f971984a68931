"""AND, OR, NOT and what tells TRUE, FALSE and unknown apart: SQL's three-valued logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.language.operator import (
    Example,
    Operator,
    RowCode,
    RowEmitter,
    SqlEmitter,
    Variant,
    calls,
    fills,
    is_simple,
    joins,
    never_null,
    spread,
)
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply


def _junction(*, stops_at: bool) -> RowCode:
    """AND stops at the first FALSE, OR at the first TRUE; unknown only if nothing stopped it."""
    word = "or" if stops_at else "and"

    def emit(emitter: RowEmitter, node: Apply) -> str:
        if not any(emitter.nullable(each) for each in node.arguments):
            return f"({f' {word} '.join(emitter.value(each) for each in node.arguments)})"
        stops, unknowns = [], []
        for each in node.arguments:
            value = emitter.value(each)
            if not emitter.nullable(each):
                stops.append(value if stops_at else f"not {value}")
                continue
            name = value if value.isidentifier() else emitter.temporary()
            tested = value if name == value else f"({name} := {value})"
            stops.append(tested if stops_at else f"{tested} is False")
            unknowns.append(f"{name} is None")
        stop = " or ".join(stops)
        return f"({stops_at} if {stop} else None if {' or '.join(unknowns)} else {not stops_at})"

    return emit


def _truth(word: str) -> Operator:
    return Operator(
        f"is {word}",
        "logic",
        f"Whether the condition is {word.upper()}; never unknown itself.",
        (
            Variant(
                signature("condition BOOLEAN -> BOOLEAN"),
                _tests(f"is {word.capitalize()}"),
                fills(f"({{0}} IS NOT DISTINCT FROM {word.upper()})"),
                never_null,
            ),
        ),
        (
            Example(f"TRUE IS {word.upper()}", word == "true"),
            Example(f"(NULL = 1) IS {word.upper()}", value=False),
            Example(f"(NULL = 1) IS NOT {word.upper()}", value=True),
        ),
        f"condition IS [NOT] {word.upper()}",
        cost=5,
    )


def _tests(test: str) -> RowCode:
    def emit(emitter: RowEmitter, node: Apply) -> str:
        return f"({emitter.value(node.arguments[0])} {test})"

    return emit


def _is_null_row(emitter: RowEmitter, node: Apply) -> str:
    [value] = node.arguments
    return f"({emitter.value(value)} is None)" if emitter.nullable(value) else "False"


def _case_row(emitter: RowEmitter, node: Apply) -> str:
    parts = [emitter.value(each) for each in node.arguments]
    default = parts.pop() if len(parts) % 2 else "None"
    branches = zip(parts[::2], parts[1::2], strict=True)
    return f"({' '.join(f'{then} if {when} else' for when, then in branches)} {default})"


def _case_sql(emitter: SqlEmitter, node: Apply) -> str:
    parts = [emitter.value(each) for each in node.arguments]
    default = f" ELSE {parts.pop()}" if len(parts) % 2 else ""
    branches = zip(parts[::2], parts[1::2], strict=True)
    written = " ".join(f"WHEN {when} THEN {then}" for when, then in branches)
    return f"CASE {written}{default} END"


def _case_nullable(arguments: tuple[bool, ...]) -> bool:
    return len(arguments) % 2 == 0 or arguments[-1] or any(arguments[1::2])


def _coalesce_row(emitter: RowEmitter, node: Apply) -> str:
    written: list[str] = []
    for each in node.arguments:
        value = emitter.value(each)
        if not emitter.nullable(each):
            return f"({' '.join([*written, value])})"
        name = value if is_simple(value) else emitter.temporary()
        tested = value if name == value else f"({name} := {value})"
        written.append(f"{name} if {tested} is not None else")
    return f"({' '.join(written)} None)"


OPERATORS: Final = (
    Operator(
        "and",
        "logic",
        "TRUE if both are; FALSE if either is, even beside an unknown.",
        (
            Variant(
                signature("condition BOOLEAN... -> BOOLEAN"),
                _junction(stops_at=False),
                joins(" AND "),
            ),
        ),
        (Example("TRUE AND FALSE", value=False), Example("(NULL = 1) AND FALSE", value=False)),
        "condition AND condition",
        cost=5,
    ),
    Operator(
        "or",
        "logic",
        "TRUE if either is, even beside an unknown; FALSE if both are.",
        (
            Variant(
                signature("condition BOOLEAN... -> BOOLEAN"),
                _junction(stops_at=True),
                joins(" OR "),
            ),
        ),
        (Example("TRUE OR FALSE", value=True), Example("(NULL = 1) OR FALSE", value=None)),
        "condition OR condition",
        cost=5,
    ),
    Operator(
        "not",
        "logic",
        "The opposite; unknown stays unknown.",
        (
            Variant(
                signature("condition BOOLEAN -> BOOLEAN"),
                spread("not {0}"),
                fills("(NOT {0})"),
            ),
        ),
        (Example("NOT FALSE", value=True), Example("NOT (NULL = 1)", value=None)),
        "NOT condition",
        cost=5,
    ),
    Operator(
        "is null",
        "logic",
        "Whether the value is unknown or missing.",
        (
            Variant(
                signature("value T -> BOOLEAN"),
                _is_null_row,
                fills("({0} IS NULL)"),
                never_null,
            ),
        ),
        (Example("NULL IS NULL", value=True), Example("'' IS NOT NULL", value=True)),
        "value IS [NOT] NULL",
        cost=5,
    ),
    _truth("true"),
    _truth("false"),
    Operator(
        "case",
        "logic",
        "The value of the first branch whose condition is TRUE, else the last, else NULL.",
        (
            Variant(
                signature("condition BOOLEAN, value T, ... -> T"),
                _case_row,
                _case_sql,
                _case_nullable,
            ),
        ),
        (
            Example("CASE WHEN 1 > 2 THEN 'a' WHEN NULL THEN 'b' ELSE 'c' END", "c"),
            Example("CASE 2 WHEN 1 THEN 'one' END", None),
        ),
        "CASE WHEN condition THEN value ... [ELSE value] END",
        cost=5,
    ),
    Operator(
        "coalesce",
        "logic",
        "The first value that is not NULL.",
        (Variant(signature("value T... -> T"), _coalesce_row, calls("coalesce"), all),),
        (Example("coalesce(NULL, 3, 4)", 3.0),),
        cost=5,
    ),
)
