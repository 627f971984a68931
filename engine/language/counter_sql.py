"""Counters as DuckDB windows: what the live counters answer, for every row of history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.language.measures import LARGEST
from engine.language.nodes import ArrivalTime, FieldRead, Measure
from engine.language.types import TIME, Base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language.nodes import Counter, Node
    from engine.language.operator import SqlEmitter

MILLIONTHS: Final = "TRY_CAST(floor({0} * 1e6 + 5e-1) AS BIGINT)"
TOTAL: Final = (
    "coalesce(CAST(TRY_CAST({0} AS BIGINT) AS DOUBLE) / 1e6, "
    "CAST(TRY_CAST({0} // 1000000 AS BIGINT) AS DOUBLE))"
)


def window_sql(emitter: SqlEmitter, counter: Counter) -> str:
    """Events with `_arrived_at` in (mine - window, mine], so one microsecond less back."""
    arrived_at = emitter.value(ArrivalTime(TIME))
    keys = [part for key in counter.key for part in identity_sql(emitter, key)]
    over = (
        f"OVER (PARTITION BY {', '.join(keys)} ORDER BY epoch_us({arrived_at}) "
        f"RANGE BETWEEN {counter.window_us - 1} PRECEDING AND CURRENT ROW)"
    )
    measured = _measured(emitter, counter, over, arrived_at)
    return f"CASE WHEN {_all_known(keys)} THEN {measured} END"


def _measured(emitter: SqlEmitter, counter: Counter, over: str, arrived_at: str) -> str:
    met = [] if counter.condition is None else [f"({emitter.value(counter.condition)})"]
    match counter.measure:
        case Measure.COUNT:
            return f"CAST(count(*){_only(met)} {over} AS DOUBLE)"
        case Measure.FIRST:
            return f"min({arrived_at}) {over}"
        case Measure.DISTINCT:
            assert counter.carried is not None
            value, known = _member(emitter, counter.carried)
            return f"CAST(count(DISTINCT {value}){_only([*met, known])} {over} AS DOUBLE)"
        case measure:
            assert counter.carried is not None
            number = emitter.value(counter.carried)
            counts = " AND ".join([*met, f"abs({number}) <= {LARGEST!r}e0"])
            return _of_numbers(measure, number, counts, over)


def _of_numbers(measure: Measure, number: str, counts: str, over: str) -> str:
    """Sums are of whole millionths, so that the order of the rows plays no part."""
    if measure is Measure.MAX:
        return f"max(CASE WHEN {counts} THEN {number} END) {over}"
    units = f"sum(CASE WHEN {counts} THEN {MILLIONTHS.format(number)} ELSE 0 END) {over}"
    total = TOTAL.format(units)
    if measure is Measure.SUM:
        return total
    return f"({total} / nullif(CAST(count(*) FILTER (WHERE {counts}) {over} AS DOUBLE), 0e0))"


def _only(conditions: Sequence[str]) -> str:
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""


def _member(emitter: SqlEmitter, carried: Node) -> tuple[str, str]:
    """What tells values apart, and the condition under which there is one."""
    if carried.type.base is not Base.ITEM:
        value = emitter.value(carried)
        return value, f"({value}) IS NOT NULL"
    parts = identity_sql(emitter, carried)
    return f"[{', '.join(parts)}]", _all_known(parts)


def identity_sql(emitter: SqlEmitter, key: Node) -> list[str]:
    """An item is the same if its type and id are, whatever else is known of it."""
    if not isinstance(key, FieldRead) or key.type.base is not Base.ITEM:
        return [emitter.value(key)]
    members = [replace(key, path=(*key.path, member)) for member in ("typeId", "id")]
    return [emitter.value(member) for member in members]


def _all_known(parts: Sequence[str]) -> str:
    return " AND ".join(f"{part} IS NOT NULL" for part in parts)
