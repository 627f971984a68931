"""Places: every submission's `seq` and `arrived_at` come from its organisation's one clock row.

Whoever holds the row's lock gives the next places; committing releases it. So places are
committed in the order they were given, and what is at or before a place is known once it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

# `at` is never before the place given last, even when the machine's clock is set back.
LOCK_CLOCK = text("""
SELECT seq, greatest(clock_timestamp(), at) AS at, counters_version FROM org_clock FOR UPDATE
""")

READ_CLOCK = text("""
SELECT seq, greatest(clock_timestamp(), at) AS at, counters_version FROM org_clock
""")

BUMP_COUNTERS = text("""
UPDATE org_clock SET counters_version = counters_version + 1 RETURNING counters_version
""")

ADVANCE = text("UPDATE org_clock SET at = :at")

# For the batcher, on a connection of its own: statements of one round trip.
BEGIN_AND_LOCK = """
BEGIN; SELECT set_config('app.org_id', %(org)s::text, true);
SELECT seq, greatest(clock_timestamp(), at), counters_version
FROM org_clock WHERE org_id = %(org)s FOR UPDATE
"""

# The places of one flush are consecutive in `seq` and in microseconds.
ADVANCE_AND_COMMIT = """
INSERT INTO pending (org_id, seq, arrived_at)
SELECT %(org)s, %(seq)s + k, %(at)s::timestamptz + k * interval '1 microsecond'
FROM generate_series(1, %(count)s) AS k;
UPDATE org_clock SET seq = %(seq)s + %(count)s,
    at = %(at)s::timestamptz + %(count)s * interval '1 microsecond'
WHERE org_id = %(org)s;
SELECT pg_notify('winnow_pending', %(org)s::text); COMMIT
"""


@dataclass(frozen=True)
class Clock:
    """The last place given; `at` is no earlier than the machine's time."""

    seq: int
    at: datetime
    counters_version: int


def lock(tx: Connection) -> Clock:
    """Until this transaction ends, nobody else gives places in the organisation."""
    return Clock(*tx.execute(LOCK_CLOCK).one())


def read(tx: Connection) -> Clock:
    return Clock(*tx.execute(READ_CLOCK).one())


def advance_to(tx: Connection, at: datetime) -> None:
    """Under the lock: `at` is the instant given last."""
    tx.execute(ADVANCE, {"at": at})


def bump_counters(tx: Connection) -> int:
    """Tells every batcher, at its next lock, that the counters have changed."""
    return int(tx.execute(BUMP_COUNTERS).scalar_one())
