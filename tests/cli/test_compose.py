"""The compose file runs commands that exist, with settings that exist, and holds no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import COMMANDS
from store.embedded import SERVER_SETTINGS
from store.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "winnow"}
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}


def test_the_five_processes_run_apart() -> None:
    assert set(SERVICES) == {"postgres", "migrate", "api", "console", "worker", "dagster"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_exists_with_its_options(name: str) -> None:
    command, *options = OURS[name]["command"]
    assert command in {known.name for known in COMMANDS}
    shown = subprocess.run(
        [sys.executable, "-m", "cli.main", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    assert all(option in shown.stdout for option in options if option.startswith("--"))


def test_its_postgres_is_set_as_the_embedded_one() -> None:
    server, *options = SERVICES["postgres"]["command"]
    told = dict(option.removeprefix("--").split("=") for option in options)
    assert server == "postgres"
    assert told.pop("shared_buffers").startswith("${POSTGRES_SHARED_BUFFERS:-")
    assert told == {name: SERVER_SETTINGS[name] for name in told}
    assert {"max_wal_size", "autovacuum_naptime"} <= told.keys()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_environment_key_is_a_known_setting(name: str) -> None:
    known = {setting.key for setting in SETTINGS}
    assert set(SERVICES[name].get("environment", {})) <= known | OF_POSTGRES


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_from_outside_and_are_asked_for(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    for key in environment.keys() & {"POSTGRES_PASSWORD", "WINNOW_SECRET_KEY"}:
        assert re.fullmatch(r"\$\{" + key + r":\?[^}]+\}", environment[key])
    url = environment.get("DATABASE_URL", "")
    assert "${POSTGRES_PASSWORD:?" in url or not url


@pytest.mark.parametrize("name", ["postgres", "api", "console"])
def test_what_others_wait_for_says_when_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_the_image_carries_every_room_and_runs_without_root() -> None:
    recipe = (ROOT / "Dockerfile").read_text()
    rooms = ("engine", "store", "clients", "services", "api", "pipelines", "app", "cli")
    assert all(f"COPY {room} {room}\n" in recipe for room in rooms)
    assert recipe.index("USER winnow") < recipe.index("ENTRYPOINT")
    assert "--require-hashes" in recipe
