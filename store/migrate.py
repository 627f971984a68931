"""Brings a database to the newest migration; safe to call from several processes at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine.errors import InvalidConfiguration, Unavailable
from store import partitions, schema
from store.database import INGEST_ROLE, sqlalchemy_url

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 15
SETUP_HINT = (
    "It must own the database and either be allowed to create roles, or be granted the roles "
    "winnow_app, winnow_ingest, winnow_lookup and winnow_erase, made by an administrator "
    "with CREATE ROLE."
)

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('winnow migrate', 0))")
INGEST_MAY_COPY = text("SELECT rolbypassrls FROM pg_roles WHERE rolname = 'winnow_ingest'")
SERVER_VERSION = text("SELECT current_setting('server_version_num')::integer")


def migrate(url: str) -> str:
    """The revision reached. All of it is one transaction: it happens whole or not at all.

    Raises InvalidConfiguration for a server that is too old and for a user who may not do this,
    Unavailable when there is no server.
    """
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(ONE_AT_A_TIME)
            _check_server(connection)
            command.upgrade(_config(connection), "head")
            partitions.ensure(connection, datetime.now(UTC).date())
            may_copy = connection.execute(INGEST_MAY_COPY).scalar_one()
    except ProgrammingError as error:
        if not isinstance(error.orig, errors.InsufficientPrivilege):
            raise
        refused = error.orig.diag.message_primary
        raise InvalidConfiguration(
            f"The user of DATABASE_URL may not set the database up: {refused}.", hint=SETUP_HINT
        ) from error
    except OperationalError as error:
        raise Unavailable(
            "The database does not answer.", hint=str(error.orig).strip().partition("\n")[0]
        ) from error
    if not may_copy:
        raise InvalidConfiguration(
            f"The role {INGEST_ROLE} may not copy items into the database.",
            hint="Only a superuser may allow it, once for the server: "
            f"ALTER ROLE {INGEST_ROLE} BYPASSRLS;",
        )
    return newest_revision()


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = schema.METADATA
    return config


def _check_server(connection: Connection) -> None:
    version = connection.execute(SERVER_VERSION).scalar_one() // 10000
    if version < OLDEST_SERVER:
        raise InvalidConfiguration(
            f"The database server is Postgres {version}; Winnow needs {OLDEST_SERVER} or newer.",
            hint="Point DATABASE_URL at a newer server, or leave it out to use the embedded one.",
        )
