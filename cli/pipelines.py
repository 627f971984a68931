"""`winnow pipelines`: Dagster over our definitions, with its home among our files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.processes import child_environment
from store.settings import Settings, load_settings

DEFAULT_PORT = 3000
_CONFIGURATION = "telemetry:\n  enabled: false\n"


def prepare_home(settings: Settings) -> Path:
    """Dagster's home, with its makers' telemetry off; a configuration that is there stays."""
    home = settings.var_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(_CONFIGURATION)
    return home


def dagster_command(host: str, port: int) -> tuple[str, ...]:
    listen = ("-h", host, "-p", str(port))
    return (
        *(sys.executable, "-P", "-m", "dagster", "dev", "-m", "pipelines.definitions"),
        *listen,
        *("--log-format", "json"),
    )


def dagster_environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    return child_environment(
        base, WINNOW_VAR=str(settings.var_dir), DAGSTER_HOME=str(prepare_home(settings))
    )


def register(app: typer.Typer) -> None:
    @app.command("pipelines")
    def pipelines(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
        port: Annotated[int, typer.Option(help="Of Dagster's pages.")] = DEFAULT_PORT,
    ) -> None:
        """Run the pipelines: what is new goes to the lake, and is checked there."""
        settings = load_settings(var_dir=var)
        command = dagster_command(host or settings.host, port)
        environment = dagster_environment(settings, os.environ)
        os.execve(command[0], command, environment)  # noqa: S606 (it takes our place)
