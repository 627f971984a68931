"""Webhooks to be delivered, every attempt at it, and the dead letters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.raw import cursor, follow_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

INSERT = """
INSERT INTO outbox (org_id, outbox_id, idempotency_key, kind, action_id, url, headers, body,
                    state, next_attempt_at, created_at)
SELECT current_setting('app.org_id')::int, i, k, %(kind)s, a, u, h, b, 'pending', %(due)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(actions)s::text[], %(urls)s::text[],
            %(headers)s::jsonb[], %(bodies)s::bytea[]) AS e(i, k, a, u, h, b)
ON CONFLICT (org_id, idempotency_key) DO NOTHING
"""
NOTIFY = text("SELECT pg_notify('winnow_outbox', current_setting('app.org_id'))")

# No endpoint gets more than its share of a lease, so that a slow one does not fill it. Only what is
# leased is locked; what another sender took meanwhile is passed over.
LEASE = """
WITH due AS MATERIALIZED (
    (SELECT outbox_id, next_attempt_at, split_part(url, '/', 3) AS host FROM outbox
     WHERE state = 'pending' AND next_attempt_at <= %(now)s
       AND NOT split_part(url, '/', 3) = ANY(%(busy)s)
     ORDER BY next_attempt_at LIMIT %(most)s * 10)
    UNION ALL
    (SELECT outbox_id, next_attempt_at, split_part(url, '/', 3) AS host FROM outbox
     WHERE state = 'leased' AND leased_until < %(now)s
       AND NOT split_part(url, '/', 3) = ANY(%(busy)s)
     ORDER BY leased_until LIMIT %(most)s * 10)
), fair AS MATERIALIZED (
    SELECT outbox_id FROM (
        SELECT outbox_id, next_attempt_at,
               row_number() OVER (PARTITION BY host ORDER BY next_attempt_at) AS turn
        FROM due
    ) AS ranked
    WHERE turn <= %(share)s ORDER BY turn, next_attempt_at LIMIT %(most)s
), taken AS MATERIALIZED (
    SELECT o.outbox_id FROM fair JOIN outbox AS o ON o.outbox_id = fair.outbox_id
    WHERE (o.state = 'pending' AND o.next_attempt_at <= %(now)s)
       OR (o.state = 'leased' AND o.leased_until < %(now)s)
    FOR UPDATE OF o SKIP LOCKED
)
UPDATE outbox AS o SET state = 'leased', leased_until = %(until)s, attempts = attempts + 1
FROM taken WHERE o.outbox_id = taken.outbox_id
RETURNING o.outbox_id::text, o.idempotency_key, o.url, o.headers, o.body, o.attempts,
          o.attempts - o.replays_from
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

RECORD = """
INSERT INTO outbox_attempts (org_id, outbox_id, attempt, started_at, latency_ms, status, error,
                             response)
SELECT current_setting('app.org_id')::int, e.*
FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(started)s::timestamptz[],
            %(latency)s::float8[], %(statuses)s::int[], %(errors)s::text[],
            %(responses)s::text[]) AS e
ON CONFLICT DO NOTHING
"""

# A replay starts the schedule again; its attempts are numbered on.
REPLAY = text("""
UPDATE outbox SET state = 'pending', next_attempt_at = :now, leased_until = NULL,
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
    outbox_id: str
    idempotency_key: str
    action_id: str | None
    url: str
    headers: Mapping[str, str]
    body: bytes


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
    parameters = {
        "kind": kind,
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
    tx: Connection,
    *,
    now: datetime,
    until: datetime,
    most: int,
    share: int,
    busy: Sequence[str],
) -> list[LeasedMessage]:
    """Due messages, at most `share` of one host, none of the hosts that are busy."""
    parameters = {
        "now": now, "until": until, "most": most, "share": share, "busy": list(busy),
    }  # fmt: skip
    follow_indexes(tx)
    return [LeasedMessage(*row) for row in cursor(tx).execute(LEASE, parameters)]


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
