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
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

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
FROM unnest(%(keys)s::text[], %(at)s::timestamptz[], %(seqs)s::bigint[]) AS e(k, a, s)
ON CONFLICT DO NOTHING
"""

# One scan of each key's window for the whole batch. The batch's windows begin between
# `first - w` and `last - w` and end between `first` and `last`; what lies between those two edges
# is in all of them and is only counted. Times come back as microseconds since the epoch.
WINDOWS = """
SELECT q.n, e.middle, e.edges
FROM unnest(%(counters)s::int[], %(keys)s::text[], %(widths)s::bigint[],
            %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
     WITH ORDINALITY AS q(counter_id, key, width, first, last, n)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE w.arrived_at > b.low AND w.arrived_at <= q.first) AS middle,
           array_agg(round(date_part('epoch', w.arrived_at) * 1000000)::bigint
                     ORDER BY w.arrived_at)
               FILTER (WHERE w.arrived_at <= b.low OR w.arrived_at > q.first) AS edges
    FROM (SELECT least(q.last - q.width * interval '1 microsecond', q.first) AS low) AS b
    JOIN window_events AS w
      ON w.counter_id = q.counter_id AND w.key = q.key
     AND w.arrived_at > q.first - q.width * interval '1 microsecond' AND w.arrived_at <= q.last
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
    """How many events of `key` lie in (at - width, at]? `at` in microseconds since the epoch."""

    counter_id: int
    key: str
    width_us: int
    at_us: int
    at: datetime


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


def counts(tx: Connection, asks: Sequence[Ask]) -> list[int]:
    """One answer an ask, in order, with one statement for all of them."""
    groups: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for index, ask in enumerate(asks):
        groups[ask.counter_id, ask.key, ask.width_us].append(index)
    answers = [0] * len(asks)
    if groups:
        members = list(groups.values())
        for n, middle, edges in _windows(tx, groups, asks):
            _fill(answers, asks, members[n - 1], middle, edges or ())
    return answers


def _windows(
    tx: Connection, groups: dict[tuple[int, str, int], list[int]], asks: Sequence[Ask]
) -> Iterable[tuple[int, int, list[int] | None]]:
    parameters = {
        "counters": [counter_id for counter_id, _, _ in groups],
        "keys": [key for _, key, _ in groups],
        "widths": [width for _, _, width in groups],
        "firsts": [min(asks[i].at for i in members) for members in groups.values()],
        "lasts": [max(asks[i].at for i in members) for members in groups.values()],
    }
    found: list[tuple[int, int, list[int] | None]] = (
        cursor(tx, binary=True).execute(WINDOWS, parameters).fetchall()
    )
    return found


def _fill(
    answers: list[int], asks: Sequence[Ask], members: Sequence[int], middle: int,
    edges: Sequence[int],
) -> None:  # fmt: skip
    for index in members:
        ask = asks[index]
        until = bisect_right(edges, ask.at_us)
        answers[index] = middle + until - bisect_right(edges, ask.at_us - ask.width_us)
