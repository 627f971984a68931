"""`winnow lake`: what is new goes to the lake, now."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import ExitCode, emit, say
from services.lake_export import ExportSummary, compare_counts, export_all
from services.organisations import list_organisations
from store.settings import load_settings

Org = Annotated[
    int | None, typer.Option("--org", min=1, help="Number of one organisation [default: all].")
]


def export(org: Org = None, var: Var = None, json: Json = False) -> None:
    """Copy what is new; running it again changes nothing."""
    with open_installation(load_settings(var_dir=var)) as context:
        wanted = [org] if org else [each.org_id for each in list_organisations(context)]
        done = {org_id: export_all(context, org_id) for org_id in wanted}
    if json:
        emit({"organisations": [_document(org_id, each) for org_id, each in done.items()]})
        return
    for org_id, summary in done.items():
        for table in summary.tables:
            print(f"{org_id}\t{table.table}\t{table.rows}")


def _document(org_id: int, summary: ExportSummary) -> dict[str, object]:
    tables = [
        {"table": each.table, "rows": each.rows, "unfit": each.unfit} for each in summary.tables
    ]
    return {"org_id": org_id, "rows": summary.rows, "tables": tables}


def verify(org: Org = None, var: Var = None, json: Json = False) -> None:
    """Compare the lake's rows with Postgres; exit 1 when one is missing."""
    with open_installation(load_settings(var_dir=var)) as context:
        wanted = [org] if org else [each.org_id for each in list_organisations(context)]
        counts = [(org_id, each) for org_id in wanted for each in compare_counts(context, org_id)]
    missing = sum(each.missing for _, each in counts)
    if json:
        emit(
            {
                "missing": missing,
                "tables": [
                    {
                        "org_id": org_id,
                        "table": each.table,
                        "postgres": each.postgres,
                        "lake": each.lake,
                        "missing": each.missing,
                    }
                    for org_id, each in counts
                ],
            }
        )
    else:
        for org_id, each in counts:
            print(f"{org_id}\t{each.table}\t{each.postgres}\t{each.lake}\t{each.missing}")
    if missing:
        say(f"{missing} rows are missing in the lake")
        raise typer.Exit(ExitCode.FINDING)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("export")(export)
    group.command("verify")(verify)
    app.add_typer(group, name="lake", help="Copy what is new to the lake, and compare.")
