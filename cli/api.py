"""`winnow api`: the API alone, for production behind a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.main import create_app
from cli.installation import open_installation
from cli.logs import configure_logging
from cli.server import limits_of, serve
from store.settings import load_settings


def register(app: typer.Typer) -> None:
    @app.command("api")
    def api(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
        port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    ) -> None:
        """Run the API alone."""
        settings = load_settings(var_dir=var)
        configure_logging("api", settings.log_level)
        with open_installation(settings) as context:
            api_app = create_app(context, limits=limits_of(settings))
            address = host or settings.host, port or settings.port
            serve(api_app, *address, behind_tls=settings.secure_cookies)
