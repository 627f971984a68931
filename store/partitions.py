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
# CREATE TABLE ... PARTITION OF would hold up every writer; LIKE and ATTACH do not.
CREATE = """
    CREATE TABLE {name} (LIKE submissions INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {name} FORCE ROW LEVEL SECURITY;
    ALTER TABLE submissions ATTACH PARTITION {name}
        FOR VALUES FROM ('{first} 00:00:00+00') TO ('{after} 00:00:00+00');
"""


def name_of(day: date) -> str:
    return f"submissions_{day:%Y%m%d}"


def ensure(
    tx_owner: Connection, today: date, behind: int = DAYS_BEHIND, ahead: int = DAYS_AHEAD
) -> list[str]:
    """Makes the partitions of the days around today that are missing; gives their names."""
    existing = set(tx_owner.execute(EXISTING).scalars())
    days = [today + timedelta(days=offset) for offset in range(-behind, ahead + 1)]
    missing = [day for day in days if name_of(day) not in existing]
    for day in missing:
        _create(tx_owner, day)
    return [name_of(day) for day in missing]


def _create(tx_owner: Connection, day: date) -> None:
    statement = CREATE.format(name=name_of(day), first=day, after=day + timedelta(days=1))
    tx_owner.exec_driver_sql(statement)
