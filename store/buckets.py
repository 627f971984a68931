"""Arrivals that fill and empty token buckets: of each key, those of the periods asked about."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from engine.language.buckets import Rate, over_rate
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

ARRIVALS = """
SELECT q.n, e.times
FROM unnest(%(counters)s::int[], %(keys)b::text[], %(firsts)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS q(counter_id, key, first, last, n)
CROSS JOIN LATERAL (
    SELECT string_agg(
        round(date_part('epoch', arrived_at) * 1000000)::bigint::text, ',' ORDER BY arrived_at
    ) AS times
    FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key
      AND arrived_at >= 'epoch'::timestamptz + q.first * interval '1 microsecond'
      AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
) AS e
WHERE e.times IS NOT NULL
"""


class BucketAsk(NamedTuple):
    """Whether the item that arrived at `at_us`, an event of the counter, found no token."""

    counter_id: int
    key: str
    rate: Rate
    at_us: int

    @property
    def first_us(self) -> int:
        """The start of its period."""
        period_us = self.rate.period_us or 1
        return self.at_us - self.at_us % period_us


def answers(tx: Connection, asks: Sequence[BucketAsk]) -> list[bool | None]:
    """In the order asked; None where the item is no event. One index scan a key."""
    grouped: dict[tuple[int, str], list[BucketAsk]] = defaultdict(list)
    for ask in asks:
        grouped[ask.counter_id, ask.key].append(ask)
    places = list(grouped)
    parameters = {
        "counters": [counter_id for counter_id, _ in places],
        "keys": [key for _, key in places],
        "firsts": [min(ask.first_us for ask in group) for group in grouped.values()],
        "lasts": [max(ask.at_us for ask in group) for group in grouped.values()],
    }
    known: dict[BucketAsk, bool] = {}
    for n, written in cursor(tx).execute(ARRIVALS, parameters):
        known |= _answered(grouped[places[n - 1]], [int(each) for each in written.split(",")])
    return [known.get(ask) for ask in asks]


def _answered(asks: Iterable[BucketAsk], arrivals: Sequence[int]) -> dict[BucketAsk, bool]:
    """Each rate's bucket from the start of the earliest period that is asked about."""
    by_rate: dict[Rate, list[BucketAsk]] = defaultdict(list)
    for ask in asks:
        by_rate[ask.rate].append(ask)
    found: dict[BucketAsk, bool] = {}
    for rate, group in by_rate.items():
        mine = arrivals[bisect_left(arrivals, min(ask.first_us for ask in group)) :]
        over = dict(zip(mine, over_rate(rate, mine), strict=True))
        found |= {ask: over[ask.at_us] for ask in group if ask.at_us in over}
    return found
