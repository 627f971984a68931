"""One organisation never sees another's rows, and a query that names none sees nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from engine.errors import InvalidConfiguration, Unavailable
from store import schema
from store.database import Database
from store.raw import cursor

if TYPE_CHECKING:
    from sqlalchemy import Connection

TENANT_TABLES = sorted(schema.METADATA.tables)


def make_org(database: Database, name: str) -> int:
    with database.system() as tx:
        org_id: int = tx.execute(
            text("SELECT winnow_create_org(:name, now())"), {"name": name}
        ).scalar_one()
    with database.transaction(org_id) as tx:
        tx.execute(text("INSERT INTO org_clock (org_id) VALUES (:org_id)"), {"org_id": org_id})
    return org_id


def test_a_transaction_sees_its_own_organisation_alone(database: Database) -> None:
    first, second = make_org(database, "first"), make_org(database, "second")
    for org_id in (first, second):
        with database.transaction(org_id) as tx:
            assert tx.execute(text("SELECT org_id FROM org_clock")).scalars().all() == [org_id]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_query_without_an_organisation_returns_nothing(database: Database, table: str) -> None:
    make_org(database, "first")
    with database.system() as tx:
        assert tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_the_organisation_is_forgotten_when_the_transaction_ends(database: Database) -> None:
    org_id = make_org(database, "first")
    with database.transaction(org_id):
        pass
    with database.system() as tx:
        assert tx.execute(text("SELECT count(*) FROM org_clock")).scalar_one() == 0


def test_a_row_cannot_be_written_for_another_organisation(database: Database) -> None:
    first, second = make_org(database, "first"), make_org(database, "second")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        database.transaction(first) as tx,
    ):
        tx.execute(
            text("INSERT INTO lake_exports VALUES (:org_id, 'items', '0', now())"),
            {"org_id": second},
        )


def test_an_error_rolls_everything_back(database: Database) -> None:
    org_id = make_org(database, "first")

    def fail_late() -> None:
        with database.transaction(org_id) as tx:
            tx.execute(text("UPDATE org_clock SET seq = 7"))
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        fail_late()
    with database.transaction(org_id) as tx:
        assert tx.execute(text("SELECT seq FROM org_clock")).scalar_one() == 0


@pytest.mark.parametrize(
    "url", ["", "not a url", "mysql://localhost/winnow", "postgresql://h:port/d"]
)
def test_a_wrong_url_names_the_setting(url: str) -> None:
    with pytest.raises(InvalidConfiguration, match="DATABASE_URL"):
        Database(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody:x@127.0.0.1:1/none")
    with pytest.raises(Unavailable), database.system():
        pass
    with pytest.raises(Unavailable), database.at_once(1):
        pass
    database.close()


def test_a_connection_that_is_cut_is_unavailable_and_the_next_one_works(
    database: Database,
) -> None:
    def be_cut() -> None:
        with database.system() as tx:
            pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with database.owner() as owner:
                owner.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            tx.execute(text("SELECT 1"))

    with pytest.raises(Unavailable, match="does not answer"):
        be_cut()
    with database.system() as tx:
        assert tx.execute(text("SELECT 1")).scalar_one() == 1


def test_connections_that_are_cut_while_nobody_uses_them_are_made_anew(database: Database) -> None:
    org_id = make_org(database, "first")
    with database.transaction(org_id) as one, database.transaction(org_id) as other:
        pids = [tx.execute(text("SELECT pg_backend_pid()")).scalar_one() for tx in (one, other)]
    with database.owner() as owner:
        cut = [
            owner.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
            for pid in pids
        ]
        assert all(each.scalar_one() for each in cut)
    with database.transaction(org_id) as one, database.transaction(org_id) as other:
        for tx in (one, other):
            assert tx.execute(text("SELECT org_id FROM org_clock")).scalar_one() == org_id


def organisations(tx: Connection) -> list[int]:
    return [row[0] for row in cursor(tx).execute("SELECT org_id FROM org_clock")]


def test_statements_at_once_see_their_organisation_whoever_asked_before(
    database: Database,
) -> None:
    first, second = make_org(database, "first"), make_org(database, "second")
    for org_id in (first, second, second, first):
        with database.at_once(org_id) as tx:
            assert organisations(tx) == [org_id]
            assert tx.execute(text("SELECT org_id FROM org_clock")).scalars().all() == [org_id]
        with database.system() as tx:
            assert organisations(tx) == []


def test_a_statement_at_once_is_committed_whatever_comes_after(database: Database) -> None:
    org_id = make_org(database, "first")

    def fail_late() -> None:
        with database.at_once(org_id) as tx:
            cursor(tx).execute("UPDATE org_clock SET seq = 7")
            cursor(tx).execute("SELECT no_such_column FROM org_clock")

    with pytest.raises(psycopg.errors.UndefinedColumn):
        fail_late()
    with database.at_once(org_id) as tx:
        assert cursor(tx).execute("SELECT seq FROM org_clock").fetchone() == (7,)


def test_statements_at_once_find_out_that_their_connection_was_cut(database: Database) -> None:
    org_id = make_org(database, "first")
    with database.at_once(org_id) as one, database.at_once(org_id) as other:
        pids = [cursor(tx).execute("SELECT pg_backend_pid()").fetchone() for tx in (one, other)]
    cut(database, *pids)
    with database.at_once(org_id) as one, database.at_once(org_id) as other:
        assert (organisations(one), organisations(other)) == ([org_id], [org_id])


def test_a_connection_that_is_cut_between_statements_at_once_is_unavailable(
    database: Database,
) -> None:
    org_id = make_org(database, "first")

    def be_cut() -> None:
        with database.at_once(org_id) as tx:
            cut(database, cursor(tx).execute("SELECT pg_backend_pid()").fetchone())
            organisations(tx)

    with pytest.raises(Unavailable, match="does not answer"):
        be_cut()
    with database.at_once(org_id) as tx:
        assert organisations(tx) == [org_id]


def cut(database: Database, *pids: tuple[int] | None) -> None:
    with database.owner() as owner:
        for pid in pids:
            assert pid is not None
            told = owner.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid[0]})
            assert told.scalar_one()


def test_an_error_does_not_repeat_what_a_statement_was_given(database: Database) -> None:
    secret = {"value": "what a person wrote\0"}
    with pytest.raises(DataError) as refused, database.system() as tx:
        tx.execute(text("SELECT CAST(:value AS text)"), secret)
    assert "NUL" in str(refused.value)
    assert "what a person wrote" not in str(refused.value)


def test_a_statement_that_fails_is_no_outage(database: Database) -> None:
    with database.system() as tx:
        tx.execute(text("SET LOCAL statement_timeout = 1"))
        with pytest.raises(OperationalError, match="timeout"):
            tx.execute(text("SELECT pg_sleep(10)"))
