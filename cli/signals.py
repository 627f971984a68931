"""`winnow signals`: what rules may ask, and which packages offer it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, emit, say
from services.signal_views import list_of
from services.signals import installed

if TYPE_CHECKING:
    from services.signal_views import SignalList

signals = typer.Typer(no_args_is_help=True, help="Signals that rules may ask.")


@signals.command("list")
def list_signals(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Name every signal, and every package that offers some.

    Exit 1 when a package cannot be used; it is named on standard error with what is wrong.
    """
    found = list_of(installed())
    if json or not sys.stdout.isatty():
        emit(asdict(found))
    else:
        _print(found)
    broken = [plugin for plugin in found.plugins if plugin.problem]
    for plugin in broken:
        where = f"{plugin.package} {plugin.version}".strip() or "unknown package"
        say(f"{plugin.name} ({where}): {plugin.problem}")
    if broken:
        raise typer.Exit(ExitCode.FINDING)


def _print(found: SignalList) -> None:
    for each in found.items:
        version = f" {each.version}" if each.version else ""
        print(f"{each.name}{version}  [{each.cost}]  {each.summary}")
        for signature in each.signatures:
            print(f"    {signature}")


def register(app: typer.Typer) -> None:
    app.add_typer(signals, name="signals")
