"""An operator or function, registered once: name, signatures, words, and both implementations.

A row implementation writes a Python expression, a DuckDB implementation writes SQL. Most are
templates: `{0}` is the first argument, other names in braces are objects handed to the generated
function. `calls` and `spread` take care of NULL: no template ever sees one.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from engine.language.nodes import Apply, Constant, Node, Value

if TYPE_CHECKING:
    from engine.language.signature import Signature


class RowEmitter(Protocol):
    """What a row implementation may ask of the compiler."""

    def value(self, node: Node) -> str:
        """A Python expression for the node."""

    def nullable(self, node: Node) -> bool:
        """Whether this expression may be None here."""

    def temporary(self) -> str:
        """A fresh local name."""

    def hand(self, value: object) -> str:
        """A name under which the generated function finds this object."""

    def held(self, node: Node) -> object:
        """What a row holds for a constant: times and intervals are no numbers there."""


class SqlEmitter(Protocol):
    def value(self, node: Node) -> str:
        """A DuckDB expression for the node, safe to stand anywhere."""

    def fill(self, template: str, arguments: tuple[str, ...]) -> str:
        """The template with its arguments, each written once however often it is used."""

    def call(self, function: TextFunction, argument: str) -> str:
        """A call of a function that runs our own code over a column."""


@dataclass(frozen=True)
class TextFunction:
    """Our code inside DuckDB: one implementation for one item and for a column of them.

    parameters and returns are DuckDB types. evaluate never sees a None and answers one value for
    each text (or list) it is given.
    """

    name: str
    parameters: tuple[str, ...]
    returns: str
    evaluate: Callable[[list[object]], list[object]]


def digest_of(facts: object) -> str:
    """For the name of a TextFunction: the same facts, the same name."""
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


RowCode = Callable[[RowEmitter, Apply], str]
SqlCode = Callable[[SqlEmitter, Apply], str]
Nullability = Callable[[tuple[bool, ...]], bool]
"""Whether the result may be NULL, told which arguments may be."""


def never_null(_arguments: tuple[bool, ...]) -> bool:
    return False


def maybe_null(_arguments: tuple[bool, ...]) -> bool:
    return True


@dataclass(frozen=True)
class Variant:
    signature: Signature
    row: RowCode
    sql: SqlCode
    nullable: Nullability = any


@dataclass(frozen=True)
class Example:
    """text is an expression over no fields; value is what both engines answer."""

    text: str
    value: Value


@dataclass(frozen=True)
class Operator:
    """written: how it is written, where that is not name(arguments).

    cost: about nanoseconds a row, to try cheap conditions first.
    refuse: told the written values (None where an argument is not a literal), says what is wrong
        with them: code, message, hint.
    rewrite: expresses a checked application by other operators.
    weigh: of the written values, how much work it is to check and prepare them; what a rule holds
        together is bounded.
    """

    name: str
    group: str
    summary: str
    variants: tuple[Variant, ...]
    examples: tuple[Example, ...] = ()
    written: str = ""
    cost: int = 30
    refuse: Callable[[tuple[Value, ...]], tuple[str, str, str] | None] | None = None
    rewrite: Callable[[Apply], Node] | None = None
    weigh: Callable[[tuple[Value, ...]], int] | None = None


_SIMPLE: Final = re.compile(r"[A-Za-z_]\w*|\(?-?\d[\d.e+-]*\)?", re.ASCII)


# -- row templates --------------------------------------------------------------------------------


def spread(template: str, **names: object) -> RowCode:
    """NULL in, NULL out; otherwise the template over values that are none."""

    def emit(emitter: RowEmitter, node: Apply) -> str:
        return write_row(emitter, node.arguments, template, names)

    return emit


def write_row(
    emitter: RowEmitter, arguments: tuple[Node, ...], template: str, names: dict[str, object]
) -> str:
    checks, values = [], []
    for place, argument in enumerate(arguments):
        value = emitter.value(argument)
        if emitter.nullable(argument):
            test, value = _test_and_name(emitter, value)
            checks.append(test)
        elif not is_simple(value) and f"{{{place}}}" in template.replace(f"{{{place}}}", "", 1):
            name = emitter.temporary()
            checks.append(f"({name} := {value}) is None")
            value = name
        values.append(value)
    handed = {name: emitter.hand(value) for name, value in names.items()}
    if "{t}" in template:
        handed["t"] = emitter.temporary()
    body = template.format(*values, **handed)
    return f"(None if {' or '.join(checks)} else {body})" if checks else f"({body})"


def _test_and_name(emitter: RowEmitter, value: str) -> tuple[str, str]:
    if is_simple(value):
        return f"{value} is None", value
    name = emitter.temporary()
    return f"({name} := {value}) is None", name


def is_simple(value: str) -> bool:
    """A name, a number or a text: free to repeat."""
    return _SIMPLE.fullmatch(value) is not None or value[0] in "'\""


# -- SQL templates --------------------------------------------------------------------------------


def fills(template: str) -> SqlCode:
    def emit(emitter: SqlEmitter, node: Apply) -> str:
        arguments = tuple(emitter.value(argument) for argument in node.arguments)
        return emitter.fill(template, arguments)

    return emit


def joins(separator: str) -> SqlCode:
    def emit(emitter: SqlEmitter, node: Apply) -> str:
        return f"({separator.join(emitter.value(argument) for argument in node.arguments)})"

    return emit


def calls(function: str) -> SqlCode:
    def emit(emitter: SqlEmitter, node: Apply) -> str:
        return f"{function}({', '.join(emitter.value(argument) for argument in node.arguments)})"

    return emit


_FINITE_SQL: Final = "CASE WHEN isfinite({0}) THEN {0} END"


def finite(template: str) -> SqlCode:
    """A NUMBER result that is NULL where it would be infinite or no number."""

    def emit(emitter: SqlEmitter, node: Apply) -> str:
        arguments = tuple(emitter.value(argument) for argument in node.arguments)
        return emitter.fill(_FINITE_SQL, (emitter.fill(template, arguments),))

    return emit


def uses(template: str, place: int) -> int:
    """How often a template writes one of its arguments."""
    return sum(name == str(place) for _, name, _, _ in string.Formatter().parse(template))


def written_values(node: Apply) -> tuple[Value, ...]:
    """The constants among the arguments; None for the others."""
    return tuple(
        argument.value if isinstance(argument, Constant) else None for argument in node.arguments
    )
