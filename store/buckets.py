"""Arrivals that empty token buckets: of each key, those of the period that is asked about.

Of a busy key, what its bucket held is kept after some arrivals, so that later batches read on from
there. Nothing can arrive before a place that is known, so what was kept stays true.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from engine.language.buckets import Level, Rate, over_rate
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

MOST_READ = 500
"""Arrivals of a key that are read before what they leave is kept."""

ARRIVALS = """
SELECT q.n, round(date_part('epoch', b.at) * 1000000)::bigint, b.due::text, e.times
FROM unnest(%(counters)s::int[], %(keys)b::text[], %(rates)b::text[], %(firsts)s::bigint[],
            %(earliest)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS q(counter_id, key, rate, first, earliest, last, n)
LEFT JOIN LATERAL (
    SELECT at, due FROM token_buckets
    WHERE counter_id = q.counter_id AND key = q.key AND rate = q.rate
      AND at >= 'epoch'::timestamptz + q.first * interval '1 microsecond'
      AND at < 'epoch'::timestamptz + q.earliest * interval '1 microsecond'
    ORDER BY at DESC LIMIT 1
) AS b ON true
CROSS JOIN LATERAL (
    SELECT string_agg(
        round(date_part('epoch', arrived_at) * 1000000)::bigint::text, ',' ORDER BY arrived_at
    ) AS times
    FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key
      AND arrived_at >= coalesce(b.at + interval '1 microsecond',
                                 'epoch'::timestamptz + q.first * interval '1 microsecond')
      AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
) AS e
WHERE e.times IS NOT NULL
"""

KEEP = """
INSERT INTO token_buckets (org_id, counter_id, key, rate, at, due)
SELECT current_setting('app.org_id')::int, c, k, r,
       'epoch'::timestamptz + a * interval '1 microsecond', d
FROM unnest(%(counters)s::int[], %(keys)b::text[], %(rates)b::text[], %(moments)s::bigint[],
            %(dues)s::numeric[]) AS kept(c, k, r, a, d)
ORDER BY c, k, r
ON CONFLICT DO NOTHING
"""

# Without them more is read, and nothing else changes.
FORGET = text("DELETE FROM token_buckets WHERE at < :now - interval '2 days'")


class BucketAsk(NamedTuple):
    """Whether the item that arrived at `at_us`, an event of the counter, found no token."""

    counter_id: int
    key: str
    rate: Rate
    at_us: int


class _Series(NamedTuple):
    """One bucket."""

    counter_id: int
    key: str
    rate: Rate

    @property
    def rate_name(self) -> str:
        return f"{self.rate.limit}/{self.rate.interval_us}/{self.rate.burst}"

    def period_start(self, at_us: int) -> int:
        return at_us - at_us % (self.rate.period_us or 1)


def answers(tx: Connection, asks: Sequence[BucketAsk]) -> list[bool | None]:
    """In the order asked; None where the item is no event. Two index scans a key."""
    grouped: dict[_Series, list[int]] = defaultdict(list)
    for ask in asks:
        grouped[_Series(ask.counter_id, ask.key, ask.rate)].append(ask.at_us)
    series = list(grouped)
    parameters = {
        **_named(series),
        "firsts": [each.period_start(min(asked)) for each, asked in grouped.items()],
        "earliest": [min(asked) for asked in grouped.values()],
        "lasts": [max(asked) for asked in grouped.values()],
    }
    known: dict[tuple[_Series, int], bool] = {}
    kept: dict[_Series, Level] = {}
    for n, at_us, due, written in cursor(tx).execute(ARRIVALS, parameters).fetchall():
        mine = series[n - 1]
        arrivals = [int(each) for each in written.split(",")]
        after = None if at_us is None else Level(at_us, int(due))
        over, left = over_rate(mine.rate, arrivals, after)
        known |= {(mine, at): answer for at, answer in zip(arrivals, over, strict=True)}
        if left is not None and len(arrivals) >= MOST_READ:
            kept[mine] = left
    _keep(tx, kept)
    return [known.get((_Series(*ask[:3]), ask.at_us)) for ask in asks]


def _named(series: Sequence[_Series]) -> dict[str, list[object]]:
    return {
        "counters": [each.counter_id for each in series],
        "keys": [each.key for each in series],
        "rates": [each.rate_name for each in series],
    }


def _keep(tx: Connection, levels: dict[_Series, Level]) -> None:
    if levels:
        left = {
            "moments": [level.at_us for level in levels.values()],
            "dues": [str(level.due) for level in levels.values()],
        }
        cursor(tx).execute(KEEP, {**_named(list(levels)), **left})


def forget(tx: Connection, now: datetime) -> None:
    tx.execute(FORGET, {"now": now})
