"""A server of one's own: its user owns the database and may create roles, and is no superuser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from engine.errors import InvalidConfiguration, Unavailable
from services.audit import verify_audit
from services.context import Context
from services.organisations import create_organisation
from services.sessions import sign_in
from store.database import Database
from store.embedded import EmbeddedPostgres
from store.migrate import migrate, newest_revision
from store.secrets import SecretBox
from tests.conftest import FAST_AND_LOOSE, execute_alone, new_id, with_database
from tests.world import MovableClock

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Server:
    """Two databases: one whose user may create roles, one whose user may not."""

    admin_url: str
    able_url: str
    unable_url: str


def sign_in_as(url: str, user: str, database: str) -> str:
    address = url.partition("@")[2].replace("/postgres", f"/{database}")
    return f"postgresql://{user}:pw@{address}"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("own") / "server", overrides=FAST_AND_LOOSE)
    admin = embedded.start()
    try:
        execute_alone(admin, "CREATE ROLE able LOGIN CREATEROLE PASSWORD 'pw'")
        execute_alone(admin, "CREATE ROLE unable LOGIN PASSWORD 'pw'")
        execute_alone(admin, "CREATE DATABASE able OWNER able")
        execute_alone(admin, "CREATE DATABASE unable OWNER unable")
        yield Server(
            admin, sign_in_as(admin, "able", "able"), sign_in_as(admin, "unable", "unable")
        )
    finally:
        embedded.stop()


def test_winnow_runs_without_a_superuser(server: Server) -> None:
    execute_alone(server.admin_url, "CREATE ROLE winnow_ingest BYPASSRLS")
    execute_alone(server.admin_url, "GRANT winnow_ingest TO able")
    assert migrate(server.able_url) == migrate(server.able_url) == newest_revision()
    database = Database(server.able_url)
    box = SecretBox((Fernet.generate_key().decode(),))
    context = Context(database, "", box, MovableClock(), new_id)
    first = create_organisation(context, "First")
    second = create_organisation(context, "Second")
    assert sign_in(context, first.admin_email, first.admin_password).user.email
    assert verify_audit(context, second.org_id).holds
    with database.transaction(first.org_id) as tx:
        assert tx.execute(text("SELECT DISTINCT org_id FROM users")).scalars().all() == [
            first.org_id
        ]
    database.close()


def test_what_only_a_superuser_may_do_is_asked_for_once(server: Server) -> None:
    with pytest.raises(InvalidConfiguration, match="winnow_ingest may not copy") as refusal:
        migrate(server.able_url)
    execute_alone(server.admin_url, refusal.value.hint.partition(": ")[2])
    assert migrate(server.able_url) == newest_revision()


def test_a_user_who_may_not_create_roles_is_told_what_is_needed(server: Server) -> None:
    with pytest.raises(InvalidConfiguration, match="DATABASE_URL") as refusal:
        migrate(server.unable_url)
    assert "winnow_app, winnow_ingest, winnow_lookup and winnow_erase" in refusal.value.hint


def test_roles_that_an_administrator_made_are_enough(server: Server) -> None:
    for role in ("winnow_app", "winnow_ingest BYPASSRLS", "winnow_lookup", "winnow_erase"):
        execute_alone(server.admin_url, f"CREATE ROLE {role}")
        execute_alone(server.admin_url, f"GRANT {role.partition(' ')[0]} TO unable")
    assert migrate(server.unable_url) == newest_revision()


def test_a_failed_migration_leaves_nothing(server: Server) -> None:
    with pytest.raises(InvalidConfiguration):
        migrate(server.unable_url)
    database = Database(with_database(server.admin_url, "unable"))
    with database.owner() as tx:
        statement = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert tx.execute(text(statement)).scalar_one() == 0
    database.close()


def test_no_server_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        migrate("postgresql://winnow:x@127.0.0.1:1/none")
