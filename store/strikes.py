"""Sums of the strikes that hold: neither expired nor withdrawn. Strikes themselves are facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.items import ItemRef
from store import clock

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

# In one order for everybody, so that two transactions do not wait for each other's people.
LOCK_PEOPLE = text("""
SELECT pg_advisory_xact_lock(hashtextextended(key, 0))
FROM (SELECT 'strikes:' || current_setting('app.org_id') || chr(31) || t || chr(31) || i AS key
      FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS q(t, i)
      ORDER BY key) AS ordered
""")

HOLDS = "withdrawn_at IS NULL AND (expires_at IS NULL OR expires_at > :at)"

SUMS = text(f"""
SELECT q.t, q.i, coalesce(sum(f.amount), 0)
FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS q(t, i)
LEFT JOIN facts AS f ON f.kind = 'strike' AND f.subject_type_id = q.t AND f.subject_id = q.i
    AND {HOLDS}
GROUP BY q.t, q.i
""")

HISTOGRAM = text(f"""
SELECT strikes, count(*) FROM (
    SELECT sum(amount) AS strikes FROM facts WHERE kind = 'strike' AND {HOLDS}
    GROUP BY subject_type_id, subject_id
) AS people
WHERE strikes > 0 GROUP BY strikes ORDER BY strikes
""")


# A strike counts from its start, or the period's, to its end. What starts at one moment is summed
# before it is looked at, so that a person's highest sum is never one that nobody ever had.
PEAKS = text("""
WITH counted AS (
    SELECT subject_type_id, subject_id, amount, greatest(at, :since) AS start,
        least(expires_at, withdrawn_at) AS ended
    FROM facts WHERE kind = 'strike' AND at <= :at
), moves AS (
    SELECT subject_type_id, subject_id, start AS moment, amount
    FROM counted WHERE ended IS NULL OR ended > :since
    UNION ALL
    SELECT subject_type_id, subject_id, ended, -amount
    FROM counted WHERE ended > :since AND ended <= :at
), sums AS (
    SELECT subject_type_id, subject_id, sum(amount) OVER (
        PARTITION BY subject_type_id, subject_id ORDER BY moment) AS strikes
    FROM moves
)
SELECT strikes, count(*) FROM (
    SELECT max(strikes) AS strikes FROM sums GROUP BY subject_type_id, subject_id
) AS people
WHERE strikes > 0 GROUP BY strikes ORDER BY strikes
""")


@dataclass(frozen=True)
class Bar:
    """How many people have this many strikes, now or at their highest."""

    strikes: float
    people: int


def lock_people(tx: Connection, people: Collection[ItemRef]) -> None:
    """Until this transaction ends, nobody else counts strikes for them."""
    if people:
        tx.execute(LOCK_PEOPLE, _arrays(people)).all()


def sums(tx: Connection, people: Collection[ItemRef]) -> dict[ItemRef, float]:
    """Of each, now; below zero where more was taken off by hand than there was."""
    if not people:
        return {}
    rows = tx.execute(SUMS, _arrays(people) | {"at": clock.read(tx).at})
    return {ItemRef(row[0], row[1]): float(row[2]) for row in rows}


def histogram(tx: Connection) -> list[Bar]:
    """By number of strikes, lowest first; people without any are left out."""
    return [Bar(*row) for row in tx.execute(HISTOGRAM, {"at": clock.read(tx).at})]


def peaks(tx: Connection, period: timedelta) -> list[Bar]:
    """By the most strikes each person held at once in the period up to now, lowest first."""
    now = clock.read(tx).at
    return [Bar(*row) for row in tx.execute(PEAKS, {"at": now, "since": now - period})]


def _arrays(people: Collection[ItemRef]) -> dict[str, Sequence[str]]:
    once = list(dict.fromkeys(people))
    return {"types": [one.type_id for one in once], "ids": [one.item_id for one in once]}
