"""Signing in, and who a session's token speaks for."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.errors import NotAuthenticated, NotFound, RateLimited
from engine.permissions import permissions_of
from engine.sign_in import FORGET_AFTER_S, LONGEST_EMAIL, next_count, wait_s
from services.context import Caller
from services.passwords import hash_password, needs_rehash, verify_password
from store import audit, sessions, users
from store.sessions import NOBODYS_ORGANISATION, Session

if TYPE_CHECKING:
    from services.context import Context
    from store.users import User

LIFETIME = timedelta(days=14)
TOKEN_BYTES = 32
WRONG = "The e-mail address or the password is wrong."


@dataclass(frozen=True)
class NewSession:
    """token: shown once, kept as its hash alone."""

    token: str
    expires_at: datetime
    user: User


def sign_in(context: Context, email: str, password: str) -> NewSession:
    """Raises NotAuthenticated, the same for every cause; RateLimited after several failures."""
    address = email.strip().lower()[:LONGEST_EMAIL].replace("\0", "")
    _count_attempt(context, address)
    found = _find_user(context, address)
    stored_hash = found[1].password_hash if found else None
    if not verify_password(stored_hash, password) or found is None:
        _log_refusal(context, found)
        raise NotAuthenticated(WRONG, hint="Ask an administrator to set a new password.")
    return _open_session(context, *found, address=address, password=password)


def authenticate(context: Context, token: str) -> Caller:
    """Raises NotAuthenticated when the token is unknown or expired, or its user is disabled."""
    with context.database.system() as tx:
        session = sessions.find(tx, _hash(token))
    if session is None or session.expires_at <= context.clock():
        raise NotAuthenticated("The session has ended.", hint="Sign in again.")
    with context.database.transaction(session.org_id) as tx:
        user = users.get(tx, session.user_id)
    if user.disabled_at is not None:
        raise NotAuthenticated("The session has ended.", hint="Sign in again.")
    return caller_of(session.org_id, user)


def sign_out(context: Context, token: str) -> None:
    """A token that means nothing any more is signed out already."""
    with context.database.system() as tx:
        session = sessions.find(tx, _hash(token))
    if session is None:
        return
    with context.database.transaction(session.org_id) as tx:
        sessions.delete(tx, _hash(token))
        actor = f"user:{session.user_id}"
        entry = Entry(context.clock(), actor, Event.USER_SIGN_OUT, "user", session.user_id)
        audit.append(tx, entry)


def current_user(context: Context, caller: Caller) -> User:
    """Raises NotFound for a caller who is not a person."""
    if caller.user_id is None:
        raise NotFound("An API key has no user.", hint="Sign in to have one.")
    with context.database.transaction(caller.org_id) as tx:
        return users.get(tx, caller.user_id)


def caller_of(org_id: int, user: User) -> Caller:
    return Caller(
        org_id=org_id,
        actor=f"user:{user.user_id}",
        permissions=permissions_of(user.role),
        user_id=user.user_id,
        user_email=user.email,
    )


def _count_attempt(context: Context, address: str) -> None:
    """Counted before the password is looked at, so that guesses in parallel are counted, too."""
    now = context.clock()
    with context.database.transaction(NOBODYS_ORGANISATION) as tx:
        sessions.forget_failures(tx, now - timedelta(seconds=FORGET_AFTER_S))
        failures = sessions.lock_failures(tx, address, now)
        since_s = (now - (failures.last_at or now)).total_seconds()
        wait = wait_s(failures.count, since_s)
        if wait > 0:
            raise RateLimited(
                "Too many failed attempts to sign in.",
                retry_after_s=wait,
                hint=f"Wait {wait:.0f} seconds, then try again.",
            )
        sessions.count_failure(tx, address, next_count(failures.count, since_s), now)


def _find_user(context: Context, address: str) -> tuple[int, User] | None:
    with context.database.system() as tx:
        found = users.find(tx, address)
    if found is None:
        return None
    org_id, user_id = found
    with context.database.transaction(org_id) as tx:
        user = users.get(tx, user_id)
    return None if user.disabled_at is not None else (org_id, user)


def _open_session(
    context: Context, org_id: int, user: User, *, address: str, password: str
) -> NewSession:
    token, now = secrets.token_urlsafe(TOKEN_BYTES), context.clock()
    session = Session(org_id, user.user_id, now + LIFETIME)
    with context.database.transaction(NOBODYS_ORGANISATION) as tx:
        sessions.clear_failures(tx, address)
    with context.database.transaction(org_id) as tx:
        sessions.insert(tx, session, _hash(token), now)
        if needs_rehash(user.password_hash):
            users.update(tx, replace(user, password_hash=hash_password(password)))
        actor = f"user:{user.user_id}"
        audit.append(tx, Entry(now, actor, Event.USER_SIGN_IN, "user", user.user_id))
    return NewSession(token, session.expires_at, user)


def _log_refusal(context: Context, found: tuple[int, User] | None) -> None:
    if found is None:
        return
    org_id, user = found
    with context.database.transaction(org_id) as tx:
        entry = Entry(
            context.clock(), "system:sign-in", Event.USER_SIGN_IN_REFUSED, "user", user.user_id
        )
        audit.append(tx, entry)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
