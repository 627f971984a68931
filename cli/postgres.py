"""`winnow postgres`: the embedded server in the foreground, started again when it dies."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import structlog
import typer

from cli.logs import configure_logging
from store.embedded import EmbeddedPostgres
from store.server import embedded, running
from store.settings import load_settings

_LOOK_S = 0.5
_log = structlog.get_logger()


def keep(server: EmbeddedPostgres, stopping: threading.Event) -> None:
    """Until stopped, a server that is gone is started again."""
    while not stopping.wait(_LOOK_S):
        if not server.is_running():
            _log.warning("postgres_died")
            server.start()
            _log.info("postgres_running_again")


def register(app: typer.Typer) -> None:
    @app.command("postgres")
    def postgres(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    ) -> None:
        """Run the embedded Postgres alone."""
        settings = load_settings(var_dir=var)
        configure_logging("postgres", settings.log_level)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        with running(settings):
            _log.info("postgres_running")
            if settings.database_url is None:
                keep(embedded(settings), stopping)
