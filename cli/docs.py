"""`winnow docs`: the reference pages that the code itself writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from cli.output import say
from engine.language import reference

PAGES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {"reference/rule-language.md": reference.page}
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
