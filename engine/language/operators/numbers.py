"""Arithmetic on IEEE doubles. What has no finite result is NULL, division by zero included."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

from engine.language.operator import (
    Example,
    Operator,
    RowEmitter,
    SqlEmitter,
    Variant,
    calls,
    fills,
    finite,
    maybe_null,
    spread,
    write_row,
    written_values,
)
from engine.language.operators.durations import DIFFERENCES, SUMS
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply, Value
    from engine.language.operator import RowCode

_LARGEST: Final = sys.float_info.max
_MOST_DIGITS: Final = 15
_WHOLE: Final = 2.0**52
_BINARY = "left NUMBER, right NUMBER -> NUMBER"
_UNARY = "number NUMBER -> NUMBER"


def _bounded(expression: str) -> RowCode:
    return spread(f"{{t}} if -{_LARGEST} <= ({{t}} := {expression}) <= {_LARGEST} else None")


def round_number(value: float) -> float:
    """Half away from zero, exactly."""
    size = abs(value)
    if size >= _WHOLE:
        return value
    whole = size // 1.0
    rounded = whole + 1.0 if size - whole >= 0.5 else whole  # noqa: PLR2004 - a half
    return -rounded if value < 0 else rounded


def round_digits(value: float, digits: int) -> float:
    """As DuckDB does: scale, round, scale back; a value too large to scale has no such digits."""
    scale = 10.0**digits
    rounded = value * scale
    return round_number(rounded) / scale if -_LARGEST <= rounded <= _LARGEST else value


def _digits(node: Apply) -> int:
    value = written_values(node)[1]
    assert isinstance(value, float)
    return int(value)


def _round_digits_row(emitter: RowEmitter, node: Apply) -> str:
    names: dict[str, object] = {"round": round_digits, "digits": _digits(node)}
    return write_row(emitter, node.arguments[:1], "{round}({0}, {digits})", names)


def _round_digits_sql(emitter: SqlEmitter, node: Apply) -> str:
    return f"round({emitter.value(node.arguments[0])}, {_digits(node)})"


def _refuse_digits(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    digits = values[1] if len(values) > 1 else 0.0
    if isinstance(digits, float) and digits.is_integer() and 0 <= digits <= _MOST_DIGITS:
        return None
    return "bad-literal", "This is not a number of digits.", f"Write 0 to {_MOST_DIGITS}."


def _extreme(name: str, python: object, summary: str, example: Example) -> Operator:
    def row(emitter: RowEmitter, node: Apply) -> str:
        values = [emitter.value(each) for each in node.arguments]
        if any(emitter.nullable(each) for each in node.arguments):
            chosen = emitter.hand(_skipping_null(python))
        else:
            chosen = emitter.hand(python)
        return f"{chosen}({', '.join(values)})" if len(values) > 1 else values[0]

    variant = Variant(signature("value O... -> O"), row, calls(name), all)
    return Operator(name, "numbers", summary, (variant,), (example,), cost=60)


def _skipping_null(python: object) -> object:
    assert callable(python)

    def choose(*values: object) -> object:
        known = [value for value in values if value is not None]
        return python(known) if known else None

    return choose


OPERATORS: Final = (
    Operator(
        "+",
        "numbers",
        "The sum; of a time and an interval, the time moved.",
        (
            Variant(signature(_BINARY), _bounded("{0} + {1}"), finite("({0} + {1})"), maybe_null),
            *SUMS,
        ),
        (Example("0.1 + 0.2 = 0.3", value=False), Example("1e308 + 1e308", None)),
        "left + right",
        cost=25,
    ),
    Operator(
        "-",
        "numbers",
        "The difference; of two times, the interval between them.",
        (
            Variant(signature(_BINARY), _bounded("{0} - {1}"), finite("({0} - {1})"), maybe_null),
            *DIFFERENCES,
        ),
        (
            Example("5 - 7", -2.0),
            Example(
                "TIMESTAMP '2026-01-02' - TIMESTAMP '2026-01-01' = INTERVAL '1 day'", value=True
            ),
        ),
        "left - right",
        cost=25,
    ),
    Operator(
        "*",
        "numbers",
        "The product.",
        (Variant(signature(_BINARY), _bounded("{0} * {1}"), finite("({0} * {1})"), maybe_null),),
        (Example("1e200 * 1e200", None),),
        "left * right",
        cost=25,
    ),
    Operator(
        "/",
        "numbers",
        "The quotient, with its fraction; NULL when divided by zero.",
        (
            Variant(
                signature(_BINARY),
                spread(
                    "{t} if {1} != 0 and "
                    f"-{_LARGEST} <= ({{t}} := {{0}} / {{1}}) <= {_LARGEST} else None"
                ),
                finite("({0} / {1})"),
                maybe_null,
            ),
        ),
        (Example("7 / 2", 3.5), Example("1 / 0", None)),
        "left / right",
        cost=30,
    ),
    Operator(
        "%",
        "numbers",
        "The remainder, with the sign of the left; NULL when divided by zero.",
        (
            Variant(
                signature(_BINARY),
                spread("{fmod}({0}, {1}) if {1} != 0 else None", fmod=math.fmod),
                finite("({0} % {1})"),
                maybe_null,
            ),
        ),
        (Example("-7 % 3", -1.0), Example("7 % -3", 1.0), Example("7 % 0", None)),
        "left % right",
        cost=60,
    ),
    Operator(
        "-x",
        "numbers",
        "The number with its sign changed.",
        (Variant(signature(_UNARY), spread("-{0}"), fills("(-{0})")),),
        (Example("-(2 + 3)", -5.0),),
        "-number",
        cost=15,
    ),
    Operator(
        "abs",
        "numbers",
        "The number without its sign.",
        (Variant(signature(_UNARY), spread("{abs}({0})", abs=abs), fills("abs({0})")),),
        (Example("abs(-3.5)", 3.5),),
    ),
    Operator(
        "round",
        "numbers",
        "The nearest whole number, or number with so many digits after the point; halves go away "
        "from zero.",
        (
            Variant(
                signature("number NUMBER -> NUMBER"),
                spread("{round}({0})", round=round_number),
                fills("round({0})"),
            ),
            Variant(
                signature("number NUMBER, digits literal NUMBER -> NUMBER"),
                _round_digits_row,
                _round_digits_sql,
            ),
        ),
        (Example("round(2.5)", 3.0), Example("round(-2.5)", -3.0), Example("round(1.25, 1)", 1.3)),
        cost=120,
        refuse=_refuse_digits,
    ),
    Operator(
        "floor",
        "numbers",
        "The largest whole number that is not above.",
        (Variant(signature(_UNARY), spread("{0} // 1.0"), fills("floor({0})")),),
        (Example("floor(-1.5)", -2.0),),
    ),
    Operator(
        "ceil",
        "numbers",
        "The smallest whole number that is not below.",
        (Variant(signature(_UNARY), spread("-(-{0} // 1.0)"), fills("ceil({0})")),),
        (Example("ceil(-1.5)", -1.0),),
    ),
    _extreme(
        "least",
        min,
        "The smallest of the values that are not NULL.",
        Example("least(3, NULL, 2)", 2.0),
    ),
    _extreme(
        "greatest",
        max,
        "The largest of the values that are not NULL.",
        Example("greatest('a', 'b')", "b"),
    ),
)
