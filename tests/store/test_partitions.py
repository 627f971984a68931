"""Submissions of a day lie together, and none is refused for want of a partition."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from store import partitions

if TYPE_CHECKING:
    from store.database import Database
    from tests.world import Organisation

DAY = date(2031, 5, 17)
INSERT = text("""
    INSERT INTO submissions (org_id, arrived_at, seq, submission_id, type_id, type_version, item_id,
        data, source)
    VALUES (:org_id, :at, :seq, gen_random_uuid(), 't', 1, :item_id, '{}', 'items')
""")
WHERE_IS = text("""
    SELECT item_id, tableoid::regclass::text FROM submissions ORDER BY seq
""")


def submit(database: Database, org: Organisation, seq: int, at: str) -> None:
    row = {"org_id": org.org_id, "seq": seq, "at": at, "item_id": f"item-{seq}"}
    with database.transaction(org.org_id) as tx:
        tx.execute(INSERT, row)


def test_a_week_ahead_is_ready_and_a_second_time_makes_nothing(database: Database) -> None:
    with database.owner() as tx:
        made = partitions.ensure(tx, DAY)
    assert made[0] == "submissions_20310516"
    assert made[-1] == "submissions_20310524"
    with database.owner() as tx:
        assert partitions.ensure(tx, DAY) == []


def test_the_next_day_makes_one_more(database: Database) -> None:
    with database.owner() as tx:
        partitions.ensure(tx, DAY)
    with database.owner() as tx:
        assert partitions.ensure(tx, DAY + timedelta(days=1)) == ["submissions_20310525"]


def test_a_submission_goes_to_the_partition_of_its_day_in_utc(
    database: Database, org: Organisation
) -> None:
    with database.owner() as tx:
        partitions.ensure(tx, DAY)
    submit(database, org, 1, "2031-05-17T00:00:00Z")
    submit(database, org, 2, "2031-05-18T01:00:00+02:00")
    submit(database, org, 3, "2031-05-18T00:00:00Z")
    with database.transaction(org.org_id) as tx:
        assert [tuple(row) for row in tx.execute(WHERE_IS)] == [
            ("item-1", "submissions_20310517"),
            ("item-2", "submissions_20310517"),
            ("item-3", "submissions_20310518"),
        ]


def test_what_came_before_its_partition_moves_into_it(
    database: Database, org: Organisation
) -> None:
    submit(database, org, 1, "2031-05-17T12:00:00Z")
    submit(database, org, 2, "2040-01-01T12:00:00Z")
    with database.owner() as tx:
        partitions.ensure(tx, DAY)
    with database.transaction(org.org_id) as tx:
        assert [tuple(row) for row in tx.execute(WHERE_IS)] == [
            ("item-1", "submissions_20310517"),
            ("item-2", "submissions_default"),
        ]


def test_a_new_partition_is_guarded_and_has_the_indexes_of_its_parent(database: Database) -> None:
    statement = text("""
        SELECT c.relrowsecurity AND c.relforcerowsecurity,
            (SELECT count(*) FROM pg_index AS i WHERE i.indrelid = c.oid)
        FROM pg_class AS c WHERE c.relname IN ('submissions_20310517', 'submissions_default')
    """)
    with database.owner() as tx:
        partitions.ensure(tx, DAY)
        assert [tuple(row) for row in tx.execute(statement)] == [(True, 3), (True, 3)]
