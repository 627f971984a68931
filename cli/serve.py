"""`winnow serve`: the API and the console in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.main import create_app
from app.server import console_asgi
from cli.installation import open_installation
from cli.logs import configure_logging
from cli.server import limits_of
from cli.server import serve as serve_asgi
from store.settings import load_settings


def register(app: typer.Typer) -> None:
    @app.command("serve")
    def serve(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
        port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    ) -> None:
        """Run the API and the console in one process."""
        settings = load_settings(var_dir=var)
        configure_logging("serve", settings.log_level)
        at = port or settings.port
        with open_installation(settings) as context:
            api = create_app(context, limits=limits_of(settings))
            console = console_asgi(api, f"http://127.0.0.1:{at}/api/v1")
            serve_asgi(console, host or settings.host, at, behind_tls=settings.secure_cookies)
