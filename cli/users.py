"""`winnow users`: the people of an organisation."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import emit, say
from engine.permissions import parse_role
from services.context import Caller, system_caller
from services.passwords import generate_password
from services.users import UserChange, create_user, list_users, update_user
from store.settings import load_settings

Org = Annotated[int, typer.Option("--org", min=1, help="Number of the organisation.")]


def _caller(org_id: int) -> Caller:
    return system_caller(org_id, "winnow-users")


def create(
    email: Annotated[str, typer.Argument(help="How the person signs in.")],
    org: Org,
    role: Annotated[str, typer.Option(help="Such as ADMIN, MODERATOR or ANALYST.")] = "MODERATOR",
    name: Annotated[str, typer.Option(help="What colleagues call the person.")] = "",
    var: Var = None,
    json: Json = False,
) -> None:
    """Create a user with a new random password, shown once."""
    wanted = parse_role(role)
    with open_installation(load_settings(var_dir=var)) as context:
        made = create_user(context, _caller(org), email=email, role=wanted, name=name)
    if json:
        emit(
            {
                "user_id": made.user.user_id,
                "email": made.user.email,
                "role": made.user.role,
                "password": made.password,
            }
        )
        return
    say("Keep the password: it is not stored and will not be shown again.")
    print(f"sign in as      {made.user.email}")
    print(f"password        {made.password}")


def list_all(org: Org, var: Var = None, json: Json = False) -> None:
    """List the users of an organisation."""
    with open_installation(load_settings(var_dir=var)) as context:
        found = list_users(context, _caller(org))
    if json:
        emit(
            {
                "users": [
                    {
                        "user_id": each.user_id,
                        "email": each.email,
                        "name": each.name,
                        "role": each.role,
                        "disabled_at": each.disabled_at,
                    }
                    for each in found
                ]
            }
        )
        return
    for each in found:
        state = "disabled" if each.disabled_at else "active"
        print(f"{each.user_id}\t{each.email}\t{each.role}\t{state}")


def disable(
    user_id: Annotated[str, typer.Argument(help="As `winnow users list` shows it.")],
    org: Org,
    var: Var = None,
) -> None:
    """Keep a user from signing in, and end the sessions there are."""
    with open_installation(load_settings(var_dir=var)) as context:
        changed = update_user(context, _caller(org), user_id, UserChange(disabled=True))
    print(f"{changed.email} is disabled.")


def reset_password(
    user_id: Annotated[str, typer.Argument(help="As `winnow users list` shows it.")],
    org: Org,
    var: Var = None,
    json: Json = False,
) -> None:
    """Give a user a new random password, shown once, and end the sessions there are."""
    password = generate_password()
    with open_installation(load_settings(var_dir=var)) as context:
        changed = update_user(context, _caller(org), user_id, UserChange(password=password))
    if json:
        emit({"user_id": user_id, "email": changed.email, "password": password})
        return
    say("Keep the password: it is not stored and will not be shown again.")
    print(f"sign in as      {changed.email}")
    print(f"password        {password}")


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_all)
    group.command("disable")(disable)
    group.command("reset-password")(reset_password)
    app.add_typer(group, name="users", help="Create, list and disable users.")
