"""The migrations and the table definitions are the same schema, and every table is guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, text

from store import schema
from store.database import sqlalchemy_url
from store.migrate import current_revision, migrate, newest_revision
from tests.conftest import execute_alone, with_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

TENANT_TABLES = sorted(schema.METADATA.tables)

# Partitions follow their parent; Alembic's own table holds no organisation's rows.
OUR_TABLES = """
    SELECT c.oid, c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND c.relname <> 'alembic_version'
"""
FACTS = {
    "columns": f"""
        SELECT t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity::text, pg_get_expr(d.adbin, d.adrelid)
        FROM ({OUR_TABLES}) AS t
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    """,
    "indexes": f"""
        SELECT t.relname, pg_get_indexdef(i.indexrelid) FROM ({OUR_TABLES}) AS t
        JOIN pg_index AS i ON i.indrelid = t.oid
    """,
    "constraints": f"""
        SELECT t.relname, k.conname, pg_get_constraintdef(k.oid) FROM ({OUR_TABLES}) AS t
        JOIN pg_constraint AS k ON k.conrelid = t.oid
    """,
    "partitioning": f"SELECT t.relname, pg_get_partkeydef(t.oid) FROM ({OUR_TABLES}) AS t",
}


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str, empty_template: str) -> str:
    return with_database(postgres_url, empty_template)


@pytest.fixture(scope="session")
def defined_url(postgres_url: str) -> str:
    """A database made from the table definitions alone."""
    execute_alone(postgres_url, "CREATE DATABASE winnow_defined")
    url = with_database(postgres_url, "winnow_defined")
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    schema.METADATA.create_all(engine)
    return url


@pytest.fixture
def migrated(migrated_url: str) -> Iterator[Connection]:
    engine = create_engine(sqlalchemy_url(migrated_url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def facts(url: str, statement: str) -> set[tuple[object, ...]]:
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(statement))}


@pytest.mark.parametrize("kind", FACTS)
def test_the_migrations_make_what_the_definitions_say(
    migrated_url: str, defined_url: str, kind: str
) -> None:
    assert facts(migrated_url, FACTS[kind]) == facts(defined_url, FACTS[kind])


def test_migrating_again_changes_nothing(migrated_url: str, migrated: Connection) -> None:
    before = {kind: facts(migrated_url, statement) for kind, statement in FACTS.items()}
    assert migrate(migrated_url) == newest_revision() == current_revision(migrated)
    after = {kind: facts(migrated_url, statement) for kind, statement in FACTS.items()}
    assert before == after


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_every_key_starts_with_the_organisation(table: str) -> None:
    assert next(column.name for column in schema.METADATA.tables[table].primary_key) == "org_id"


def test_every_table_and_partition_has_forced_row_level_security(migrated: Connection) -> None:
    statement = """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity)
    """
    assert migrated.execute(text(statement)).scalars().all() == []


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_every_table_shows_the_app_its_own_organisation_only(
    migrated: Connection, table: str
) -> None:
    statement = """
        SELECT cmd, permissive, roles::text[], qual, with_check FROM pg_policies
        WHERE tablename = :table AND 'winnow_app' = ANY (roles)
    """
    policies = [tuple(row) for row in migrated.execute(text(statement), {"table": table})]
    own = "(org_id = (NULLIF(current_setting('app.org_id'::text, true), ''::text))::integer)"
    assert policies == [("ALL", "PERMISSIVE", ["winnow_app"], own, None)]


def test_partitions_are_reached_through_their_parent_alone(migrated: Connection) -> None:
    statement = """
        SELECT c.relname FROM pg_class AS c WHERE c.relispartition AND c.relkind = 'r'
            AND has_table_privilege('winnow_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
    """
    assert migrated.execute(text(statement)).scalars().all() == []


GRANTS = text("""
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE grantee = :role AND table_schema = 'public'
""")


def grants(connection: Connection, role: str) -> set[tuple[str, str]]:
    return {tuple(row) for row in connection.execute(GRANTS, {"role": role})}


@pytest.mark.parametrize(
    "table",
    [
        "action_executions",
        "audit_log",
        "config_versions",
        "evaluations",
        "outbox_attempts",
        "submissions",
    ],
)
def test_history_can_be_added_to_and_read_no_more(migrated: Connection, table: str) -> None:
    held = {privilege for name, privilege in grants(migrated, "winnow_app") if name == table}
    assert held == {"SELECT", "INSERT"}


def test_ingest_may_write_items_and_advance_the_clock_and_no_more(migrated: Connection) -> None:
    assert grants(migrated, "winnow_ingest") == {
        ("counters", "SELECT"),
        ("idempotency_keys", "INSERT"),
        ("idempotency_keys", "SELECT"),
        ("org_clock", "SELECT"),
        ("org_clock", "UPDATE"),
        ("pending", "INSERT"),
        ("submissions", "INSERT"),
        ("window_events", "INSERT"),
    }


def test_the_public_may_do_nothing(migrated: Connection) -> None:
    assert grants(migrated, "PUBLIC") == set()
    statement = """
        SELECT proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef
            AND has_function_privilege('public', oid, 'EXECUTE')
    """
    assert migrated.execute(text(statement)).scalars().all() == []


def test_what_goes_beyond_the_runtime_runs_as_a_role_that_does_only_this(
    migrated: Connection,
) -> None:
    statement = """
        SELECT DISTINCT pg_get_userbyid(proowner), proconfig::text[] FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1
    """
    found = [tuple(row) for row in migrated.execute(text(statement))]
    assert found == [
        ("winnow_erase", ["search_path=pg_catalog, public, pg_temp"]),
        ("winnow_lookup", ["search_path=pg_catalog, public"]),
    ]


def test_no_role_of_ours_can_sign_in_or_is_a_superuser(migrated: Connection) -> None:
    statement = """
        SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles
        WHERE rolname LIKE 'winnow\\_%' ORDER BY rolname
    """
    assert [tuple(row) for row in migrated.execute(text(statement))] == [
        ("winnow_app", False, False, False, False),
        ("winnow_erase", False, False, False, False),
        ("winnow_ingest", False, False, False, True),
        ("winnow_lookup", False, False, False, False),
    ]
