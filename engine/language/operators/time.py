"""Time, always UTC and always relative to the item's own arrival, never to a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.language.intervals import microseconds_of
from engine.language.operator import (
    Example,
    Operator,
    RowEmitter,
    SqlEmitter,
    Variant,
    write_row,
    written_values,
)
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply, Value

_PARTS: Final = {
    "year": "{0}.year",
    "quarter": "({0}.month + 2) // 3",
    "month": "{0}.month",
    "week": "{0}.isocalendar()[1]",
    "day": "{0}.day",
    "doy": "{doy}({0})",
    "dow": "{0}.isoweekday() % 7",
    "isodow": "{0}.isoweekday()",
    "hour": "{0}.hour",
    "minute": "{0}.minute",
    "second": "{0}.second",
    "epoch": "{epoch}({0})",
}


def _epoch(moment: datetime) -> float:
    return microseconds_of(moment) / 1e6


def _day_of_year(moment: datetime) -> int:
    return moment.timetuple().tm_yday


_FUNCTIONS: Final = {"epoch": _epoch, "doy": _day_of_year}


def _part_row(emitter: RowEmitter, node: Apply) -> str:
    part = str(written_values(node)[0]).lower()
    function = _FUNCTIONS.get(part)
    names: dict[str, object] = {part: function} if function else {}
    return write_row(emitter, node.arguments[1:], _PARTS[part], names)


def _part_sql(emitter: SqlEmitter, node: Apply) -> str:
    part = str(written_values(node)[0]).lower()
    moment = f"epoch_us({emitter.value(node.arguments[1])})"
    if part == "epoch":
        return f"(CAST({moment} AS DOUBLE) / 1e6)"
    return f"CAST(date_part('{part}', make_timestamp({moment})) AS DOUBLE)"


def _refuse_part(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    if str(values[0]).lower() in _PARTS:
        return None
    return "bad-literal", "This is not a part of a time.", f"Parts are {', '.join(_PARTS)}."


def _age_row(emitter: RowEmitter, node: Apply) -> str:
    return write_row(emitter, node.arguments, "arrived_at - {0}", {})


def _age_sql(emitter: SqlEmitter, node: Apply) -> str:
    return f'(epoch_us("_arrived_at") - epoch_us({emitter.value(node.arguments[0])}))'


OPERATORS: Final = (
    Operator(
        "age",
        "time",
        "How long before the item's arrival the time was; negative if it is later.",
        (Variant(signature("time TIME -> DURATION"), _age_row, _age_sql),),
        (Example("age(arrived_at()) = INTERVAL '0 seconds'", value=True),),
        cost=60,
    ),
    Operator(
        "date_part",
        "time",
        f"One part of a time, in UTC: {', '.join(_PARTS)}. dow counts from Sunday as 0, isodow "
        "from Monday as 1; week is the ISO week; epoch is seconds since 1970.",
        (Variant(signature("part literal TEXT, time TIME -> NUMBER"), _part_row, _part_sql),),
        (
            Example("date_part('hour', TIMESTAMP '2026-03-01 09:30:00')", 9.0),
            Example("date_part('dow', TIMESTAMP '2026-03-01')", 0.0),
        ),
        cost=80,
        refuse=_refuse_part,
    ),
    Operator(
        "arrived_at",
        "time",
        "When the item arrived.",
        (
            Variant(
                signature("-> TIME"),
                lambda _emitter, _node: "arrived_at",
                lambda _emitter, _node: '"_arrived_at"',
                lambda _arguments: False,
            ),
        ),
        (Example("arrived_at() > TIMESTAMP '2000-01-01'", value=True),),
        cost=5,
    ),
)
EXAMPLE_ARRIVAL: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When the item of an example arrives."""
