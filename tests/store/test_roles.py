"""What the runtime and ingest roles are refused, tried against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from store.database import APP_ROLE, INGEST_ROLE, psycopg_url

if TYPE_CHECKING:
    from store.database import Database
    from tests.world import Organisation


def stored_as(database: Database, role: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(psycopg_url(database.url), autocommit=True) as connection:
        connection.execute(f"SET ROLE {role}".encode())
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own_organisation ON users",
        "CREATE POLICY mine ON users USING (true)",
        "DROP TABLE audit_log",
        "TRUNCATE audit_log",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'system:nobody'",
        "UPDATE config_versions SET document = '{}'",
        "UPDATE submissions SET data = '{}'",
        "DELETE FROM submissions",
        "INSERT INTO orgs (name, created_at) VALUES ('mine', now())",
        "CREATE TABLE mine (n integer)",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "SELECT * FROM submissions_default",
        "SELECT * FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY users TO PROGRAM 'cat'",
        "ALTER ROLE winnow_app BYPASSRLS",
    ],
)
def test_the_app_may_not(database: Database, org: Organisation, statement: str) -> None:
    with pytest.raises(ProgrammingError), database.transaction(org.org_id) as tx:
        tx.execute(text(statement))


def test_turning_row_security_off_is_an_error_and_shows_nothing(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        tx.execute(text("SET LOCAL row_security = off"))
        with pytest.raises(ProgrammingError, match="row-level security"):
            tx.execute(text("SELECT * FROM users"))


def test_a_row_cannot_be_moved_to_another_organisation(
    database: Database, org: Organisation
) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        database.transaction(org.org_id) as tx,
    ):
        tx.execute(text("UPDATE users SET org_id = org_id + 1"))


def test_an_organisation_that_is_no_number_is_an_error(database: Database) -> None:
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        stored_as(database, APP_ROLE, "SET app.org_id = 'x'; SELECT * FROM users")


def test_ingest_copies_items_of_any_organisation(database: Database, org: Organisation) -> None:
    with psycopg.connect(psycopg_url(database.url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {INGEST_ROLE}".encode())
        with cursor.copy(
            "COPY submissions (org_id, arrived_at, seq, submission_id, type_id, type_version, "
            "item_id, data, source) FROM STDIN"
        ) as copy:
            copy.write_row(
                (org.org_id, "2026-01-05T09:00:00Z", 1, "0" * 32, "t", 1, "i", "{}", "items")
            )
        with cursor.copy(
            "COPY window_events (org_id, counter_id, key, arrived_at, seq) FROM STDIN"
        ) as copy:
            copy.write_row((org.org_id, 1, "k", "2026-01-05T09:00:00Z", 1))
        with cursor.copy("COPY pending (org_id, seq, arrived_at) FROM STDIN") as copy:
            copy.write_row((org.org_id, 1, "2026-01-05T09:00:00Z"))
        cursor.execute(
            "UPDATE org_clock SET seq = 1, at = '2026-01-05T09:00:00Z' WHERE org_id = %s",
            (org.org_id,),
        )
    with database.transaction(org.org_id) as tx:
        assert tx.execute(text("SELECT item_id FROM submissions")).scalars().all() == ["i"]
        assert tx.execute(text("SELECT seq FROM pending")).scalars().all() == [1]
        assert tx.execute(text("SELECT seq FROM org_clock")).scalar_one() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM submissions",
        "SELECT * FROM users",
        "SELECT * FROM api_keys",
        "SELECT * FROM signing_keys",
        "SELECT * FROM config_versions",
        "DELETE FROM pending",
        "UPDATE pending SET attempts = 9",
        "UPDATE submissions SET data = '{}'",
        "DELETE FROM submissions",
        "INSERT INTO evaluations VALUES (1, 1, now(), gen_random_uuid(), 't', 1, now(), '[]')",
        "INSERT INTO org_clock (org_id) VALUES (99)",
        "DELETE FROM org_clock",
        "SELECT winnow_create_org('mine', now())",
        "SELECT * FROM winnow_find_user('admin@test.example')",
        "CREATE TABLE mine (n integer)",
    ],
)
@pytest.mark.usefixtures("org")
def test_ingest_may_not(database: Database, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        stored_as(database, INGEST_ROLE, statement)


@pytest.mark.parametrize("table", ["audit_log", "config_versions"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.usefixtures("org")
def test_not_even_the_owner_removes_history(database: Database, table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="append-only"), database.owner() as tx:
        tx.execute(text(statement.format(table)))


@pytest.mark.parametrize("role", [APP_ROLE, INGEST_ROLE])
def test_neither_role_belongs_to_another(database: Database, role: str) -> None:
    statement = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = :role ::regrole"
    with database.owner() as tx:
        assert tx.execute(text(statement), {"role": role}).all() == []
