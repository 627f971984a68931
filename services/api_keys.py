from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.errors import Conflict, InvalidInput, NotAuthenticated, Problem
from engine.permissions import Permission, Scope, key_permissions
from services.context import Caller, require
from store import api_keys, audit
from store.api_keys import ApiKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from services.context import Context

KEY_BYTES = 32
KEY = re.compile(r"[0-9a-f]{64}")
PREFIX_LENGTH = 8
LONGEST_NAME = 255
MOST_GRACE = timedelta(days=30)
# `last_used_at` is for people who clean up: to the minute is enough, and spares a write a request.
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewApiKey:
    """secret: the key itself, 64 hexadecimal characters; this is the only time it is known."""

    key: ApiKey
    secret: str


def list_api_keys(context: Context, caller: Caller) -> list[ApiKey]:
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        return api_keys.every(tx)


def create_api_key(
    context: Context,
    caller: Caller,
    name: str,
    expires_at: datetime | None = None,
    *,
    scopes: Sequence[Scope] | None = None,
    items_per_second: float | None = None,
) -> NewApiKey:
    """Raises InvalidInput for an empty or overlong name and for an expiry in the past."""
    require(caller, Permission.MANAGE_ORG)
    if expires_at is not None and expires_at <= context.clock():
        raise _refuse("The key would have expired already", "/expiresAt")
    kept = None if scopes is None else tuple(sorted({scope.value for scope in scopes}))
    with context.database.transaction(caller.org_id) as tx:
        return add_api_key(
            context, tx, caller, name, expires_at, scopes=kept, items_per_second=items_per_second
        )


def add_api_key(
    context: Context,
    tx: Connection,
    caller: Caller,
    name: str,
    expires_at: datetime | None = None,
    *,
    scopes: tuple[str, ...] | None = None,
    items_per_second: float | None = None,
) -> NewApiKey:
    """As `create_api_key`, inside a transaction of the caller's and without asking who may."""
    trimmed = name.strip()
    if not trimmed or len(trimmed) > LONGEST_NAME or not trimmed.isprintable():
        raise _refuse(f"A key's name has 1 to {LONGEST_NAME} printable characters", "/name")
    secret = secrets.token_hex(KEY_BYTES)
    key = ApiKey(
        key_id=context.new_id(),
        name=trimmed,
        prefix=secret[:PREFIX_LENGTH],
        created_at=context.clock(),
        created_by=caller.actor,
        expires_at=expires_at,
        scopes=scopes,
        items_per_second=items_per_second,
    )
    api_keys.insert(tx, caller.org_id, key, hash_key(secret))
    detail = {"name": key.name, "prefix": key.prefix}
    if scopes is not None:
        detail["scopes"] = ", ".join(scopes)
    entry = Entry(key.created_at, caller.actor, Event.API_KEY_CREATE, "api-key", key.key_id, detail)
    audit.append(tx, entry)
    return NewApiKey(key, secret)


def rotate_api_key(context: Context, caller: Caller, key_id: str, grace: timedelta) -> NewApiKey:
    """A new key with the same name, scopes and limit; the old one goes on for the grace period.

    Raises NotFound, and Conflict for a key that is revoked, expired or replaced already.
    """
    require(caller, Permission.MANAGE_ORG)
    if not timedelta() <= grace <= MOST_GRACE:
        raise _refuse(f"The grace period has 0 to {MOST_GRACE.days * 24} hours", "/graceHours")
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        old = api_keys.get(tx, key_id)
        expired = old.expires_at is not None and old.expires_at <= now
        new = add_api_key(
            context, tx, caller, old.name, scopes=old.scopes, items_per_second=old.items_per_second
        )
        if expired or not api_keys.replace(tx, key_id, new.key.key_id, now + grace):
            raise Conflict(
                "This key is revoked, expired or replaced already.", hint="Make a new key instead."
            )
        detail = {"name": old.name, "replacedBy": new.key.key_id}
        audit.append(tx, Entry(now, caller.actor, Event.API_KEY_ROTATE, "api-key", key_id, detail))
    return new


def revoke_api_key(context: Context, caller: Caller, key_id: str) -> ApiKey:
    """Holds at once. Revoking again changes nothing. Raises NotFound."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        key = api_keys.get(tx, key_id)
        if api_keys.revoke(tx, key_id, now):
            detail = {"name": key.name, "prefix": key.prefix}
            entry = Entry(now, caller.actor, Event.API_KEY_REVOKE, "api-key", key_id, detail)
            audit.append(tx, entry)
        return api_keys.get(tx, key_id)


def authenticate(context: Context, secret: str) -> Caller:
    """Raises NotAuthenticated for a key that is unknown, revoked or expired."""
    now = context.clock()
    found = None
    if KEY.fullmatch(secret):
        with context.database.system() as tx:
            found = api_keys.find(tx, hash_key(secret))
    if found is None or not found.is_valid(now):
        raise NotAuthenticated(
            "The API key is not valid.",
            hint="Send a key of your organisation in the x-api-key header.",
        )
    if found.last_used_at is None or now - found.last_used_at >= TOUCH_EVERY:
        with context.database.transaction(found.org_id) as tx:
            api_keys.touch(tx, found.key_id, now)
    return Caller(
        found.org_id,
        f"key:{found.key_id}",
        key_permissions(found.scopes),
        items_per_second=found.items_per_second,
    )


def hash_key(secret: str) -> bytes:
    """Keys are looked up by this hash alone, so comparing takes no time that a guess could read.

    256 random bits need no salt and no slow hash.
    """
    return hashlib.sha256(secret.encode()).digest()


def _refuse(message: str, pointer: str) -> InvalidInput:
    return InvalidInput(f"{message}.", problems=(Problem(message, pointer),))
