"""The `winnow` command: a table of names, and only the module that is asked for is loaded."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from cli.output import error_lines, exit_code_of, say
from engine.errors import WinnowError


@dataclass(frozen=True)
class Command:
    """A name a person types, the module whose `register(app)` provides it, and its help line."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("up", "cli.up", "Run everything on this machine."),
    Command("demo", "cli.demo", "Play believable traffic through a fresh organisation."),
    Command("serve", "cli.serve", "Run the API and the console in one process."),
    Command("api", "cli.api", "Run the API alone."),
    Command("app", "cli.app_server", "Run the console alone, against an API elsewhere."),
    Command("worker", "cli.worker", "Evaluate what arrives and deliver what follows."),
    Command("pipelines", "cli.pipelines", "Run the pipelines that feed the lake."),
    Command("postgres", "cli.postgres", "Run the embedded Postgres alone."),
    Command("org", "cli.org", "Create and list organisations."),
    Command("users", "cli.users", "Create, list and change the people of an organisation."),
    Command("people", "cli.people", "Export or erase what is known of a person."),
    Command("migrate", "cli.migrate", "Bring the database to this version's schema."),
    Command("audit", "cli.audit", "Prove that nobody changed the audit log."),
    Command("import", "cli.import_items", "Send the rows of a file through ingest."),
    Command("consume", "cli.consume", "Take in items from a NATS JetStream stream."),
    Command("types", "cli.types", "Propose an item type from a file."),
    Command("check", "cli.check", "Check a rule and point at what is wrong."),
    Command("evaluate", "cli.evaluate", "Evaluate a rule on every row of a file."),
    Command("match", "cli.match", "Find terms in the lines of standard input."),
    Command("explain", "cli.explain", "Say why a rule matched a row, or did not."),
    Command("backtest", "cli.backtest", "Say what a rule would have done, with intervals."),
    Command("rules", "cli.rules", "Keep rules in files: test, plan, apply, pull."),
    Command("config", "cli.config", "A whole configuration: export, plan, apply."),
    Command("parity", "cli.parity", "Recompute a day's outcomes and compare them."),
    Command("signals", "cli.signals", "Name what rules may ask, and who offers it."),
    Command("lake", "cli.lake", "Copy what is new to the lake, and compare."),
    Command("docs", "cli.docs", "Write the reference pages from the code."),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"winnow {importlib.metadata.version('winnow')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Separates the wheat from the chaff: a workbench for trust & safety."""


def _stand_in(app: typer.Typer, command: Command) -> None:
    """Lists a command without loading it."""

    def not_loaded() -> None:
        raise AssertionError(f"{command.name} was asked for but not loaded")

    app.command(command.name, help=command.help)(not_loaded)


def whole_app() -> typer.Typer:
    """Every command loaded: for documentation and its tests."""
    return build_app({command.name for command in COMMANDS})


def build_app(wanted: Container[str]) -> typer.Typer:
    """The whole table, with only the wanted commands' modules imported."""
    app = typer.Typer(
        name="winnow",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for command in COMMANDS:
        if command.name in wanted:
            importlib.import_module(command.module).register(app)
        else:
            _stand_in(app, command)
    return app


def wanted_command(arguments: Sequence[str]) -> str:
    """The first word that is not an option; the root has no options that take a value."""
    return next((word for word in arguments if not word.startswith("-")), "")


def run(arguments: Sequence[str]) -> int:
    app = build_app({wanted_command(arguments)})
    if "structlog" in sys.modules:  # By now whatever logs has loaded it; it is slow to load.
        importlib.import_module("cli.logs").keep_off_results()
    try:
        app(args=list(arguments), prog_name="winnow")
    except WinnowError as error:
        for line in error_lines(error):
            say(line)
        return int(exit_code_of(error))
    return 0


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
