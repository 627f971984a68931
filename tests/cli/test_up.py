"""What `winnow up` plans, promises and refuses, without starting it."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from cli.pipelines import dagster_environment, prepare_home
from cli.up import Plan, any_free_port, is_free, only_one, require_free, where_to_look
from engine.errors import Conflict, InvalidConfiguration
from store.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, var_dir=tmp_path / "var")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("winnow.internal", "http://winnow.internal:8080"),
    ],
)
def test_the_address_is_one_that_can_be_opened(host: str, address: str, settings: Settings) -> None:
    plan = Plan(settings, host, 8080, None, workers=1)
    assert plan.address == address
    assert plan.api_url == f"{address}/api/v1"
    assert replace(plan, port=81).address.endswith(":81")


def test_the_first_organisation_is_made_by_a_command_that_is_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = Plan(settings, "127.0.0.1", 8080, None, workers=1)
    monkeypatch.setenv("PATH", str(tmp_path))
    [told] = [line for line in where_to_look(plan) if "org create" in line]
    command = told.split(": ", 1)[1].split()[0]
    assert Path(command).is_file()
    (tmp_path / "winnow").write_text("#!/bin/sh\n")
    (tmp_path / "winnow").chmod(0o755)
    [told] = [line for line in where_to_look(plan) if "org create" in line]
    assert ": winnow org create NAME --var" in told


def test_one_directory_has_one_winnow(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(Conflict, match=str(os.getpid())), only_one(tmp_path):
        raise AssertionError("two at once")
    with only_one(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


def test_a_taken_port_is_refused_with_the_option_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        with pytest.raises(InvalidConfiguration, match=f"Port {port}") as refused:
            require_free("127.0.0.1", port, "--port")
    assert "--port" in refused.value.hint
    assert is_free("127.0.0.1", any_free_port("127.0.0.1"))


def test_dagster_has_its_home_among_our_files_and_reports_to_nobody(settings: Settings) -> None:
    environment = dagster_environment(settings, {"PATH": "/bin"})
    home = Path(environment["DAGSTER_HOME"])
    assert home == settings.var_dir / "dagster"
    assert "enabled: false" in (home / "dagster.yaml").read_text()
    assert environment["WINNOW_VAR"] == str(settings.var_dir)


def test_a_dagster_configuration_of_your_own_stays(settings: Settings) -> None:
    (prepare_home(settings) / "dagster.yaml").write_text("storage: {}\n")
    assert (prepare_home(settings) / "dagster.yaml").read_text() == "storage: {}\n"
