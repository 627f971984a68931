"""`winnow org`: the organisations of this installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.installation import open_installation
from cli.output import emit, say
from services.organisations import create_organisation, list_organisations
from store.settings import load_settings

Var = Annotated[
    Path | None,
    typer.Option("--var", help="Directory of the installation [default: $WINNOW_VAR or ./var]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def create(
    name: Annotated[str, typer.Argument(help="What people call the organisation.")],
    admin_email: Annotated[
        str | None, typer.Option(help="How its administrator signs in [default: made up].")
    ] = None,
    var: Var = None,
    json: Json = False,
) -> None:
    """Create an organisation with an administrator and an API key, both shown once."""
    with open_installation(load_settings(var_dir=var)) as context:
        made = create_organisation(context, name, admin_email)
    if json:
        emit(made)
        return
    say("Keep these: the key and the password are not stored and will not be shown again.")
    print(f"organisation    {made.org_id}")
    print(f"API key         {made.api_key}")
    print(f"sign in as      {made.admin_email}")
    print(f"password        {made.admin_password}")


def list_all(var: Var = None, json: Json = False) -> None:
    """List the organisations."""
    with open_installation(load_settings(var_dir=var)) as context:
        found = list_organisations(context)
    if json:
        emit(
            {
                "organisations": [
                    {"org_id": each.org_id, "name": each.name, "created_at": each.created_at}
                    for each in found
                ]
            }
        )
        return
    for each in found:
        print(f"{each.org_id}\t{each.name}")


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_all)
    app.add_typer(group, name="org", help="Create and list organisations.")
