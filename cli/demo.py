"""`winnow demo`: an organisation, a platform and its people, from nothing."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Annotated

import typer

from app.winnow_client import ApiError
from cli import demo_headless, demo_live
from cli.demo_data import read_recordings
from cli.demo_source import Source
from cli.demo_stage import Machinery, staged
from cli.output import ExitCode, emit, say
from cli.up import any_free_port, require_free
from engine.errors import InvalidInput, Unavailable
from store.settings import load_settings

_HOST = "127.0.0.1"
_INTERRUPTED = 130  # as shells report Ctrl-C


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, so that everything is stopped on the way out."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def _var(given: Path | None, *, temporary: bool) -> Iterator[Path]:
    if given is not None:
        yield given.absolute()
    elif temporary:
        with tempfile.TemporaryDirectory(prefix="winnow-demo-") as made:
            yield Path(made)
    else:
        yield load_settings().var_dir


def headless(var: Path, port: int | None, source: Source, items: int, *, json: bool) -> ExitCode:
    started = monotonic()
    machinery = Machinery(
        load_settings(var_dir=var),
        port or any_free_port(_HOST),
        ("--no-dagster", "--no-console"),
    )
    say("Starting Winnow.")
    with staged(machinery, source) as stage:
        summary, wrong = demo_headless.perform(stage, source, items, started)
    for sentence in wrong:
        say(f"does not agree: {sentence}")
    if json:
        emit(summary)
    else:
        for line in demo_headless.lines(summary):
            typer.echo(line)
    return ExitCode.FINDING if wrong else ExitCode.OK


def live(var: Path, port: int | None, source: Source, pace: float, *, dagster: bool) -> None:
    settings = load_settings(var_dir=var)
    at = port or settings.port
    require_free(_HOST, at, "--port")
    pipelines = any_free_port(_HOST) if dagster else None
    options = ("--dagster-port", str(pipelines)) if pipelines else ("--no-dagster",)
    say("Starting Winnow: a database, the API, the console, a worker. This takes a few seconds.")
    with staged(Machinery(settings, at, options, pipelines), source) as stage:
        demo_live.perform(stage, source, pace)


def register(app: typer.Typer) -> None:
    @app.command("demo")
    def demo(
        data: Annotated[
            list[Path] | None,
            typer.Option(help="Play real texts from this Parquet file; may be given repeatedly."),
        ] = None,
        more: Annotated[list[Path] | None, typer.Argument(help="More files, after --data.")] = None,
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        port: Annotated[int | None, typer.Option(help="Of the API and the console.")] = None,
        is_headless: Annotated[
            bool, typer.Option("--headless", help="Run through, check, print a summary, end.")
        ] = False,
        items: Annotated[int, typer.Option(min=1, help="How many items (headless).")] = 20_000,
        seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 1,
        pace: Annotated[float, typer.Option(min=0.1, max=500, help="Items a second.")] = 4.0,
        json: Annotated[bool, typer.Option("--json", help="Print one object (headless).")] = False,
        dagster: Annotated[bool, typer.Option(help="Run the pipelines, too.")] = True,
    ) -> None:
        """Play believable traffic through a fresh organisation.

        Winnow is started for it, and stopped with everything else when the demo ends.
        """
        if json and not is_headless:
            raise InvalidInput(
                "--json needs --headless.", hint="The live demo has no end to sum up."
            )
        if more and not data:
            raise InvalidInput("Files need --data before them.", hint="winnow demo --data FILE...")
        source = Source(seed, [read_recordings(path) for path in (*(data or ()), *(more or ()))])
        with _ended_by_signals(), _var(var, temporary=is_headless) as directory:
            try:
                if is_headless:
                    raise typer.Exit(headless(directory, port, source, items, json=json))
                live(directory, port, source, pace, dagster=dagster)
            except ApiError as error:
                raise Unavailable(f"The API refused: {error.message}", hint=error.hint) from error
            except KeyboardInterrupt:
                say("Stopped.")
                if is_headless:
                    raise typer.Exit(_INTERRUPTED) from None
