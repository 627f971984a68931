"""What counters count: one event a submission and counter, at the submission's place.

The counter's own key, at a time. A window is (mine - window, mine]: exclusive below, inclusive
above; places are unique, so there are no ties.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

MOST_NEWEST = 100

COPY = "COPY window_events (org_id, counter_id, key, arrived_at, seq) FROM STDIN"

REGISTERED = text("""
SELECT counter_id, identity, type_id, definition, window_us FROM counters ORDER BY counter_id
""")

# One at a time in an organisation, without holding up the clock while history is copied.
LOCK_REGISTRATION = text("""
SELECT pg_advisory_xact_lock(hashtextextended('counters:' || current_setting('app.org_id'), 0))
""")

# Called under the lock above, so the next number is nobody else's.
REGISTER = text("""
INSERT INTO counters (org_id, counter_id, identity, type_id, definition, window_us, created_at)
SELECT current_setting('app.org_id')::int, coalesce(max(counter_id), 0) + 1, :identity, :type_id,
       CAST(:definition AS jsonb), :window_us, now()
FROM counters
RETURNING counter_id
""")

WIDEN = text("UPDATE counters SET window_us = :window_us WHERE counter_id = :counter_id")

INSERT = """
INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq)
SELECT current_setting('app.org_id')::int, %(counter)s, k, a, s
FROM unnest(%(keys)b::text[], %(at)b::timestamptz[], %(seqs)b::bigint[]) AS e(k, a, s)
ON CONFLICT DO NOTHING
"""

# The newest events of each key within its widest window, as text, in one index scan a key. Times
# are microseconds since the epoch. A key with more than `most` of them is asked again, as below.
NEWEST = """
SELECT q.n, e.found
FROM unnest(%(counters)b::int[], %(keys)b::text[], %(firsts)b::bigint[], %(lasts)b::bigint[])
     WITH ORDINALITY AS q(counter_id, key, after, until, n)
CROSS JOIN LATERAL (
    SELECT string_agg(round(date_part('epoch', w.arrived_at) * 1000000)::bigint::text, ',') AS found
    FROM (
        SELECT arrived_at FROM window_events
        WHERE counter_id = q.counter_id AND key = q.key
          AND arrived_at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
          AND arrived_at <= 'epoch'::timestamptz + q.until * interval '1 microsecond'
        ORDER BY arrived_at DESC LIMIT %(most)s
    ) AS w
) AS e
WHERE e.found IS NOT NULL
"""

# For busy keys, one scan a window. The batch's windows begin between `first - w` and `last - w`
# and end between `first` and `last`; what lies between those two edges is in all of them and is
# only counted, the edges come back one by one.
WINDOWS = """
SELECT q.n, e.middle, e.edges
FROM unnest(%(counters)b::int[], %(keys)b::text[], %(widths)b::bigint[], %(firsts)b::bigint[],
            %(lasts)b::bigint[])
     WITH ORDINALITY AS q(counter_id, key, width, first_us, last_us, n)
CROSS JOIN LATERAL (
    SELECT 'epoch'::timestamptz + (q.first_us - q.width) * interval '1 microsecond' AS begins,
           'epoch'::timestamptz + least(q.last_us - q.width, q.first_us) * interval '1 microsecond'
               AS low,
           'epoch'::timestamptz + q.first_us * interval '1 microsecond' AS first,
           'epoch'::timestamptz + q.last_us * interval '1 microsecond' AS last
) AS b
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE w.arrived_at > b.low AND w.arrived_at <= b.first) AS middle,
           string_agg(round(date_part('epoch', w.arrived_at) * 1000000)::bigint::text, ','
                      ORDER BY w.arrived_at)
               FILTER (WHERE w.arrived_at <= b.low OR w.arrived_at > b.first) AS edges
    FROM window_events AS w
    WHERE w.counter_id = q.counter_id AND w.key = q.key
      AND w.arrived_at > b.begins AND w.arrived_at <= b.last
) AS e
"""

FORGET = text("""
DELETE FROM window_events AS w USING counters AS c
WHERE c.counter_id = w.counter_id AND w.arrived_at < :now - c.window_us * interval '1 microsecond'
""")


@dataclass(frozen=True)
class Registered:
    """definition: the stored JSON. window_us: the longest window any rule has asked for."""

    counter_id: int
    identity: str
    type_id: str
    definition: dict[str, Any]
    window_us: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks how many events of `key` lie in (at - width, at], for each of the widths.

    at_us: microseconds since the epoch, as the widths are.
    """

    counter_id: int
    key: str
    widths_us: tuple[int, ...]
    at_us: int


def registered(tx: Connection) -> tuple[Registered, ...]:
    return tuple(Registered(*row) for row in tx.execute(REGISTERED))


def lock_registration(tx: Connection) -> None:
    """Until this transaction ends, nobody else registers counters in the organisation."""
    tx.execute(LOCK_REGISTRATION)


def register(
    tx: Connection, identity: str, type_id: str, definition: object, window_us: int
) -> int:
    parameters = {
        "identity": identity,
        "type_id": type_id,
        "definition": json.dumps(definition),
        "window_us": window_us,
    }
    return int(tx.execute(REGISTER, parameters).scalar_one())


def widen(tx: Connection, counter_id: int, window_us: int) -> None:
    tx.execute(WIDEN, {"counter_id": counter_id, "window_us": window_us})


def insert(tx: Connection, counter_id: int, events: Sequence[tuple[str, datetime, int]]) -> None:
    """events: (key, arrived_at, seq); those that exist already are left as they are."""
    keys, at, seqs = [list(column) for column in zip(*events, strict=True)]
    cursor(tx).execute(INSERT, {"counter": counter_id, "keys": keys, "at": at, "seqs": seqs})


def forget(tx: Connection, now: datetime) -> int:
    """Deletes events older than the longest window of their counter, measured from `now`."""
    return tx.execute(FORGET, {"now": now}).rowcount


def copy_line(org_id: int, counter_id: int, key: bytes, arrived_at: bytes, seq: int) -> bytes:
    """key: escaped for COPY."""
    return b"%d\t%d\t%b\t%b\t%d\n" % (org_id, counter_id, key, arrived_at, seq)


def counts(tx: Connection, asks: Sequence[Ask]) -> list[tuple[int, ...]]:
    """One answer an ask, a number for each width. At most two statements for all of them.

    asks: in the order of their times.
    """
    groups: dict[tuple[int, str, tuple[int, ...]], list[int]] = defaultdict(list)
    for index, ask in enumerate(asks):
        groups[ask.counter_id, ask.key, ask.widths_us].append(index)
    answers: list[tuple[int, ...]] = [(0,) * len(ask.widths_us) for ask in asks]
    if groups:
        members = list(groups.values())
        found = _newest(tx, groups, asks)
        busy = [members[n] for n, times in found.items() if len(times) >= MOST_NEWEST]
        for n, times in found.items():
            if len(times) < MOST_NEWEST:
                _fill(answers, asks, members[n], times)
        if busy:
            _fill_busy(tx, answers, asks, busy)
    return answers


def _newest(
    tx: Connection, groups: Mapping[tuple[int, str, tuple[int, ...]], list[int]],
    asks: Sequence[Ask],
) -> dict[int, list[int]]:  # fmt: skip
    """By the group's number: its events in its widest window, oldest first, if there are any."""
    parameters = {
        "counters": [counter_id for counter_id, _, _ in groups],
        "keys": [key for _, key, _ in groups],
        "firsts": [asks[m[0]].at_us - max(k[2]) for k, m in groups.items()],
        "lasts": [asks[m[-1]].at_us for m in groups.values()],
        "most": MOST_NEWEST,
    }
    rows = cursor(tx, binary=True).execute(NEWEST, parameters)
    return {n - 1: sorted(map(int, found.split(","))) for n, found in rows}


def _fill(
    answers: list[tuple[int, ...]], asks: Sequence[Ask], members: Sequence[int],
    times: Sequence[int],
) -> None:  # fmt: skip
    for index in members:
        ask = asks[index]
        until = bisect_right(times, ask.at_us)
        answers[index] = tuple(
            [until - bisect_right(times, ask.at_us - width) for width in ask.widths_us]
        )


def _fill_busy(
    tx: Connection, answers: list[tuple[int, ...]], asks: Sequence[Ask],
    groups: Sequence[Sequence[int]],
) -> None:  # fmt: skip
    """One window after the other, for keys with many events."""
    questions = [(members, width) for members in groups for width in asks[members[0]].widths_us]
    parameters = {
        "counters": [asks[members[0]].counter_id for members, _ in questions],
        "keys": [asks[members[0]].key for members, _ in questions],
        "widths": [width for _, width in questions],
        "firsts": [asks[members[0]].at_us for members, _ in questions],
        "lasts": [asks[members[-1]].at_us for members, _ in questions],
    }
    counted: dict[int, list[int]] = {index: [] for members in groups for index in members}
    rows = cursor(tx, binary=True).execute(WINDOWS, parameters)
    for n, middle, edges in sorted(rows):
        times = list(map(int, edges.split(","))) if edges else []
        members, width = questions[n - 1]
        for index in members:
            at_us = asks[index].at_us
            inside = bisect_right(times, at_us) - bisect_right(times, at_us - width)
            counted[index].append(middle + inside)
    for index, numbers in counted.items():
        answers[index] = tuple(numbers)
