"""Keys of requests that were done, each with its answer, in the transaction of what was done."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.errors import Conflict
from engine.idempotency import Kept

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.idempotency import Once

# For the batcher, on a connection of its own, while it holds the organisation's clock.
FIND_ALL = """
SELECT key, fingerprint, answer FROM idempotency_keys
WHERE org_id = %(org)s AND key = ANY(%(keys)s)
"""
INSERT_ALL = """
INSERT INTO idempotency_keys (org_id, key, fingerprint, answer, created_at)
SELECT %(org)s, k, f, a, clock_timestamp()
FROM unnest(%(keys)s::text[], %(fingerprints)s::bytea[], %(answers)s::bytea[]) AS e(k, f, a)
"""

# Waits for a transaction under way that has written the same key.
BEGIN = text("""
INSERT INTO idempotency_keys (org_id, key, fingerprint, answer, created_at)
VALUES (current_setting('app.org_id')::int, :key, :fingerprint, '', clock_timestamp())
ON CONFLICT (org_id, key) DO NOTHING RETURNING key
""")
FIND = text("SELECT fingerprint, answer FROM idempotency_keys WHERE key = :key")
FINISH = text("UPDATE idempotency_keys SET answer = :answer WHERE key = :key")
FORGET = text("DELETE FROM idempotency_keys WHERE created_at < :before")


@dataclass
class Claim:
    """The key of the request that is being done. made: with what was committed.

    A request that changes things in several transactions claims its key in the first.
    """

    once: Once
    made: bool = False


claiming: ContextVar[Claim | None] = ContextVar("claiming", default=None)


def claim(tx: Connection) -> None:
    """Keeps the key of the request, if it has one, together with what this transaction does.

    `Database` calls it for whatever the audit log tells of; what it does not tell of calls it
    itself. Raises Conflict when the same request was done meanwhile.
    """
    wanted = claiming.get()
    if wanted is None or wanted.made:
        return
    if begin(tx, wanted.once) is not None:
        raise Conflict("the same request was done at this moment", hint="ask for its answer again")
    wanted.made = True


def begin(tx: Connection, once: Once) -> Kept | None:
    """None for a key never seen, which is written down; else what it was used for."""
    row = {"key": once.key, "fingerprint": once.fingerprint}
    if tx.execute(BEGIN, row).scalar() is not None:
        return None
    return find(tx, once.key)


def find(tx: Connection, key: str) -> Kept | None:
    row = tx.execute(FIND, {"key": key}).one_or_none()
    return Kept(bytes(row.fingerprint), bytes(row.answer)) if row else None


def finish(tx: Connection, key: str, answer: bytes) -> None:
    tx.execute(FINISH, {"key": key, "answer": answer})


def forget(tx: Connection, before: datetime) -> int:
    return tx.execute(FORGET, {"before": before}).rowcount
