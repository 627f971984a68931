"""`winnow migrate`: bring the database to this version's schema."""

from __future__ import annotations

import typer

from cli.org import Json, Var
from cli.output import emit
from store import server
from store.migrate import migrate
from store.settings import load_settings


def run(var: Var = None, json: Json = False) -> None:
    """Bring the database to this version's schema; nothing happens when it is there already."""
    with server.running(load_settings(var_dir=var)) as url:
        revision = migrate(url)
    if json:
        emit({"revision": revision})
        return
    print(f"The database is at revision {revision}.")


def register(app: typer.Typer) -> None:
    app.command("migrate")(run)
