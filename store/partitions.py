"""Daily partitions of `submissions`. Only the tables' owner may make them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, text

DAYS_BEHIND = 1
DAYS_AHEAD = 7

EXISTING = text("""
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'submissions'::regclass
""")
# CREATE TABLE ... PARTITION OF would hold up every writer; LIKE and ATTACH do not. Rows of the day
# that the default partition caught meanwhile move over first, or ATTACH would refuse.
CREATE = """
    CREATE TABLE {name} (LIKE submissions INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    ALTER TABLE submissions_default NO FORCE ROW LEVEL SECURITY;
    WITH moved AS (
        DELETE FROM submissions_default
        WHERE arrived_at >= '{first} 00:00:00+00' AND arrived_at < '{after} 00:00:00+00'
        RETURNING *
    )
    INSERT INTO {name} SELECT * FROM moved;
    ALTER TABLE submissions_default FORCE ROW LEVEL SECURITY;
    ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {name} FORCE ROW LEVEL SECURITY;
    ALTER TABLE submissions ATTACH PARTITION {name}
        FOR VALUES FROM ('{first} 00:00:00+00') TO ('{after} 00:00:00+00');
"""
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('winnow partitions', 0))")


def name_of(day: date) -> str:
    return f"submissions_{day:%Y%m%d}"


def ensure(
    tx_owner: Connection, today: date, behind: int = DAYS_BEHIND, ahead: int = DAYS_AHEAD
) -> list[str]:
    """Makes the partitions of the days around today that are missing; gives their names.

    Without one for its day a submission goes to the default partition, so nothing is ever refused.
    """
    days = [today + timedelta(days=offset) for offset in range(-behind, ahead + 1)]
    if not _missing(tx_owner, days):
        return []
    tx_owner.execute(ONE_AT_A_TIME)
    missing = _missing(tx_owner, days)
    for day in missing:
        statement = CREATE.format(name=name_of(day), first=day, after=day + timedelta(days=1))
        tx_owner.exec_driver_sql(statement)
    return [name_of(day) for day in missing]


def _missing(tx_owner: Connection, days: list[date]) -> list[date]:
    existing = set(tx_owner.execute(EXISTING).scalars())
    return [day for day in days if name_of(day) not in existing]
