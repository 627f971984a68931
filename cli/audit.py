"""`winnow audit`: proof that nobody changed the log."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import ExitCode, emit, say
from engine.errors import InvalidInput, NotFound
from services.audit import verify_audit
from services.organisations import list_organisations
from store.settings import load_settings


def verify(
    org: Annotated[
        int | None, typer.Option("--org", min=1, help="One organisation [default: every one].")
    ] = None,
    head: Annotated[
        str,
        typer.Option(help="A head noted earlier (with --org): finds out a log cut short, too."),
    ] = "",
    var: Var = None,
    json: Json = False,
) -> None:
    """Recompute the hash chain of the audit log; exit 1 when it does not hold."""
    if head and org is None:
        raise InvalidInput("--head needs --org.", hint="A head belongs to one organisation.")
    with open_installation(load_settings(var_dir=var)) as context:
        known = [each.org_id for each in list_organisations(context)]
        if org is not None and org not in known:
            raise NotFound(f"There is no organisation {org}.")
        wanted = known if org is None else [org]
        verdicts = [verify_audit(context, org_id, head) for org_id in wanted]
    holds = all(verdict.holds for verdict in verdicts)
    if json:
        emit({"holds": holds, "organisations": verdicts})
    for verdict in () if json else verdicts:
        found = verdict.problem or f"holds, head {verdict.head}"
        say(f"organisation {verdict.org_id}: {verdict.records} records: {found}")
    if not holds:
        raise typer.Exit(ExitCode.FINDING)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.callback()(_group)
    group.command("verify")(verify)
    app.add_typer(group, name="audit", help="Prove that nobody changed the audit log.")


def _group() -> None:
    """Prove that nobody changed the audit log."""
