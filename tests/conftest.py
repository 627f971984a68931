"""One Postgres server a test process, one database a test, made from a migrated template."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from store.database import Database, sqlalchemy_url
from store.embedded import EmbeddedPostgres
from store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = "winnow_template"
# A test's server may forget everything in a crash of the machine, which no test is about.
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class Organisation:
    org_id: int
    api_key: str
    admin_email: str
    admin_password: str


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(
        Path(tmp_path_factory.mktemp("postgres")) / "server", overrides=FAST_AND_LOOSE
    )
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template_url(postgres_url: str) -> str:
    """A migrated database that nobody writes to."""
    run_as_superuser(postgres_url, f"CREATE DATABASE {TEMPLATE}")
    url = with_database(postgres_url, TEMPLATE)
    migrate(url)
    return url


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    return (f"test_{number}" for number in itertools.count(1))


@pytest.fixture
def database_url(
    postgres_url: str, template_url: str, database_names: Iterator[str]
) -> Iterator[str]:
    """A fresh migrated database."""
    name = next(database_names)
    run_as_superuser(postgres_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield with_database(template_url, name)
    run_as_superuser(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def org(database: Database) -> Organisation:
    with database.system() as tx:
        org_id = tx.execute(text("SELECT winnow_create_org('Test', now())")).scalar_one()
    with database.transaction(org_id) as tx:
        tx.execute(text("INSERT INTO org_clock (org_id) VALUES (:org_id)"), {"org_id": org_id})
    return Organisation(org_id, "", "", "")


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def run_as_superuser(url: str, statement: str) -> None:
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
