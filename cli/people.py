"""`winnow people`: what is known of one person of the platform, and erasing it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import emit, say
from cli.users import Org
from engine.items import ItemRef
from services.context import Caller, system_caller
from services.erasures import erase_all, erase_person, read_erasure
from services.person_export import export_person
from store.settings import load_settings

Type = Annotated[str, typer.Option("--type", help="Id of the person's item type.")]
Id = Annotated[str, typer.Option("--id", help="The person's id on the platform.")]


def _caller(org_id: int) -> Caller:
    return system_caller(org_id, "winnow-people")


def export(org: Org, type_id: Type, person_id: Id, var: Var = None) -> None:
    """Print everything that is known of one person, as one JSON object."""
    with open_installation(load_settings(var_dir=var)) as context:
        records = export_person(context, _caller(org), ItemRef(type_id, person_id))
    emit(asdict(records))


def erase(org: Org, type_id: Type, person_id: Id, var: Var = None, json: Json = False) -> None:
    """Erase a person's data in the database and the lake, now; what cannot be, a worker does."""
    with open_installation(load_settings(var_dir=var)) as context:
        asked = erase_person(context, _caller(org), ItemRef(type_id, person_id))
        erase_all(context)
        erasure = read_erasure(context, _caller(org), asked.erasure_id)
    if json:
        emit(asdict(erasure))
        return
    say(f"erasure {erasure.erasure_id}: {erasure.state}")
    for name, count in sorted(erasure.counts.items()):
        print(f"{name}\t{count}")


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("export")(export)
    group.command("erase")(erase)
    app.add_typer(group, name="people", help="Export or erase what is known of a person.")
