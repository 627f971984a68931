"""`winnow config`: the whole configuration of an organisation as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import ExitCode, emit, say
from cli.rule_options import read_text
from engine.packs.render import write_yaml
from engine.packs.source import read_source
from services.configuration_export import export_configuration
from services.configuration_import import Doing, Exchange, import_configuration
from services.context import Caller, system_caller
from store.settings import load_settings

if TYPE_CHECKING:
    from services.configuration_import import Step

Org = Annotated[int, typer.Option("--org", min=1, help="Number of the organisation.")]
File = Annotated[Path, typer.Argument(help="A configuration, as YAML or JSON.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what the file does not name.")]
SIGNS = {Doing.CREATE: "+", Doing.UPDATE: "~", Doing.DELETE: "-", Doing.APPROVAL: "?"}


def _caller(org_id: int) -> Caller:
    return system_caller(org_id, "winnow-config")


def export(
    out: Annotated[
        Path | None, typer.Option("--out", help="A file; standard output without it.")
    ] = None,
    org: Org = 1,
    var: Var = None,
    json: Json = False,
) -> None:
    """Write everything that is configured, by name and without secrets, as YAML or JSON."""
    with open_installation(load_settings(var_dir=var)) as context:
        document = export_configuration(context, _caller(org))
    if json:
        emit(document)
    elif out is None:
        sys.stdout.write(write_yaml(document))
    else:
        out.write_text(write_yaml(document), encoding="utf-8")
        say(f"written to {out}")


def show_plan(
    file: File, org: Org = 1, prune: Prune = False, var: Var = None, json: Json = False
) -> None:
    """Show what a file would change, after every check; nothing is saved."""
    document = read_source(read_text(file), str(file)).value
    with open_installation(load_settings(var_dir=var)) as context:
        found = import_configuration(context, _caller(org), document, dry_run=True, prune=prune)
    _tell(found, as_json=json)


def apply(
    file: File,
    org: Org = 1,
    prune: Prune = False,
    reason: Annotated[str, typer.Option(help="Why, for the history of what changes.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    var: Var = None,
    json: Json = False,
) -> None:
    """Save what a file says, all of it or nothing, after showing it and asking."""
    document = read_source(read_text(file), str(file)).value
    with open_installation(load_settings(var_dir=var)) as context:
        if not yes:
            found = import_configuration(context, _caller(org), document, dry_run=True, prune=prune)
            say("\n".join(_lines(found)))
            if not found.steps:
                raise typer.Exit(ExitCode.OK)
            typer.confirm("Apply?", abort=True, err=True)
        done = import_configuration(
            context, _caller(org), document, dry_run=False, prune=prune, reason=reason
        )
    _tell(done, as_json=json)


def _tell(found: Exchange, *, as_json: bool) -> None:
    if as_json:
        emit(found)
    else:
        print("\n".join(_lines(found)))


def _lines(found: Exchange) -> list[str]:
    lines = [line for step in found.steps for line in _step_lines(step)]
    counts = {doing: sum(step.doing is doing for step in found.steps) for doing in SIGNS}
    lines.append(
        f"{counts[Doing.CREATE]} to create, {counts[Doing.UPDATE]} to change, "
        f"{counts[Doing.DELETE]} to delete, {counts[Doing.APPROVAL]} to be approved, "
        f"{found.unchanged} as they are"
    )
    return lines


def _step_lines(step: Step) -> list[str]:
    lines = [f"{SIGNS[step.doing]} {step.kind} `{step.name}`"]
    if step.doing in {Doing.UPDATE, Doing.APPROVAL}:
        lines.extend(f"    {line}" for line in step.difference.text.split("\n"))
    lines.extend(f"    give the header {name} its value" for name in step.secrets)
    return lines


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("export")(export)
    group.command("plan")(show_plan)
    group.command("apply")(apply)
    app.add_typer(group, name="config", help="A whole configuration: export, plan, apply.")
