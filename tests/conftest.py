"""One Postgres server a test process; one database a test, copied from a migrated template."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import argon2
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import NullPool, create_engine, make_url, text

from services import passwords
from services.context import Context
from services.organisations import create_organisation
from store.database import Database, sqlalchemy_url
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.secrets import SecretBox
from tests.world import MovableClock, Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = "winnow_empty"
WITH_ORG = "winnow_with_org"
# A test's server may forget everything in a crash of the machine, which no test is about.
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "64MB"}


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(
        Path(tmp_path_factory.mktemp("postgres")) / "server", overrides=FAST_AND_LOOSE
    )
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashing is slow on purpose; tests make many accounts and guess none."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", cheap)
        yield


@pytest.fixture(scope="session")
def secrets() -> SecretBox:
    return SecretBox((Fernet.generate_key().decode(),))


@pytest.fixture(scope="session")
def empty_template(postgres_url: str) -> str:
    """The name of a migrated database without an organisation."""
    execute_alone(postgres_url, f"CREATE DATABASE {EMPTY}")
    migrate(with_database(postgres_url, EMPTY))
    return EMPTY


@pytest.fixture(scope="session")
def org_template(
    postgres_url: str,
    empty_template: str,
    secrets: SecretBox,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Organisation]:
    """The name of a migrated database with one organisation, and that organisation."""
    execute_alone(postgres_url, f"CREATE DATABASE {WITH_ORG} TEMPLATE {empty_template}")
    database = Database(with_database(postgres_url, WITH_ORG))
    lake = tmp_path_factory.mktemp("lake")
    context = Context(database, str(lake), secrets, MovableClock(), new_id)
    made = create_organisation(context, "Test", "admin@test.example")
    database.close()
    return WITH_ORG, Organisation(**asdict(made))


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    return (f"test_{number}" for number in itertools.count(1))


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, postgres_url: str, database_names: Iterator[str]
) -> Iterator[str]:
    """A fresh migrated database; it holds an organisation when the test asks for `org`."""
    if "org" in request.fixturenames:
        template, _ = request.getfixturevalue("org_template")
    else:
        template = request.getfixturevalue("empty_template")
    name = next(database_names)
    execute_alone(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield with_database(postgres_url, name)
    execute_alone(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def org(org_template: tuple[str, Organisation]) -> Organisation:
    return org_template[1]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def context(database: Database, secrets: SecretBox, clock: MovableClock, tmp_path: Path) -> Context:
    return Context(database, str(tmp_path / "lake"), secrets, clock, new_id, ("127.0.0.1",))


def new_id() -> str:
    return str(uuid.uuid4())


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def execute_alone(url: str, statement: str) -> None:
    """As the server's owner, outside any transaction."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
