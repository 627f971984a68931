"""The log is numbered without gaps, written with its cause, and shows what was done to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.audit import Entry, Event, verify
from services.organisations import create_organisation
from store import audit, config

if TYPE_CHECKING:
    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
UNGUARDED = text("ALTER TABLE audit_log DISABLE TRIGGER append_only")


def entry(
    subject_id: str, event: Event = Event.BANK_UPDATE, detail: dict[str, object] | None = None
) -> Entry:
    return Entry(AT, "user:1", event, "bank", subject_id, detail or {})


def append(database: Database, org: Organisation, *entries: Entry) -> None:
    with database.transaction(org.org_id) as tx:
        for each in entries:
            audit.append(tx, each)


def log(database: Database, org: Organisation) -> list[str]:
    with database.transaction(org.org_id) as tx:
        return [record.subject_id for record in audit.records(tx) if record.event != "org:create"]


def verdict(database: Database, org_id: int, known_head: str = "") -> str:
    with database.transaction(org_id) as tx:
        return verify(org_id, audit.records(tx), known_head).problem


def tamper(database: Database, statement: str) -> None:
    """As somebody who has taken over the database server."""
    with database.owner() as tx:
        tx.execute(UNGUARDED)
        tx.exec_driver_sql(statement)


def test_entries_are_written_in_order_when_the_transaction_commits(
    database: Database, org: Organisation
) -> None:
    append(database, org, entry("first"), entry("second"))
    assert log(database, org)[-2:] == ["first", "second"]
    assert verdict(database, org.org_id) == ""


def test_a_rolled_back_transaction_logs_nothing_then_or_later(
    database: Database, org: Organisation
) -> None:
    def fail() -> None:
        with database.transaction(org.org_id) as tx:
            audit.append(tx, entry("never"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    for _ in range(3):
        append(database, org, entry("after"))
    assert "never" not in log(database, org)


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"name": "Ünïcode 😀", "nul": "\0", "surrogate": "\ud800", "quote": '"\\'},
        {"big": 2**80, "small": 5e-324, "large": 1.7976931348623157e308, "zero": -0.0},
        {"nested": {"b": [1, {"a": None}], "a": True}},
    ],
)
def test_details_come_back_and_verify(
    database: Database, org: Organisation, detail: dict[str, object]
) -> None:
    append(database, org, entry("x", detail=detail))
    with database.transaction(org.org_id) as tx:
        assert audit.newest(tx, limit=1)[0].detail == detail
    assert verdict(database, org.org_id) == ""


def test_appends_at_the_same_moment_make_one_unbroken_chain(
    database: Database, org: Organisation
) -> None:
    before = len(log(database, org))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(database, org, entry(str(number))), range(40)))
    assert len(log(database, org)) == before + 40
    assert verdict(database, org.org_id) == ""


def test_appending_before_or_after_other_locks_never_deadlocks(
    database: Database, org: Organisation
) -> None:
    def save(tx_first: int) -> None:
        with database.transaction(org.org_id) as tx:
            if tx_first % 2:
                audit.append(tx, entry("b"))
            config.save(
                tx,
                config.ConfigKind.BANK,
                "b",
                "B",
                {},
                author="user:1",
                reason="",
                now=AT,
            )
            if not tx_first % 2:
                audit.append(tx, entry("b"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(24)))
    assert log(database, org).count("b") == 24


def test_each_organisation_has_its_own_chain(
    context: Context, database: Database, org: Organisation
) -> None:
    other = create_organisation(context, "Other")
    append(database, org, entry("mine"))
    assert verdict(database, org.org_id) == verdict(database, other.org_id) == ""
    with database.transaction(other.org_id) as tx:
        assert [record.n for record in audit.records(tx)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_log SET actor = 'user:2' WHERE n = 3", "record 3 was changed"),
        ("UPDATE audit_log SET at = at - interval '1 us' WHERE n = 3", "record 3 was changed"),
        ("""UPDATE audit_log SET detail = '{"x" :1}' WHERE n = 3""", "record 3 was changed"),
        ("UPDATE audit_log SET hash = sha256(hash) WHERE n = 3", "record 3 was changed"),
        ("UPDATE audit_log SET previous_hash = hash WHERE n = 3", "record 3 does not follow"),
        ("DELETE FROM audit_log WHERE n = 3", "record 3 is missing"),
        ("DELETE FROM audit_log WHERE n = 1", "record 1 is missing"),
        ("DELETE FROM audit_log", "the log is empty"),
        (
            "DELETE FROM audit_log WHERE n = 3; UPDATE audit_log SET n = n - 1 WHERE n > 3",
            "record 3",
        ),
        (
            (
                "UPDATE audit_log SET n = -n WHERE n IN (2, 3); "
                "UPDATE audit_log SET n = 5 + n WHERE n < 0"
            ),
            "record 2",
        ),
    ],
)
def test_tampering_by_whoever_owns_the_server_is_found(
    database: Database, org: Organisation, statement: str, problem: str
) -> None:
    tamper(database, statement)
    assert verdict(database, org.org_id).startswith(problem)


def test_a_log_cut_short_is_found_with_a_head_noted_earlier(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        head = audit.newest(tx, limit=1)[0].hash.hex()
    tamper(database, "DELETE FROM audit_log WHERE n = (SELECT max(n) FROM audit_log)")
    assert verdict(database, org.org_id) == ""
    assert "known head" in verdict(database, org.org_id, head)


def test_pages_follow_each_other(database: Database, org: Organisation) -> None:
    append(database, org, *(entry(str(number)) for number in range(5)))
    with database.transaction(org.org_id) as tx:
        first = audit.newest(tx, limit=2)
        second = audit.newest(tx, limit=2, before=first[-1].n)
    assert [record.subject_id for record in [*first, *second]] == ["4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"event": "bank:delete"}, ["gone"]),
        ({"subject_id": "kept"}, ["kept"]),
        ({"subject_kind": "bank"}, ["gone", "kept"]),
        ({"actor": "user:1"}, ["gone", "kept"]),
        ({"actor": "user:2"}, []),
        ({"since": AT + timedelta(hours=1)}, []),
    ],
)
def test_the_log_is_searched(
    database: Database, org: Organisation, asked: dict[str, object], found: list[str]
) -> None:
    append(database, org, entry("kept"), entry("gone", Event.BANK_DELETE))
    with database.transaction(org.org_id) as tx:
        records = audit.newest(tx, limit=10, **asked)  # type: ignore[arg-type]
    assert [record.subject_id for record in records] == found
