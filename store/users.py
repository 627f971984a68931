from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, NotFound
from engine.permissions import UserRole

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class User:
    user_id: str
    email: str
    name: str
    role: UserRole
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None = None


FIND = text("SELECT org_id, user_id FROM winnow_find_user(:email)")
COLUMNS = "user_id, email, name, role, password_hash, created_at, disabled_at"
GET = text(f"SELECT {COLUMNS} FROM users WHERE user_id = :user_id")
LIST = text(f"SELECT {COLUMNS} FROM users ORDER BY lower(email)")
NAMES = text("SELECT user_id, name FROM users WHERE user_id = ANY(:user_ids)")
INSERT = text("""
    INSERT INTO users (org_id, user_id, email, name, role, password_hash, created_at)
    VALUES (:org_id, :user_id, :email, :name, :role, :password_hash, :created_at)
""")
UPDATE = text("""
    UPDATE users
    SET name = :name, role = :role, password_hash = :password_hash, disabled_at = :disabled_at
    WHERE user_id = :user_id
""")
# Locked, so that two administrators cannot take the role from each other at the same moment.
OTHER_ADMINS = text("""
    SELECT user_id FROM users
    WHERE role = 'ADMIN' AND disabled_at IS NULL AND user_id <> :user_id
    ORDER BY user_id FOR UPDATE
""")


def find(tx: Connection, email: str) -> tuple[int, str] | None:
    """Organisation and user of an address, in any letter case. Works without an organisation."""
    row = tx.execute(FIND, {"email": email}).one_or_none()
    return None if row is None else (row.org_id, row.user_id)


def get(tx: Connection, user_id: str) -> User:
    """Raises NotFound."""
    row = tx.execute(GET, {"user_id": user_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no user '{user_id}' in this organisation.")
    return _user(row)


def every(tx: Connection) -> list[User]:
    return [_user(row) for row in tx.execute(LIST)]


def names(tx: Connection, user_ids: Collection[str]) -> dict[str, str]:
    """By id; who is not known is absent."""
    rows = tx.execute(NAMES, {"user_ids": list(user_ids)})
    return {row.user_id: row.name for row in rows}


def insert(tx: Connection, org_id: int, user: User) -> None:
    """Raises Conflict when the address is in use, in this organisation or another."""
    row = {
        "org_id": org_id,
        "user_id": user.user_id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
    }
    try:
        tx.execute(INSERT, row)
    except IntegrityError as error:
        raise Conflict(
            f"The e-mail address {user.email} is in use.",
            hint="An address signs in to one account only: use another one.",
        ) from error


def update(tx: Connection, user: User) -> None:
    row = {
        "user_id": user.user_id,
        "name": user.name,
        "role": user.role,
        "password_hash": user.password_hash,
        "disabled_at": user.disabled_at,
    }
    tx.execute(UPDATE, row)


def has_other_admin(tx: Connection, user_id: str) -> bool:
    return bool(tx.execute(OTHER_ADMINS, {"user_id": user_id}).all())


def _user(row: Any) -> User:
    return User(
        row.user_id,
        row.email,
        row.name,
        UserRole(row.role),
        row.password_hash,
        row.created_at,
        row.disabled_at,
    )
