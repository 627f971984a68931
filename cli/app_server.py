"""`winnow app`: the console alone, against an API elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from app.server import console_asgi
from cli.logs import configure_logging
from cli.server import serve
from store.settings import load_settings


def register(app: typer.Typer) -> None:
    @app.command("app")
    def console(
        api_url: Annotated[
            str | None, typer.Option(help="Such as https://winnow.example/api/v1.")
        ] = None,
        host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
        port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    ) -> None:
        """Run the console alone."""
        settings = load_settings()
        configure_logging("app", settings.log_level)
        at = api_url or settings.api_url
        address = host or settings.host, port or settings.port
        serve(console_asgi(None, at), *address, behind_tls=settings.secure_cookies)
