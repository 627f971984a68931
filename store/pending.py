"""Submissions that wait for their evaluation.

`attempts` counts the leases that ended without success. It decides how many are leased together,
so that an item that takes its worker down with it is soon alone with its worker: fresh ones in
full batches, those of a failed lease in small ones, then one by one. Failing alone three times
sets an item aside: visible, replayable, holding up nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from store.raw import cursor, follow_indexes, whole_numbers
from store.submissions import Submission

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

ALONE_FROM = 2
SET_ASIDE_AT = 5

# A lease is a short statement: no transaction stays open while the batch is evaluated. What is
# picked comes as an array: joined, a plan made while nothing waited compares each picked row with
# every waiting one.
LEASE = """
WITH picked AS (
    SELECT seq FROM pending
    WHERE set_aside_at IS NULL AND {attempts}
      AND (leased_until IS NULL OR leased_until < %(now)s)
    ORDER BY seq LIMIT %(most)s FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE pending AS p
    SET leased_until = %(until)s, lease_id = %(lease)s,
        attempts = p.attempts + (p.lease_id IS NOT NULL)::int
    WHERE p.seq = ANY(ARRAY(SELECT seq FROM picked))
    RETURNING p.seq, p.arrived_at, p.attempts
)
SELECT s.seq, s.arrived_at, s.submission_id::text, s.type_id, s.type_version, s.item_id,
       s.creator_type_id, s.creator_id, s.data::text, s.source, leased.attempts
FROM leased JOIN submissions AS s ON s.arrived_at = leased.arrived_at AND s.seq = leased.seq
ORDER BY s.seq
"""
LEASE_FRESH = LEASE.format(attempts="attempts = 0")
# Says `attempts > 0` in so many words, which is the condition of the index.
LEASE_AGAIN = LEASE.format(attempts="attempts > 0 AND attempts BETWEEN %(low)s AND %(high)s")

COMPLETE = """
DELETE FROM pending WHERE lease_id = %(lease)s AND seq = ANY(%(seqs)s::bigint[]) RETURNING seq
"""

# Nothing says that the item is at fault, but a second lease will count this one as failed.
GIVE_BACK = text("""
UPDATE pending SET leased_until = leased_until - interval '1 day' WHERE lease_id = :lease_id
""")

# Failing alone counts from ALONE_FROM on, however young the item is.
FAIL_ALONE = text("""
UPDATE pending
SET attempts = greatest(attempts, :alone) + 1, last_error = :error, lease_id = NULL,
    leased_until = :retry_at,
    set_aside_at = CASE WHEN greatest(attempts, :alone) + 1 >= :set_aside_at
                        THEN CAST(:now AS timestamptz) END
WHERE lease_id = :lease_id AND seq = :seq
RETURNING set_aside_at IS NOT NULL
""")

# Whatever is set aside has failed, and `attempts > 0` is the condition of the index it is found by.
SET_ASIDE = text("""
UPDATE pending
SET set_aside_at = :now, lease_id = NULL, leased_until = NULL, attempts = greatest(attempts, 1),
    last_error = coalesce(last_error, :reason)
WHERE lease_id = :lease_id AND seq = :seq
""")

COUNT_SET_ASIDE = text("""
SELECT count(*) FROM pending WHERE set_aside_at IS NOT NULL AND attempts > 0
""")

LIST_SET_ASIDE = text("""
SELECT p.seq, p.arrived_at, p.set_aside_at, p.last_error, s.submission_id::text, s.type_id,
       s.item_id
FROM pending AS p JOIN submissions AS s ON s.arrived_at = p.arrived_at AND s.seq = p.seq
WHERE p.set_aside_at IS NOT NULL AND p.attempts > 0 AND p.seq > :after
ORDER BY p.seq LIMIT :most
""")

REPLAY = text("""
UPDATE pending
SET set_aside_at = NULL, attempts = 0, leased_until = NULL, lease_id = NULL, last_error = NULL
WHERE set_aside_at IS NOT NULL AND attempts > 0
  AND (CAST(:every AS boolean) OR seq = ANY(:seqs))
RETURNING seq
""")

BACKLOG = text("""
SELECT count(*) FILTER (WHERE set_aside_at IS NULL),
       min(arrived_at) FILTER (WHERE set_aside_at IS NULL),
       count(*) FILTER (WHERE set_aside_at IS NOT NULL)
FROM pending
""")

ORGS_WAITING = text("SELECT winnow_orgs_with_pending()")

OLDEST = text("SELECT min(arrived_at) FROM pending")

# By the server's clock, which gave the places too.
OLDEST_AGE = text("""
SELECT extract(epoch FROM clock_timestamp() - arrived_at)::float8 FROM pending
WHERE set_aside_at IS NULL ORDER BY seq LIMIT 1
""")


class Leased(NamedTuple):
    submission: Submission
    attempts: int


@dataclass(frozen=True)
class SetAside:
    seq: int
    arrived_at: datetime
    set_aside_at: datetime
    reason: str
    submission_id: str
    type_id: str
    item_id: str


@dataclass(frozen=True)
class Backlog:
    waiting: int
    oldest: datetime | None
    set_aside: int


def lease(
    tx: Connection,
    *,
    lease_id: str,
    now: datetime,
    until: datetime,
    most: int,
    attempts: tuple[int, int],
) -> list[Leased]:
    """The oldest free ones with that many failed leases, in order of place.

    attempts: from and to, inclusive; (0, 0) for those that never failed. A lease that expired
    counts as failed once its items are leased again.
    """
    parameters = {
        "lease": lease_id,
        "now": now,
        "until": until,
        "most": most,
        "low": attempts[0],
        "high": attempts[1],
    }
    follow_indexes(tx)
    statement = LEASE_AGAIN if attempts[0] else LEASE_FRESH
    rows = cursor(tx, binary=True).execute(statement, parameters)
    return [Leased(Submission(*row[:10]), row[10]) for row in rows.fetchall()]


def complete(tx: Connection, lease_id: str, seqs: Sequence[int]) -> set[int]:
    """Deletes them; gives those whose lease was still ours."""
    rows = cursor(tx, binary=True).execute(
        COMPLETE, {"lease": lease_id, "seqs": whole_numbers(seqs)}
    )
    return {row[0] for row in rows.fetchall()}


def give_back(tx: Connection, lease_id: str) -> None:
    """Ends a lease early, so that a worker takes its items at once."""
    tx.execute(GIVE_BACK, {"lease_id": lease_id})


def fail_alone(
    tx: Connection, lease_id: str, seq: int, *, error: str, now: datetime, retry_at: datetime
) -> bool:
    """Gives the item back for another try; True when it was set aside instead."""
    parameters = {
        "lease_id": lease_id,
        "seq": seq,
        "error": error,
        "now": now,
        "retry_at": retry_at,
        "alone": ALONE_FROM,
        "set_aside_at": SET_ASIDE_AT,
    }
    return bool(tx.execute(FAIL_ALONE, parameters).scalar())


def set_aside(tx: Connection, lease_id: str, seq: int, *, reason: str, now: datetime) -> None:
    parameters = {"lease_id": lease_id, "seq": seq, "reason": reason, "now": now}
    tx.execute(SET_ASIDE, parameters)


def list_set_aside(tx: Connection, most: int, after: int = 0) -> tuple[SetAside, ...]:
    """In order of place; after: the place of the last one seen."""
    rows = tx.execute(LIST_SET_ASIDE, {"most": most, "after": after})
    return tuple(SetAside(*row) for row in rows)


def count_set_aside(tx: Connection) -> int:
    count: int = tx.execute(COUNT_SET_ASIDE).scalar_one()
    return count


def replay(tx: Connection, seqs: Sequence[int] | None) -> tuple[int, ...]:
    """Puts items that were set aside back in the line; None means all of them."""
    parameters = {"every": seqs is None, "seqs": list(seqs or ())}
    return tuple(tx.execute(REPLAY, parameters).scalars())


def backlog(tx: Connection) -> Backlog:
    return Backlog(*tx.execute(BACKLOG).one())


def orgs_waiting(tx: Connection) -> list[int]:
    """Organisations with something to lease; needs no organisation of its own."""
    return list(tx.execute(ORGS_WAITING).scalars())


def oldest(tx: Connection) -> datetime | None:
    """The arrival of the oldest item not yet evaluated, set aside ones included."""
    found: datetime | None = tx.execute(OLDEST).scalar_one()
    return found


def oldest_age_s(tx: Connection) -> float | None:
    """How long the oldest item has waited, set aside ones left out; None when none waits."""
    found: float | None = tx.execute(OLDEST_AGE).scalar_one_or_none()
    return found
