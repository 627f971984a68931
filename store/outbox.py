"""Webhooks to be delivered, every attempt at it, and the dead letters."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.webhooks.endpoint import endpoint_of
from store import webhook_endpoints
from store.raw import cursor, follow_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items.item import ItemRef
    from engine.webhooks.breaker import Health

# A lease outlasts the attempt it is for by this much.
GRACE_S = 5.0

INSERT = """
INSERT INTO outbox (org_id, outbox_id, idempotency_key, kind, action_id, url, headers, body,
                    state, next_attempt_at, created_at, due_at, endpoint, item_type_id, item_id,
                    timeout_s)
SELECT current_setting('app.org_id')::int, i, k, %(kind)s, a, u, h, b, 'pending', %(due)s, %(now)s,
       %(due)s, e, t, x, s
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(actions)s::text[], %(urls)s::text[],
            %(headers)s::jsonb[], %(bodies)s::bytea[], %(endpoints)s::text[],
            %(item_types)s::text[], %(items)s::text[], %(timeouts)s::float8[])
     AS new(i, k, a, u, h, b, e, t, x, s)
ON CONFLICT (org_id, idempotency_key) DO NOTHING
"""
NOTIFY = text("SELECT pg_notify('winnow_outbox', current_setting('app.org_id'))")

# What a sender left behind when it died is due again.
RECLAIM = """
UPDATE outbox AS o SET state = 'pending', leased_until = NULL
FROM (SELECT outbox_id FROM outbox WHERE state = 'leased' AND leased_until < %(now)s
      ORDER BY leased_until LIMIT 1000 FOR UPDATE SKIP LOCKED) AS lost
WHERE o.outbox_id = lost.outbox_id
"""

FLYING = """
SELECT endpoint, count(*) FROM outbox
WHERE state = 'leased' AND endpoint = ANY(%(endpoints)s) GROUP BY endpoint
"""

# Sub-queries that cannot be joined the other way round: a plan made for a queue that was empty a
# moment ago must not walk through all of it. From each endpoint in turn, as far as it has room. A
# message waits while an earlier one about the same item is on its way to the same endpoint.
LEASE = """
WITH room AS MATERIALIZED (
    SELECT * FROM unnest(%(endpoints)s::text[], %(rooms)s::int[]) AS r(endpoint, room)
), due AS MATERIALIZED (
    SELECT one.row, one.next_attempt_at, one.ordinal,
           row_number() OVER (PARTITION BY room.endpoint
                              ORDER BY one.next_attempt_at, one.ordinal) AS turn
    FROM room CROSS JOIN LATERAL (
        SELECT o.ctid AS row, o.next_attempt_at, o.ordinal FROM outbox AS o
        WHERE o.endpoint = room.endpoint AND o.state = 'pending' AND o.next_attempt_at <= %(now)s
          AND (o.item_id IS NULL OR (
              SELECT before.ordinal FROM outbox AS before
              WHERE before.endpoint = o.endpoint AND before.item_type_id = o.item_type_id
                AND before.item_id = o.item_id AND before.item_id IS NOT NULL
                AND before.state IN ('pending', 'leased')
                AND (before.due_at, before.ordinal) < (o.due_at, o.ordinal)
              LIMIT 1
          ) IS NULL)
        ORDER BY o.next_attempt_at, o.ordinal LIMIT room.room
    ) AS one
), taken AS MATERIALIZED (
    SELECT one.row
    FROM (SELECT row FROM due ORDER BY turn, next_attempt_at, ordinal LIMIT %(most)s) AS d
    CROSS JOIN LATERAL (
        SELECT o.ctid AS row FROM outbox AS o
        WHERE o.ctid = d.row AND o.state = 'pending'
        FOR UPDATE SKIP LOCKED
    ) AS one
)
UPDATE outbox AS o
SET state = 'leased', attempts = attempts + 1,
    leased_until = greatest(
        %(until)s, %(now)s + (coalesce(o.timeout_s, 0) + %(grace_s)s) * interval '1 second')
WHERE o.ctid = ANY(ARRAY(SELECT row FROM taken))
RETURNING o.outbox_id::text, o.idempotency_key, o.url, o.headers, o.body, o.attempts,
          o.attempts - o.replays_from, o.endpoint, o.timeout_s
"""

# Only the attempt that holds the lease may say how it ended.
FINISH = """
UPDATE outbox AS o
SET state = e.s, next_attempt_at = e.n, leased_until = NULL,
    delivered_at = CASE WHEN e.s = 'delivered' THEN %(now)s::timestamptz END
FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(states)s::text[], %(next)s::timestamptz[])
     AS e(i, a, s, n)
WHERE o.outbox_id = e.i AND o.state = 'leased' AND o.attempts = e.a
"""

# What follows a failed message about the same item waits with it, and is not looked at meanwhile.
BEHIND = """
SELECT later.outbox_id, e.n
FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(next)s::timestamptz[]) AS e(i, s, n)
CROSS JOIN LATERAL (
    SELECT endpoint, item_type_id, item_id, due_at, ordinal FROM outbox
    WHERE outbox_id = e.i OFFSET 0
) AS failed
CROSS JOIN LATERAL (
    SELECT o.outbox_id FROM outbox AS o
    WHERE o.endpoint = failed.endpoint AND o.item_type_id = failed.item_type_id
      AND o.item_id = failed.item_id AND o.item_id IS NOT NULL AND o.state = 'pending'
      AND (o.due_at, o.ordinal) > (failed.due_at, failed.ordinal) AND o.next_attempt_at < e.n
    OFFSET 0
) AS later
WHERE e.s = 'pending'
"""
HOLD = """
UPDATE outbox AS o SET next_attempt_at = e.n
FROM unnest(%(ids)s::uuid[], %(next)s::timestamptz[]) AS e(i, n)
WHERE o.outbox_id = e.i AND o.state = 'pending'
"""

RECORD = """
INSERT INTO outbox_attempts (org_id, outbox_id, attempt, started_at, latency_ms, status, error,
                             response)
SELECT current_setting('app.org_id')::int, e.*
FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(started)s::timestamptz[],
            %(latency)s::float8[], %(statuses)s::int[], %(errors)s::text[],
            %(responses)s::text[]) AS e
ON CONFLICT DO NOTHING
"""

# A replay starts the schedule again, behind what waits; its attempts are numbered on.
REPLAY = text("""
UPDATE outbox SET state = 'pending', next_attempt_at = :now, due_at = :now, leased_until = NULL,
                  replays_from = attempts
WHERE outbox_id = CAST(:outbox_id AS uuid) AND state IN ('dead', 'delivered', 'cancelled')
RETURNING outbox_id::text
""")

CANCEL = text("""
UPDATE outbox SET state = 'cancelled'
WHERE idempotency_key = ANY(:keys) AND state = 'pending' AND attempts = 0
RETURNING idempotency_key
""")

GET = text("""
SELECT outbox_id::text, idempotency_key, kind, action_id, url, headers, body, state, attempts,
       next_attempt_at, created_at, delivered_at
FROM outbox WHERE outbox_id = CAST(:outbox_id AS uuid)
""")

# Newest first; the cursor is the last one seen.
LIST = text("""
SELECT outbox_id::text, idempotency_key, kind, action_id, url, headers, body, state, attempts,
       next_attempt_at, created_at, delivered_at
FROM outbox
WHERE (CAST(:state AS text) IS NULL OR state = :state)
  AND (CAST(:action_id AS text) IS NULL OR action_id = :action_id)
  AND (CAST(:before AS timestamptz) IS NULL
       OR (created_at, outbox_id) < (:before, CAST(:before_id AS uuid)))
ORDER BY created_at DESC, outbox_id DESC LIMIT :most
""")

ATTEMPTS = text("""
SELECT attempt, started_at, latency_ms, status, error, response
FROM outbox_attempts WHERE outbox_id = CAST(:outbox_id AS uuid) ORDER BY attempt
""")

ORGS_WAITING = text("SELECT winnow_orgs_with_outbox()")

COUNTS = text("SELECT state, count(*) FROM outbox GROUP BY state")


@dataclass(frozen=True)
class NewMessage:
    """item: whose messages to one endpoint are kept in order. timeout_s: None, the sender's own."""

    outbox_id: str
    idempotency_key: str
    action_id: str | None
    url: str
    headers: Mapping[str, str]
    body: bytes
    item: ItemRef | None = None
    timeout_s: float | None = None


@dataclass(frozen=True)
class LeasedMessage:
    """attempt: the number of the attempt this lease is for, from 1; turn: since the last replay."""

    outbox_id: str
    idempotency_key: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int
    turn: int
    endpoint: str
    timeout_s: float | None


@dataclass(frozen=True)
class Attempt:
    """state: what becomes of the message; next_attempt_at counts when it is `pending`."""

    outbox_id: str
    attempt: int
    started_at: datetime
    latency_ms: float
    status: int | None
    error: str | None
    response: str | None
    state: str
    next_attempt_at: datetime


@dataclass(frozen=True)
class Delivery:
    outbox_id: str
    idempotency_key: str
    kind: str
    action_id: str | None
    url: str
    headers: Mapping[str, str]
    body: bytes
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True)
class PastAttempt:
    attempt: int
    started_at: datetime
    latency_ms: float
    status: int | None
    error: str | None
    response: str | None


def insert(
    tx: Connection, messages: Sequence[NewMessage], *, kind: str, due: datetime, now: datetime
) -> None:
    """Queues them and wakes a sender when this transaction commits."""
    if not messages:
        return
    endpoints = [endpoint_of(message.url) for message in messages]
    webhook_endpoints.know(tx, set(endpoints))
    parameters = {
        "kind": kind,
        "endpoints": endpoints,
        "item_types": [message.item.type_id if message.item else None for message in messages],
        "items": [message.item.item_id if message.item else None for message in messages],
        "timeouts": [message.timeout_s for message in messages],
        "due": due,
        "now": now,
        "ids": [message.outbox_id for message in messages],
        "keys": [message.idempotency_key for message in messages],
        "actions": [message.action_id for message in messages],
        "urls": [message.url for message in messages],
        "headers": [json.dumps(dict(message.headers)) for message in messages],
        "bodies": [message.body for message in messages],
    }
    cursor(tx).execute(INSERT, parameters)
    tx.execute(NOTIFY)


def lease(
    tx: Connection, *, now: datetime, until: datetime, most: int, per_endpoint: int
) -> list[LeasedMessage]:
    """Due messages, of each endpoint as many as are not in flight there already, all senders told.

    From an endpoint that was left alone, one message goes as a probe, and no other while its lease
    lasts.
    """
    raw = cursor(tx)
    raw.execute(RECLAIM, {"now": now})
    endpoints = webhook_endpoints.with_work(tx, now)
    if not endpoints:
        return []
    follow_indexes(tx)
    flying = {row[0]: row[1] for row in raw.execute(FLYING, {"endpoints": list(endpoints)})}
    rooms = {
        endpoint: 1 if health.open_until else max(per_endpoint - flying.get(endpoint, 0), 0)
        for endpoint, health in endpoints.items()
    }
    parameters = {
        "now": now, "until": until, "most": most, "grace_s": GRACE_S,
        "endpoints": list(rooms), "rooms": list(rooms.values()),
    }  # fmt: skip
    leased = [LeasedMessage(*row) for row in raw.execute(LEASE, parameters)]
    _mark_probes(tx, endpoints, leased, until)
    return leased


def _mark_probes(
    tx: Connection,
    endpoints: Mapping[str, Health],
    leased: Sequence[LeasedMessage],
    until: datetime,
) -> None:
    probes = {
        message.endpoint: replace(
            endpoints[message.endpoint], open_until=until, probe=message.outbox_id
        )
        for message in leased
        if endpoints[message.endpoint].open_until is not None
    }
    webhook_endpoints.save(tx, probes)


def record(tx: Connection, attempts: Sequence[Attempt], now: datetime) -> None:
    """Keeps each attempt, and moves its message on if the lease was still this attempt's."""
    if not attempts:
        return
    parameters = {
        "now": now,
        "ids": [a.outbox_id for a in attempts],
        "attempts": [a.attempt for a in attempts],
        "started": [a.started_at for a in attempts],
        "latency": [a.latency_ms for a in attempts],
        "statuses": [a.status for a in attempts],
        "errors": [a.error for a in attempts],
        "responses": [a.response for a in attempts],
        "states": [a.state for a in attempts],
        "next": [a.next_attempt_at for a in attempts],
    }
    raw = cursor(tx)
    raw.execute(RECORD, parameters)
    raw.execute(FINISH, parameters)
    if any(a.state == "pending" for a in attempts):
        behind = raw.execute(BEHIND, parameters).fetchall()
        held = {"ids": [row[0] for row in behind], "next": [row[1] for row in behind]}
        raw.execute(HOLD, held)


def replay(tx: Connection, outbox_id: str, now: datetime) -> bool:
    """Sends a finished message again, under its old idempotency key; False if it is not one."""
    done = tx.execute(REPLAY, {"outbox_id": outbox_id, "now": now}).scalar() is not None
    if done:
        tx.execute(NOTIFY)
    return done


def cancel(tx: Connection, keys: Sequence[str]) -> set[str]:
    """Takes back those that nobody has begun to send; gives the keys taken back."""
    return set(tx.execute(CANCEL, {"keys": list(keys)}).scalars())


def get(tx: Connection, outbox_id: str) -> Delivery | None:
    row = tx.execute(GET, {"outbox_id": outbox_id}).one_or_none()
    return Delivery(*row) if row else None


def page(
    tx: Connection,
    *,
    state: str | None,
    action_id: str | None,
    before: tuple[datetime, str] | None,
    most: int,
) -> tuple[Delivery, ...]:
    parameters = {
        "state": state,
        "action_id": action_id,
        "before": before[0] if before else None,
        "before_id": before[1] if before else None,
        "most": most,
    }
    return tuple(Delivery(*row) for row in tx.execute(LIST, parameters))


def past_attempts(tx: Connection, outbox_id: str) -> tuple[PastAttempt, ...]:
    rows = tx.execute(ATTEMPTS, {"outbox_id": outbox_id})
    return tuple(PastAttempt(*row) for row in rows)


def orgs_waiting(tx: Connection) -> list[int]:
    """Organisations with something due; needs no organisation of its own."""
    return list(tx.execute(ORGS_WAITING).scalars())


def counts(tx: Connection) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.execute(COUNTS)}
