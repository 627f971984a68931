"""Token buckets over history in DuckDB: the arrivals of each key in order, answered together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

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


class _Bucket(NamedTuple):
    """A token bucket. keys: the name and the SQL of each part of its key. answers: of a list."""

    place: int
    keys: dict[str, str]
    answers: str

    @property
    def listed(self) -> str:
        return ", ".join(self.keys)

    @property
    def number(self) -> str:
        """Of each item, which of its key's arrivals it is."""
        order = f"PARTITION BY {self.listed} ORDER BY _moment, _seq"
        return f"row_number() OVER ({order}) AS _nth_{self.place}"

    @property
    def joined(self) -> str:
        """A list a key; no key, no answer."""
        known = " AND ".join(f"{name} IS NOT NULL" for name in self.keys)
        alike = " AND ".join(f"_asking.{name} = _bucket_{self.place}.{name}" for name in self.keys)
        return (
            f"LEFT JOIN (SELECT {self.listed}, {self.answers} AS _over FROM _keyed"  # noqa: S608
            f" WHERE {known} AND _moment IS NOT NULL GROUP BY {self.listed})"
            f" AS _bucket_{self.place} ON {alike}"
        )

    @property
    def answered(self) -> str:
        over = f"_bucket_{self.place}._over[_asking._nth_{self.place}]"
        return f'CASE WHEN _asking._moment IS NOT NULL THEN {over} END AS "_count_{self.place}"'


def with_buckets(emitter: SqlEmitter, counters: Sequence[Counter], relation: str) -> str:
    """Adds `_count_<place>` for each counter that is a token bucket. The relation has `_seq`.

    It is named once however many there are: a query over it may be long.
    """
    buckets = [
        _bucket(emitter, counter, place)
        for place, counter in enumerate(counters)
        if counter.measure is Measure.TOKENS
    ]
    if not buckets:
        return relation
    keys = ", ".join(f"{sql} AS {name}" for each in buckets for name, sql in each.keys.items())
    moment = f"epoch_us({emitter.value(ArrivalTime(TIME))})"
    numbers = ", ".join(each.number for each in buckets)
    added = ", ".join(f"{each.listed}, _nth_{each.place}" for each in buckets)
    answers = ", ".join(each.answered for each in buckets)
    return (
        f"(WITH _keyed AS MATERIALIZED (SELECT *, {keys}, {moment} AS _moment FROM {relation})"  # noqa: S608 - checked nodes
        f" SELECT _asking.* EXCLUDE ({added}, _moment), {answers}"
        f" FROM (SELECT *, {numbers} FROM _keyed) AS _asking"
        f" {' '.join(each.joined for each in buckets)})"
    )


def _bucket(emitter: SqlEmitter, counter: Counter, place: int) -> _Bucket:
    assert counter.rate is not None
    parts = [part for key in counter.key for part in identity_sql(emitter, key)]
    keys = {f"_key_{place}_{number}": part for number, part in enumerate(parts)}
    answers = emitter.call(_function(counter.rate), "list(_moment ORDER BY _moment, _seq)")
    return _Bucket(place, keys, answers)


def _function(rate: Rate) -> TextFunction:
    """Of lists: the answer of every arrival."""
    name = f"winnow_over_rate_{digest_of((rate.limit, rate.interval_us, rate.burst))}"
    return TextFunction(name, ("BIGINT[]",), "BOOLEAN[]", partial(_each, rate))


def _each(rate: Rate, lists: list[Any]) -> list[object]:
    return [over_rate(rate, arrivals)[0] for arrivals in lists]
