"""Adding and subtracting times and lengths of time: the variants of + and - that are no numbers.

In SQL a DURATION is a whole number of microseconds (BIGINT), in a row a timedelta. A DURATION of
10^18 microseconds or more, and a TIME outside the years 1 to 9999, is NULL.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.language.intervals import microseconds_of
from engine.language.operator import (
    SqlCode,
    SqlEmitter,
    Variant,
    fills,
    maybe_null,
    spread,
)
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply

_LONGEST: Final = timedelta(microseconds=10**18 - 1)
_FIRST_US: Final = microseconds_of(datetime.min.replace(tzinfo=UTC))
_LAST_US: Final = microseconds_of(datetime.max.replace(tzinfo=UTC))
_TIME_SQL: Final = (
    f"CASE WHEN {{0}} BETWEEN {_FIRST_US} AND {_LAST_US} THEN make_timestamptz({{0}}) END"
)


def move(moment: datetime, by: timedelta) -> datetime | None:
    try:
        return moment + by
    except OverflowError:
        return None


def move_back(moment: datetime, by: timedelta) -> datetime | None:
    return move(moment, -by)


def add_durations(left: timedelta, right: timedelta) -> timedelta | None:
    total = left + right
    return total if -_LONGEST <= total <= _LONGEST else None


def subtract_durations(left: timedelta, right: timedelta) -> timedelta | None:
    return add_durations(left, -right)


def _moved(template: str) -> SqlCode:
    def emit(emitter: SqlEmitter, node: Apply) -> str:
        arguments = tuple(emitter.value(argument) for argument in node.arguments)
        return emitter.fill(_TIME_SQL, (emitter.fill(template, arguments),))

    return emit


def _bounded(sign: str) -> SqlCode:
    return fills(f"CAST(TRY_CAST({{0}} {sign} {{1}} AS DECIMAL(18, 0)) AS BIGINT)")


SUMS: Final = (
    Variant(
        signature("time TIME, interval DURATION -> TIME"),
        spread("{move}({0}, {1})", move=move),
        _moved("(epoch_us({0}) + {1})"),
        maybe_null,
    ),
    Variant(
        signature("interval DURATION, time TIME -> TIME"),
        spread("{move}({1}, {0})", move=move),
        _moved("(epoch_us({1}) + {0})"),
        maybe_null,
    ),
    Variant(
        signature("interval DURATION, interval DURATION -> DURATION"),
        spread("{add}({0}, {1})", add=add_durations),
        _bounded("+"),
        maybe_null,
    ),
)
DIFFERENCES: Final = (
    Variant(
        signature("time TIME, interval DURATION -> TIME"),
        spread("{move}({0}, {1})", move=move_back),
        _moved("(epoch_us({0}) - {1})"),
        maybe_null,
    ),
    Variant(
        signature("later TIME, earlier TIME -> DURATION"),
        spread("{0} - {1}"),
        fills("(epoch_us({0}) - epoch_us({1}))"),
    ),
    Variant(
        signature("interval DURATION, interval DURATION -> DURATION"),
        spread("{subtract}({0}, {1})", subtract=subtract_durations),
        _bounded("-"),
        maybe_null,
    ),
)
