"""Token buckets over history in DuckDB: the arrivals of each key in order, answered together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from engine.language.buckets import over_rate
from engine.language.counter_sql import identity_sql
from engine.language.nodes import ArrivalTime, Measure
from engine.language.operator import TextFunction, digest_of
from engine.language.types import TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language.buckets import Rate
    from engine.language.nodes import Counter
    from engine.language.operator import SqlEmitter


def with_buckets(emitter: SqlEmitter, counters: Sequence[Counter], relation: str) -> str:
    """Adds `_count_<place>` for each counter that is a token bucket. The relation has `_seq`."""
    for place, counter in enumerate(counters):
        if counter.measure is Measure.TOKENS:
            relation = _with_bucket(emitter, counter, place, relation)
    return relation


def _with_bucket(emitter: SqlEmitter, counter: Counter, place: int, relation: str) -> str:
    """A list a key, joined back by each item's number in it; no key, no answer."""
    assert counter.rate is not None
    parts = [part for key in counter.key for part in identity_sql(emitter, key)]
    names = [f"_key_{number}" for number, _ in enumerate(parts)]
    keys = ", ".join(f"{part} AS {name}" for part, name in zip(parts, names, strict=True))
    listed, known = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
    moment = f"epoch_us({emitter.value(ArrivalTime(TIME))})"
    answers = emitter.call(_function(counter.rate), "list(_moment ORDER BY _moment, _seq)")
    keyed = f"(SELECT *, {keys}, {moment} AS _moment FROM {relation})"  # noqa: S608 - checked nodes
    numbered = (
        f"(SELECT *, row_number() OVER (PARTITION BY {listed} ORDER BY _moment, _seq)"  # noqa: S608
        f" AS _nth FROM {keyed})"
    )
    buckets = (
        f"(SELECT {listed}, {answers} AS _over FROM {keyed}"  # noqa: S608
        f" WHERE {known} AND _moment IS NOT NULL GROUP BY {listed})"
    )
    on = " AND ".join(f"_asking.{name} = _bucket.{name}" for name in names)
    return (
        f"(SELECT _asking.* EXCLUDE ({listed}, _moment, _nth),"  # noqa: S608
        f" CASE WHEN _asking._moment IS NOT NULL THEN _bucket._over[_asking._nth] END"
        f' AS "_count_{place}" FROM {numbered} AS _asking LEFT JOIN {buckets} AS _bucket ON {on})'
    )


def _function(rate: Rate) -> TextFunction:
    """Of lists: the answer of every arrival."""
    name = f"winnow_over_rate_{digest_of((rate.limit, rate.interval_us, rate.burst))}"
    return TextFunction(name, ("BIGINT[]",), "BOOLEAN[]", partial(_each, rate))


def _each(rate: Rate, lists: list[Any]) -> list[object]:
    return [over_rate(rate, arrivals)[0] for arrivals in lists]
