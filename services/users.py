from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.errors import Conflict, InvalidInput, Problem
from engine.permissions import Permission, UserRole
from engine.sign_in import check_email, check_password
from services.context import require
from services.passwords import generate_password, hash_password
from store import audit, sessions, users
from store.users import User

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.context import Caller, Context

LONGEST_NAME = 255


@dataclass(frozen=True)
class NewUser:
    """password: as given or made; this is the only time it is known."""

    user: User
    password: str


@dataclass(frozen=True)
class UserChange:
    """What to change; None leaves it as it is."""

    name: str | None = None
    role: UserRole | None = None
    disabled: bool | None = None
    password: str | None = None


def list_users(context: Context, caller: Caller) -> list[User]:
    require(caller, Permission.MANAGE_USERS)
    with context.database.transaction(caller.org_id) as tx:
        return users.every(tx)


def create_user(
    context: Context,
    caller: Caller,
    *,
    email: str,
    role: UserRole,
    name: str = "",
    password: str | None = None,
) -> NewUser:
    """Raises InvalidInput for the address, name or password, Conflict when the address is used."""
    require(caller, Permission.MANAGE_USERS)
    with context.database.transaction(caller.org_id) as tx:
        return add_user(context, tx, caller, email=email, role=role, name=name, password=password)


def add_user(
    context: Context,
    tx: Connection,
    caller: Caller,
    *,
    email: str,
    role: UserRole,
    name: str = "",
    password: str | None = None,
) -> NewUser:
    """As `create_user`, inside a transaction of the caller's and without asking who may."""
    address = check_email(email)
    chosen = generate_password() if password is None else password
    check_password(chosen, address)
    user = User(
        user_id=context.new_id(),
        email=address,
        name=_check_name(name or address.partition("@")[0]),
        role=role,
        password_hash=hash_password(chosen),
        created_at=context.clock(),
    )
    users.insert(tx, caller.org_id, user)
    _log(context, tx, caller, Event.USER_CREATE, user, {"email": user.email, "role": user.role})
    return NewUser(user, chosen)


def update_user(context: Context, caller: Caller, user_id: str, change: UserChange) -> User:
    """A new password, and disabling, end the user's sessions.

    Raises Conflict when the organisation would be left without an administrator.
    """
    require(caller, Permission.MANAGE_USERS)
    with context.database.transaction(caller.org_id) as tx:
        before = users.get(tx, user_id)
        after = _apply(context, before, change)
        if _is_admin(before) and not _is_admin(after) and not users.has_other_admin(tx, user_id):
            raise Conflict(
                f"{before.email} is the only administrator.",
                hint="Make somebody else an administrator first.",
            )
        users.update(tx, after)
        if change.password is not None or after.disabled_at is not None:
            sessions.delete_of_user(tx, user_id)
        for event, detail in _events(before, after):
            _log(context, tx, caller, event, after, detail)
    return after


def _apply(context: Context, user: User, change: UserChange) -> User:
    after = user
    if change.name is not None:
        after = replace(after, name=_check_name(change.name))
    if change.role is not None:
        after = replace(after, role=change.role)
    if change.disabled is not None:
        since = user.disabled_at or context.clock()
        after = replace(after, disabled_at=since if change.disabled else None)
    if change.password is not None:
        check_password(change.password, user.email)
        after = replace(after, password_hash=hash_password(change.password))
    return after


def _is_admin(user: User) -> bool:
    return user.role is UserRole.ADMIN and user.disabled_at is None


def _events(before: User, after: User) -> list[tuple[Event, dict[str, object]]]:
    """What changed, one event for each thing somebody may later look for."""
    events: list[tuple[Event, dict[str, object]]] = []
    changed = {
        field: {"from": old, "to": new}
        for field, old, new in (
            ("name", before.name, after.name),
            ("role", before.role, after.role),
        )
        if old != new
    }
    if changed:
        events.append((Event.USER_UPDATE, dict(changed)))
    if (before.disabled_at is None) != (after.disabled_at is None):
        events.append((Event.USER_DISABLE if after.disabled_at else Event.USER_ENABLE, {}))
    if before.password_hash != after.password_hash:
        events.append((Event.USER_SET_PASSWORD, {}))
    return events


def _check_name(name: str) -> str:
    trimmed = name.strip()
    if not trimmed or len(trimmed) > LONGEST_NAME or not trimmed.isprintable():
        message = f"A name has 1 to {LONGEST_NAME} printable characters"
        raise InvalidInput(f"{message}.", problems=(Problem(message, "/name"),))
    return trimmed


def _log(
    context: Context,
    tx: Connection,
    caller: Caller,
    event: Event,
    user: User,
    detail: dict[str, object],
) -> None:
    audit.append(tx, Entry(context.clock(), caller.actor, event, "user", user.user_id, detail))
