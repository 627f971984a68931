"""`winnow check`: what is wrong with a rule, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.installation import open_installation
from cli.output import ExitCode, emit, say
from cli.rule_options import Banks, MaybeData, Renames, Where, file_source, one_rule
from engine.errors import InvalidInput
from engine.language import Checked, Diagnostic
from engine.language.lint import lint
from services.rule_files import check_for_type, opened
from services.rule_lint import findings_for_type
from store.settings import load_settings


def check(
    where: Where = None,
    where_file: Annotated[Path | None, typer.Option(help="A file that holds the rule.")] = None,
    data: MaybeData = None,
    renames: Renames = None,
    banks: Banks = None,
    type_name: Annotated[
        str | None, typer.Option("--type", help="Item type of an organisation, instead of --data.")
    ] = None,
    org: Annotated[int, typer.Option(min=1, help="Number of the organisation.")] = 1,
    var: Annotated[
        Path | None,
        typer.Option(help="Directory of the installation [default: $WINNOW_VAR or ./var]."),
    ] = None,
    with_lint: Annotated[
        bool, typer.Option("--lint", help="Also tell what is probably not meant.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a rule against the fields of a file or of an item type.

    Standard output holds one JSON object, or a line for people on a terminal; what is wrong is
    drawn on standard error. Exit 1 when there is something wrong.
    """
    text = one_rule(where, where_file)
    if (type_name is None) == (not data):
        raise InvalidInput("The fields are needed.", hint="Give --data FILE or --type NAME.")
    findings: tuple[Diagnostic, ...] | None = None
    if data:
        with opened(file_source(data, renames, banks)) as source:
            checked = source.check(text)
            if with_lint and checked.predicate:
                findings = lint(checked.predicate, source.environment)
    else:
        with open_installation(load_settings(var_dir=var)) as context:
            checked = check_for_type(context, org, str(type_name), text)
            if with_lint and checked.predicate:
                findings = findings_for_type(context, org, str(type_name), checked.predicate.text)
    _tell(text, checked, findings, as_json=json or not sys.stdout.isatty())


def _tell(
    text: str, checked: Checked, findings: tuple[Diagnostic, ...] | None, *, as_json: bool
) -> None:
    """Findings are told and are no reason to fail; their places are in the canonical text."""
    for diagnostic in checked.diagnostics:
        say(diagnostic.render(text))
    for finding in findings or ():
        say(finding.render(checked.predicate.text if checked.predicate else text))
    ok = checked.predicate is not None
    if as_json:
        told = {} if findings is None else {"findings": findings}
        emit({"ok": ok, "diagnostics": checked.diagnostics, **told})
    elif checked.predicate is not None:
        print(checked.predicate.text)
    if not ok:
        raise typer.Exit(ExitCode.FINDING)


def register(app: typer.Typer) -> None:
    app.command("check")(check)
