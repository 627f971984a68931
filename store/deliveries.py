"""Webhooks looked at and worked on by people: replays of many, tests, what waits where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.webhooks.breaker import HEALTHY
from engine.webhooks.endpoint import endpoint_of
from store import webhook_endpoints
from store.outbox import NOTIFY, NewMessage

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

MATCHING = """
    state = :state AND state IN ('dead', 'delivered', 'cancelled')
    AND (CAST(:action_id AS text) IS NULL OR action_id = :action_id)
    AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
    AND (CAST(:until AS timestamptz) IS NULL OR created_at < :until)
"""
COUNT = text(f"SELECT count(*) FROM outbox WHERE {MATCHING}")

# Each endpoint takes them at its own pace; those about one item keep the order they had.
REPLAY = text(f"""
    UPDATE outbox SET state = 'pending', next_attempt_at = :now, due_at = :now,
                      leased_until = NULL, replays_from = attempts
    WHERE {MATCHING}
""")

# Nobody waits for it and no sender takes it: whoever tests holds its lease.
BEGIN_TEST = text("""
    INSERT INTO outbox (org_id, outbox_id, idempotency_key, kind, action_id, url, headers, body,
                        state, attempts, next_attempt_at, leased_until, created_at, due_at,
                        endpoint)
    VALUES (current_setting('app.org_id')::int, CAST(:outbox_id AS uuid), :outbox_id, 'test',
            :action_id, :url, CAST(:headers AS jsonb), :body, 'leased', 1, :now, :until, :now,
            :now, :endpoint)
""")

# What may still be taken back stays until it is due.
AT_ONCE = text("""
    UPDATE outbox SET next_attempt_at = :now
    WHERE endpoint = :endpoint AND state = 'pending' AND due_at <= :now AND next_attempt_at > :now
""")

ENDPOINTS = text("""
    SELECT e.endpoint, e.failures, e.open_until,
           (SELECT count(*) FROM outbox AS o
            WHERE o.endpoint = e.endpoint AND o.state = 'pending') AS waiting
    FROM webhook_endpoints AS e ORDER BY e.endpoint
""")


@dataclass(frozen=True)
class Selection:
    """since, until: of creation; until is not among them."""

    state: str
    action_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class EndpointRow:
    """failures: in a row. waiting: messages that are to be sent there."""

    endpoint: str
    failures: int
    open_until: datetime | None
    waiting: int


def count(tx: Connection, wanted: Selection) -> int:
    return int(tx.execute(COUNT, vars(wanted)).scalar_one())


def replay(tx: Connection, wanted: Selection, now: datetime) -> int:
    """Sends them all again, under their old idempotency keys; gives how many."""
    done = int(tx.execute(REPLAY, {**vars(wanted), "now": now}).rowcount)
    if done:
        tx.execute(NOTIFY)
    return done


def begin_test(tx: Connection, message: NewMessage, *, now: datetime, until: datetime) -> None:
    """Logs a message as being sent, in its first attempt; `outbox.record` says how it ended."""
    endpoint = endpoint_of(message.url)
    webhook_endpoints.know(tx, [endpoint])
    row = {
        "outbox_id": message.outbox_id,
        "action_id": message.action_id,
        "url": message.url,
        "headers": json.dumps(dict(message.headers)),
        "body": message.body,
        "now": now,
        "until": until,
        "endpoint": endpoint,
    }
    tx.execute(BEGIN_TEST, row)


def endpoints(tx: Connection) -> tuple[EndpointRow, ...]:
    return tuple(EndpointRow(*row) for row in tx.execute(ENDPOINTS))


def resume(tx: Connection, endpoint: str, now: datetime) -> None:
    """Closes the endpoint's breaker, and lets what waits for another try go at once."""
    ill = webhook_endpoints.troubled(tx, {endpoint})
    webhook_endpoints.save(tx, dict.fromkeys(ill, HEALTHY))
    tx.execute(AT_ONCE, {"endpoint": endpoint, "now": now})
    tx.execute(NOTIFY)
