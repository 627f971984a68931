"""Busy keys, summed by the minute: exact, because what is before a place never changes.

Of each key, the minutes from the first to the last that has a row are summed to the end; one
without a row had no events. `store/features.py` adds the ragged edges from the events themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from store.raw import cursor, together

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

MINUTE_US = 60_000_000

# What was summed before a gap is of no use to a window that begins after it.
DROP_BEFORE_GAP = """
DELETE FROM window_minutes AS m
USING unnest(%(counters)b::int[], %(keys)b::text[], %(starts)b::bigint[])
    AS q(counter_id, key, start)
WHERE m.counter_id = q.counter_id AND m.key = q.key
  AND (SELECT max(l.minute) FROM window_minutes AS l
       WHERE l.counter_id = q.counter_id AND l.key = q.key)
      + interval '1 minute' < 'epoch'::timestamptz + q.start * interval '1 microsecond'
"""

# From where the key's sums end, or else from `start`, to `until`; both are whole minutes.
ADD_UP = """
INSERT INTO window_minutes (org_id, counter_id, key, minute, events, units, largest)
SELECT current_setting('app.org_id')::int, q.counter_id, q.key, e.*
FROM unnest(%(counters)b::int[], %(keys)b::text[], %(starts)b::bigint[], %(untils)b::bigint[])
    AS q(counter_id, key, start, until)
CROSS JOIN LATERAL (
    SELECT date_bin('1 minute', w.arrived_at, 'epoch'::timestamptz) AS minute, count(*),
           sum(floor(w.value * 1000000 + 0.5)::bigint), max(w.value)
    FROM window_events AS w
    WHERE w.counter_id = q.counter_id AND w.key = q.key
      AND w.arrived_at >= greatest(
          'epoch'::timestamptz + q.start * interval '1 microsecond',
          (SELECT max(l.minute) + interval '1 minute' FROM window_minutes AS l
           WHERE l.counter_id = q.counter_id AND l.key = q.key))
      AND w.arrived_at < 'epoch'::timestamptz + q.until * interval '1 microsecond'
    GROUP BY 1
) AS e
ON CONFLICT DO NOTHING
"""

FORGET = text("""
DELETE FROM window_minutes AS m USING counters AS c
WHERE c.counter_id = m.counter_id
  AND m.minute < :now - c.window_us * interval '1 microsecond' - interval '1 minute'
""")


def add_up(tx: Connection, busy: Iterable[tuple[int, str, int, int]]) -> None:
    """busy: (counter, key, after, before), in microseconds since the epoch.

    Nothing may arrive before `before` any more, and all that arrived after `after` is kept. Keys
    are taken in their order, so that two workers do not wait for each other.
    """
    rows = sorted(
        (counter_id, key, after // MINUTE_US * MINUTE_US + MINUTE_US, before - before % MINUTE_US)
        for counter_id, key, after, before in busy
    )
    if rows:
        counters, keys, starts, untils = [list(column) for column in zip(*rows, strict=True)]
        asked = {"counters": counters, "keys": keys, "starts": starts, "untils": untils}
        with together(tx):
            cursor(tx).execute(DROP_BEFORE_GAP, asked)
            cursor(tx).execute(ADD_UP, asked)


def forget(tx: Connection, now: datetime) -> int:
    """Deletes minutes that no window reaches, measured from `now`."""
    return tx.execute(FORGET, {"now": now}).rowcount
