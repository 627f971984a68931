"""What counters count: one event a submission and counter, at the submission's place.

Each with its counter's key and time, and the number or the member that the counter looks at.
`store/features.py` asks them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from store import buckets, window_minutes
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

NOTHING_CARRIED = b"\\N\t\\N"

COPY = "COPY window_events (org_id, counter_id, key, arrived_at, seq, value, member) FROM STDIN"

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
INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq, value, member)
SELECT current_setting('app.org_id')::int, %(counter)s, k, a, s, v, m
FROM unnest(%(keys)b::text[], %(at)b::timestamptz[], %(seqs)b::bigint[], %(values)b::float8[],
            %(members)b::text[]) AS e(k, a, s, v, m)
ON CONFLICT DO NOTHING
"""

FORGET = text("""
DELETE FROM window_events AS w USING counters AS c
WHERE c.counter_id = w.counter_id AND w.arrived_at < :now - c.window_us * interval '1 microsecond'
""")

# Of a key that is only asked when it was first seen, one event is enough.
FORGET_LATER = text("""
DELETE FROM window_events AS w USING counters AS c
WHERE c.counter_id = w.counter_id AND c.definition ->> 'carries' = 'first' AND w.arrived_at < :now
  AND EXISTS (SELECT FROM window_events AS e
              WHERE e.counter_id = w.counter_id AND e.key = w.key AND e.arrived_at < w.arrived_at)
""")


@dataclass(frozen=True)
class Registered:
    """definition: the stored JSON. window_us: the longest window any rule has asked for."""

    counter_id: int
    identity: str
    type_id: str
    definition: dict[str, Any]
    window_us: int


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


@dataclass(frozen=True, slots=True)
class WindowEvent:
    """value or member: what the counter's events carry, if anything."""

    key: str
    arrived_at: datetime
    seq: int
    value: float | None = None
    member: str | None = None


def insert(tx: Connection, counter_id: int, events: Sequence[WindowEvent]) -> None:
    """Those that exist already are left as they are."""
    parameters = {
        "counter": counter_id,
        "keys": [event.key for event in events],
        "at": [event.arrived_at for event in events],
        "seqs": [event.seq for event in events],
        "values": [event.value for event in events],
        "members": [event.member for event in events],
    }
    cursor(tx).execute(INSERT, parameters)


def forget(tx: Connection, now: datetime) -> int:
    """Deletes events older than the longest window of their counter, measured from `now`."""
    window_minutes.forget(tx, now)
    buckets.forget(tx, now)
    older = tx.execute(FORGET, {"now": now}).rowcount
    return older + tx.execute(FORGET_LATER, {"now": now}).rowcount


def carried(value: float | None, member: bytes | None) -> bytes:
    """The end of a COPY line. member: escaped for COPY."""
    if value is None and member is None:
        return NOTHING_CARRIED
    written = b"\\N" if value is None else repr(value).encode()
    return b"%b\t%b" % (written, b"\\N" if member is None else member)


def copy_line(
    org_id: int, counter_id: int, key: bytes, arrived_at: bytes, seq: int, tail: bytes
) -> bytes:
    """key: escaped for COPY. tail: as `carried` gives it."""
    return b"%d\t%d\t%b\t%b\t%d\t%b\n" % (org_id, counter_id, key, arrived_at, seq, tail)
