"""Who evaluates what: leases that are never shared, and items that fail alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from store import pending
from store.database import APP_ROLE
from store.raw import cursor, follow_indexes
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Database
    from tests.world import Organisation

START = datetime(2026, 3, 1, tzinfo=UTC)
FRESH = (0, 0)
RETRIED = (1, 99)


def lease(
    tx: Connection, now: datetime = START, most: int = 100, attempts: tuple[int, int] = FRESH
) -> tuple[str, list[int]]:
    lease_id = str(uuid4())
    leased = pending.lease(
        tx, lease_id=lease_id, now=now, until=now + timedelta(seconds=30), most=most,
        attempts=attempts,
    )  # fmt: skip
    return lease_id, [each.submission.seq for each in leased]


@pytest.fixture
def three(database: Database, org: Organisation) -> Organisation:
    with database.transaction(org.org_id) as tx:
        author = {"id": "u1", "typeId": "t-user"}
        place(tx, [{"a": 1, "author": author}, {"a": 2}, {"a": 3}])
    return org


def test_a_lease_gives_the_oldest_with_everything_that_was_sent(
    database: Database, three: Organisation
) -> None:
    with database.transaction(three.org_id) as tx:
        [first, second] = pending.lease(
            tx, lease_id=str(uuid4()), now=START, until=START, most=2, attempts=FRESH
        )
    assert (first.submission.seq, second.submission.seq) == (1, 2)
    assert (second.submission.data, second.submission.item_id) == ('{"a": 2}', "i2")
    assert (first.submission.creator_id, second.submission.creator_id) == ("u1", None)
    assert first.attempts == 0
    assert first.submission.arrived_at < second.submission.arrived_at


def test_two_workers_never_hold_the_same_item(database: Database, three: Organisation) -> None:
    with database.transaction(three.org_id) as one, database.transaction(three.org_id) as other:
        assert lease(one, most=2)[1] == [1, 2]
        assert lease(other)[1] == [3]
    with database.transaction(three.org_id) as tx:
        assert lease(tx)[1] == []


def test_an_expired_lease_is_given_out_again_and_its_old_holder_has_lost_it(
    database: Database, three: Organisation
) -> None:
    with database.transaction(three.org_id) as tx:
        old, _ = lease(tx)
        new, seqs = lease(tx, START + timedelta(seconds=31))
        assert seqs == [1, 2, 3]
        assert pending.complete(tx, old, seqs) == set()
        assert pending.complete(tx, new, [1, 3]) == {1, 3}


def test_items_of_a_failed_lease_are_told_apart(database: Database, three: Organisation) -> None:
    with database.transaction(three.org_id) as tx:
        lease(tx, most=1)
        assert lease(tx, START + timedelta(minutes=1), most=1)[1] == [1]
        later = START + timedelta(minutes=2)
        assert lease(tx, later)[1] == [2, 3]
        leased = pending.lease(
            tx, lease_id=str(uuid4()), now=later, until=later, most=9, attempts=(1, 1)
        )
    assert [(each.submission.seq, each.attempts) for each in leased] == [(1, 2)]


def test_failing_alone_three_times_sets_aside_with_the_reason(
    database: Database, three: Organisation
) -> None:
    now = START
    with database.transaction(three.org_id) as tx:
        aside = []
        for attempts in (FRESH, RETRIED, RETRIED):
            lease_id, [seq] = lease(tx, now, most=1, attempts=attempts)
            aside.append(
                pending.fail_alone(tx, lease_id, seq, error="no such bank", now=now, retry_at=now)
            )
            now += timedelta(seconds=1)
        [kept] = pending.list_set_aside(tx, 10)
        backlog = pending.backlog(tx)
        assert lease(tx, now)[1] == [2, 3]
        assert lease(tx, now, attempts=RETRIED)[1] == []
    assert aside == [False, False, True]
    assert (kept.seq, kept.reason, kept.item_id) == (1, "no such bank", "i1")
    assert (backlog.waiting, backlog.set_aside) == (2, 1)


def test_what_was_set_aside_can_be_replayed(database: Database, three: Organisation) -> None:
    with database.transaction(three.org_id) as tx:
        lease_id, _ = lease(tx)
        for seq in (1, 2, 3):
            pending.set_aside(tx, lease_id, seq, reason="its worker died", now=START)
        assert lease(tx, START + timedelta(hours=1))[1] == []
        assert pending.replay(tx, [2]) == (2,)
        assert lease(tx, attempts=FRESH)[1] == [2]
        assert sorted(pending.replay(tx, None)) == [1, 3]


def test_an_item_given_back_waits_for_its_time(database: Database, three: Organisation) -> None:
    with database.transaction(three.org_id) as tx:
        lease_id, [seq] = lease(tx, most=1)
        retry_at = START + timedelta(seconds=9)
        pending.fail_alone(tx, lease_id, seq, error="x", now=START, retry_at=retry_at)
        assert lease(tx, attempts=RETRIED)[1] == []
        assert lease(tx, retry_at + timedelta(seconds=1), attempts=RETRIED)[1] == [1]


# As autovacuum leaves them when it comes by while nothing waits.
NOTHING_WAITED = text("""
SELECT pg_restore_relation_stats(
    'schemaname', 'public', 'relname', 'pending', 'relpages', 1, 'reltuples', 0::real)
""")


@pytest.mark.parametrize("statement", [pending.LEASE_FRESH, pending.LEASE_AGAIN])
def test_a_plan_made_while_nothing_waited_still_finds_each_leased_row_by_its_place(
    database: Database, three: Organisation, statement: str
) -> None:
    """A join on the place would compare every picked row with every waiting one."""
    asked = {"lease": str(uuid4()), "now": START, "until": START, "most": 2, "low": 1, "high": 9}
    with database.owner() as tx:
        tx.execute(NOTHING_WAITED)
        tx.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))
        tx.execute(text("SELECT set_config('app.org_id', :org, true)"), {"org": str(three.org_id)})
        follow_indexes(tx)
        plan = [row[0] for row in cursor(tx).execute(f"EXPLAIN {statement}", asked).fetchall()]
        tx.rollback()
    update = next(n for n, line in enumerate(plan) if "Update on pending" in line)
    [found] = [line for line in plan[update : update + 6] if "Index Cond" in line]
    assert "seq = ANY" in found
