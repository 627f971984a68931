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
    from collections.abc import Iterator

    from services.signal_views import SignalList, SignalView

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
        for line in lines_of(found):
            print(line)
    broken = [plugin for plugin in found.plugins if plugin.problem]
    for plugin in broken:
        where = f"{plugin.package} {plugin.version}".strip() or "unknown package"
        say(f"{plugin.name} ({where}): {plugin.problem}")
    if broken:
        raise typer.Exit(ExitCode.FINDING)


def lines_of(found: SignalList) -> Iterator[str]:
    """For people: a line a signal and what is known of it below, then the packages."""
    for each in found.items:
        version = f" {each.version}" if each.version else ""
        yield f"{each.name}{version}  [{each.cost}]  {each.summary}"
        yield from (f"    {line}" for line in (*each.signatures, *_told(each)))
    for plugin in found.plugins:
        names = ", ".join(plugin.signals) or "nothing that can be used"
        yield f"package {plugin.package} {plugin.version}: {names}"


def _told(each: SignalView) -> Iterator[str]:
    """What its package says of a signal."""
    for option in each.options:
        yield f"{option.name}: {option.type}. {option.summary}".rstrip()
    if each.languages:
        yield f"languages: {', '.join(each.languages)}"
    for threshold in each.thresholds:
        why = f": {threshold.summary}" if threshold.summary else ""
        yield f"threshold {threshold.value:g} {threshold.label}{why}"
    for name, told in asdict(each.card).items():
        if told:
            yield f"{name.replace('_', ' ')}: {told}"
    if each.deadline_s is not None:
        yield f"deadline: {each.deadline_s:g} s"


def register(app: typer.Typer) -> None:
    app.add_typer(signals, name="signals")
