"""Commands about an installation: from an empty directory, and beside a running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cli.installation import open_installation
from cli.main import run
from engine.errors import NotAuthenticated
from services import api_keys, sessions
from store import export_source, server
from store.migrate import newest_revision
from store.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import Settings

pytestmark = pytest.mark.processes


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WINNOW_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return load_settings()


@pytest.fixture
def migrated(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation on a server that runs already."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return load_settings(var_dir=settings.var_dir)


class Winnow:
    """Runs a command and reads the JSON that it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.exit_code = 0
        self.errors = ""

    def __call__(self, *arguments: str) -> dict[str, Any]:
        try:
            self.exit_code = run(arguments)
        except SystemExit as ended:
            self.exit_code = int(ended.code or 0)
        printed = self.capsys.readouterr()
        self.errors = printed.err
        return json.loads(printed.out) if printed.out.startswith("{") else {"text": printed.out}


@pytest.fixture
def winnow(capsys: pytest.CaptureFixture[str]) -> Winnow:
    return Winnow(capsys)


def test_an_organisation_is_made_from_nothing(winnow: Winnow, settings: Settings) -> None:
    made = winnow("org", "create", "Acme", "--var", str(settings.var_dir), "--json")
    assert winnow.exit_code == 0
    assert set(made) == {"org_id", "api_key", "admin_email", "admin_password"}
    assert not server.embedded(settings).is_running()
    with open_installation(settings) as context:
        assert api_keys.authenticate(context, made["api_key"]).org_id == made["org_id"]
        assert sessions.sign_in(context, made["admin_email"], made["admin_password"]).token


def test_a_running_server_is_used_and_left_running(winnow: Winnow, settings: Settings) -> None:
    with server.running(settings):
        made = winnow("org", "create", "Acme", "--admin-email", "boss@acme.example", "--json")
        assert server.embedded(settings).is_running()
        found = winnow("org", "list", "--json")["organisations"]
    assert made["admin_email"] == "boss@acme.example"
    assert [(each["org_id"], each["name"]) for each in found] == [(made["org_id"], "Acme")]


@pytest.mark.usefixtures("migrated")
def test_a_name_that_is_taken_is_a_finding(winnow: Winnow) -> None:
    winnow("org", "create", "Acme", "--json")
    winnow("org", "create", "Acme", "--json")
    assert winnow.exit_code == 1
    assert "'Acme' already" in winnow.errors


@pytest.mark.usefixtures("migrated")
def test_users_are_made_listed_and_disabled(winnow: Winnow) -> None:
    org = str(winnow("org", "create", "Acme", "--json")["org_id"])
    made = winnow("users", "create", "mo@acme.example", "--org", org, "--role", "analyst", "--json")
    assert made["role"] == "ANALYST"
    assert made["password"]
    winnow("users", "disable", made["user_id"], "--org", org)
    users = winnow("users", "list", "--org", org, "--json")["users"]
    assert [(each["email"], each["disabled_at"] is None) for each in users] == [
        ("admin@acme.example", True),
        ("mo@acme.example", False),
    ]


def test_a_lost_password_is_replaced(winnow: Winnow, migrated: Settings) -> None:
    made = winnow("org", "create", "Acme", "--json")
    org = str(made["org_id"])
    (admin,) = winnow("users", "list", "--org", org, "--json")["users"]
    reset = winnow("users", "reset-password", admin["user_id"], "--org", org, "--json")
    with open_installation(migrated) as context:
        assert sessions.sign_in(context, made["admin_email"], reset["password"]).token
        with pytest.raises(NotAuthenticated):
            sessions.sign_in(context, made["admin_email"], made["admin_password"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "mo@acme.example", "--role", "boss"), "'boss' is not a role"),
        (("create", "mo"), "'mo' is not an e-mail address"),
    ],
)
@pytest.mark.usefixtures("migrated")
def test_wrong_words_are_a_usage_error(
    winnow: Winnow, arguments: tuple[str, ...], words: str
) -> None:
    winnow("org", "create", "Acme", "--json")
    winnow("users", *arguments, "--org", "1")
    assert winnow.exit_code == 2
    assert words in winnow.errors


@pytest.mark.usefixtures("migrated")
def test_migrating_says_where_it_arrived(winnow: Winnow) -> None:
    assert winnow("migrate", "--json") == {"revision": newest_revision()}
    assert newest_revision() in winnow("migrate")["text"]


def test_the_log_is_verified_and_a_changed_one_found(winnow: Winnow, migrated: Settings) -> None:
    org = str(winnow("org", "create", "Acme", "--json")["org_id"])
    winnow("org", "create", "Other", "--json")
    sound = winnow("audit", "verify", "--json")
    assert (winnow.exit_code, sound["holds"], len(sound["organisations"])) == (0, True, 2)
    head = sound["organisations"][0]["head"]
    assert winnow("audit", "verify", "--org", org, "--head", head, "--json")["holds"]
    with open_installation(migrated) as context, context.database.owner() as tx:
        tx.exec_driver_sql(
            "ALTER TABLE audit_log DISABLE TRIGGER append_only;"
            f"UPDATE audit_log SET actor = 'user:2' WHERE n = 2 AND org_id = {org}"
        )
    found = winnow("audit", "verify", "--json")
    assert (winnow.exit_code, found["holds"]) == (1, False)
    problems = [each["problem"] for each in found["organisations"]]
    assert problems == ["record 2 was changed: its hash does not fit its contents", ""]


@pytest.mark.usefixtures("migrated")
def test_people_are_told_in_words(winnow: Winnow) -> None:
    shown = winnow("org", "create", "Acme")["text"]
    assert "sign in as      admin@acme.example" in shown
    assert "will not be shown again" in winnow.errors
    winnow("audit", "verify")
    assert "organisation 1: 6 records: holds, head" in winnow.errors


def test_a_wrong_setting_is_a_usage_error(winnow: Winnow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_PORT", "http")
    winnow("org", "list")
    assert winnow.exit_code == 2
    assert "WINNOW_PORT is not a port" in winnow.errors


def test_a_person_is_exported_and_erased_at_once(winnow: Winnow, migrated: Settings) -> None:
    org = winnow("org", "create", "Acme", "--json")["org_id"]
    with open_installation(migrated) as context, context.database.transaction(org) as tx:
        [user_type] = export_source.item_type_ids(tx)
    who = ("--org", str(org), "--type", user_type, "--id", "u-17")
    assert winnow("people", "export", *who)["submissions"] == []
    erased = winnow("people", "erase", *who, "--json")
    assert (erased["state"], erased["counts"]["submissions"]) == ("done", 0)
    winnow("people", "erase", "--org", str(org), "--type", "none", "--id", "u-17")
    assert winnow.exit_code == 1
