"""`winnow docs`: the reference pages that the code itself writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer
from cryptography.fernet import Fernet

from api import description
from api.main import PREFIX, create_app
from cli.output import say
from engine.language import reference
from services.context import Context
from store.database import Database
from store.secrets import SecretBox

NO_DATABASE: Final = "postgresql://nobody@127.0.0.1:1/none"


def _routes() -> str:
    """Of an API that answers nothing: its description needs no database."""
    database = Database(NO_DATABASE)
    context = Context(database, "", SecretBox((Fernet.generate_key().decode(),)), _now, str)
    written = description.page(create_app(context).openapi(), PREFIX)
    database.close()
    return written


def _now() -> datetime:
    return datetime.now(UTC)


PAGES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {"reference/rule-language.md": reference.page, "reference/routes.md": _routes}
)


def stale_pages(directory: Path) -> dict[Path, str]:
    """Pages whose text is not what the code would write, with that text."""
    pages = {directory / name: write() for name, write in PAGES.items()}
    return {
        path: text
        for path, text in pages.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def docs(
    directory: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("docs"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if any is old.")] = (
        False
    ),
) -> None:
    """Write the reference pages from the code."""
    stale = stale_pages(directory)
    for path, text in stale.items():
        say(f"{'out of date' if check else 'wrote'}: {path}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command("docs")(docs)
