"""Counts for the first page: bounded by days, each over an index on time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class HourCount:
    hour: datetime
    count: int


@dataclass(frozen=True)
class RuleCount:
    rule_id: str
    status: str
    matches: int


@dataclass(frozen=True)
class KindCount:
    kind: str
    count: int


# Places are dense and in the order of arrival, so an hour's items are the difference between two
# places: two index look-ups an hour, however many items there are.
ACCEPTED = text("""
WITH bounds AS (
    SELECT h AS hour, coalesce((
        SELECT seq FROM submissions WHERE arrived_at < h ORDER BY arrived_at DESC LIMIT 1
    ), 0) AS before
    FROM org_clock, generate_series(
        CAST(:since AS timestamptz),
        greatest(CAST(:until AS timestamptz),
                 date_trunc('hour', at, 'UTC') + interval '1 hour'),
        interval '1 hour'
    ) AS h
), counted AS (
    SELECT hour, lead(before) OVER (ORDER BY hour) - before AS accepted FROM bounds
)
SELECT hour, accepted FROM counted WHERE accepted > 0 ORDER BY hour
""")
WAITING = text("""
SELECT date_trunc('hour', arrived_at, 'UTC') AS hour, count(*) FROM pending
WHERE arrived_at >= :since GROUP BY 1 ORDER BY 1
""")
MATCHES = text("""
SELECT o ->> 'ruleId', coalesce(o ->> 'status', ''), count(*)
FROM evaluations CROSS JOIN LATERAL jsonb_array_elements(outcomes) AS o
WHERE arrived_at >= :since AND outcomes <> '[]' AND o ->> 'outcome' = 'TRUE'
GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 100
""")
OPEN_JOBS = text("SELECT count(*) FROM jobs WHERE state = 'open'")
DECIDED = text("""
SELECT count(*) FROM decisions WHERE decided_at >= :since AND undone_at IS NULL
""")
DECISIONS_BY_KIND = text("""
SELECT kind, count(*) FROM decisions WHERE decided_at >= :since AND undone_at IS NULL
GROUP BY kind ORDER BY count(*) DESC, kind
""")
DELIVERIES = text("""
SELECT count(*) FILTER (WHERE state IN ('pending', 'leased')),
       count(*) FILTER (WHERE state = 'dead')
FROM outbox
WHERE state IN ('pending', 'leased', 'dead')
""")
# Places are dense, so the last place that every item type has been copied up to counts the rows.
EXPORTED = text("""
WITH reached AS (
    SELECT min(split_part(watermark, '@', 1)::bigint) AS microseconds, max(updated_at) AS at
    FROM lake_exports WHERE table_name LIKE 'items/%'
)
SELECT (
    SELECT seq FROM submissions
    WHERE arrived_at <= timestamptz 'epoch' + reached.microseconds * interval '1 microsecond'
    ORDER BY arrived_at DESC LIMIT 1
) AS rows, reached.at
FROM reached
""")


def accepted(tx: Connection, since: datetime, until: datetime) -> list[HourCount]:
    """Hours with items, both bounds on the hour; an item that came later still counts."""
    rows = tx.execute(ACCEPTED, {"since": since, "until": until})
    return [HourCount(*row) for row in rows]


def waiting(tx: Connection, since: datetime) -> list[HourCount]:
    """By hour of arrival, the items that are not evaluated yet."""
    return [HourCount(*row) for row in tx.execute(WAITING, {"since": since})]


def matches(tx: Connection, since: datetime) -> list[RuleCount]:
    """The hundred rules that match most."""
    return [RuleCount(*row) for row in tx.execute(MATCHES, {"since": since})]


def open_jobs(tx: Connection) -> int:
    count: int = tx.execute(OPEN_JOBS).scalar_one()
    return count


def decided(tx: Connection, since: datetime) -> int:
    count: int = tx.execute(DECIDED, {"since": since}).scalar_one()
    return count


def decisions_by_kind(tx: Connection, since: datetime) -> list[KindCount]:
    return [KindCount(*row) for row in tx.execute(DECISIONS_BY_KIND, {"since": since})]


def deliveries(tx: Connection) -> tuple[int, int]:
    """How many messages wait, and how many are dead."""
    row = tx.execute(DELIVERIES).one()
    return row[0], row[1]


def exported(tx: Connection) -> tuple[int | None, datetime | None]:
    """How many submissions the lake holds, and since when; None before the first export."""
    row = tx.execute(EXPORTED).one()
    return row.rows, row.at
