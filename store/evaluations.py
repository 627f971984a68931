"""What the rules said of each submission, and under which configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.raw import cursor, texts, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from store.submissions import Submission

# Row-level security forbids COPY to the runtime role; arrays are nearly as fast.
INSERT = """
INSERT INTO evaluations (org_id, seq, arrived_at, submission_id, type_id, config_version,
                         evaluated_at, outcomes)
SELECT current_setting('app.org_id')::int, s, a, u, t, %(version)s, %(now)s, o::jsonb
FROM unnest(%(seqs)s::bigint[], %(at)s::timestamptz[], %(ids)s::uuid[], %(types)s::text[],
            %(outcomes)s::text[]) AS e(s, a, u, t, o)
"""

# Where nothing matched, nothing else is to be done: the lease ends and the evaluations are kept in
# one statement. Gives those whose lease was still ours.
INSERT_QUIET = """
WITH kept AS (
    DELETE FROM pending WHERE lease_id = %(lease)s AND seq = ANY(%(seqs)s::bigint[]) RETURNING seq
)
INSERT INTO evaluations (org_id, seq, arrived_at, submission_id, type_id, config_version,
                         evaluated_at, outcomes)
SELECT current_setting('app.org_id')::int, s, a, u, t, %(version)s, %(now)s, '[]'::jsonb
FROM unnest(%(seqs)s::bigint[], %(at)s::timestamptz[], %(ids)s::uuid[], %(types)s::text[])
     AS e(s, a, u, t)
WHERE s IN (SELECT seq FROM kept) RETURNING seq
"""

# The row's lock makes the cap exact, however many workers spend it at once.
SPEND = text("""
INSERT INTO rule_days (org_id, rule_id, day, used)
VALUES (current_setting('app.org_id')::int, :rule_id, :day, 0)
ON CONFLICT (org_id, rule_id, day) DO UPDATE SET used = rule_days.used
RETURNING used
""")
SPENT = text("UPDATE rule_days SET used = used + :granted WHERE rule_id = :rule_id AND day = :day")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """outcomes: JSON text, a list of the rules that matched."""

    seq: int
    arrived_at: datetime
    submission_id: str
    type_id: str
    outcomes: str


def insert(
    tx: Connection, rows: Sequence[Evaluated], *, config_version: int, now: datetime
) -> None:
    parameters = {
        "version": config_version,
        "now": now,
        "outcomes": texts([row.outcomes for row in rows]),
    }
    cursor(tx).execute(INSERT, _columns(rows) | parameters)


def insert_quiet(
    tx: Connection,
    lease_id: str,
    items: Sequence[Submission],
    *,
    config_version: int,
    now: datetime,
) -> set[int]:
    """Nothing matched these items. Their lease ends; gives the `seq` of those that had it still."""
    parameters = {
        "lease": lease_id,
        "version": config_version,
        "now": now,
    }
    rows = cursor(tx).execute(INSERT_QUIET, _columns(items) | parameters)
    return {row[0] for row in rows}


def _columns(rows: Sequence[Evaluated] | Sequence[Submission]) -> dict[str, object]:
    return {
        "seqs": whole_numbers(row.seq for row in rows),
        "at": texts([row.arrived_at.isoformat() for row in rows]),
        "ids": texts([row.submission_id for row in rows]),
        "types": texts([row.type_id for row in rows]),
    }


def spend(tx: Connection, rule_id: str, day: date, *, wanted: int, cap: int) -> int:
    """How many of the wanted actions a rule may still take on that day; they are then spent."""
    parameters = {"rule_id": rule_id, "day": day}
    used: int = tx.execute(SPEND, parameters).scalar_one()
    granted = max(min(wanted, cap - used), 0)
    tx.execute(SPENT, parameters | {"granted": granted})
    return granted
