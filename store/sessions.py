"""Sessions, kept by the hash of their token, and failed attempts to get one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

# Attempts are counted before anybody knows whose the address is.
NOBODYS_ORGANISATION = 0


@dataclass(frozen=True)
class Session:
    org_id: int
    user_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Failures:
    """last_at: None when there was none."""

    count: int
    last_at: datetime | None


FIND = text("SELECT org_id, user_id, expires_at FROM winnow_find_session(:token_hash)")
INSERT = text("""
    INSERT INTO sessions (org_id, token_hash, user_id, created_at, expires_at)
    VALUES (:org_id, :token_hash, :user_id, :created_at, :expires_at)
""")
DELETE = text("DELETE FROM sessions WHERE token_hash = :token_hash")
DELETE_OF_USER = text("DELETE FROM sessions WHERE user_id = :user_id")
DELETE_EXPIRED = text("DELETE FROM sessions WHERE expires_at <= :now")

OPEN_FAILURES = text("""
    INSERT INTO sign_in_failures (org_id, email, failures, last_failed_at)
    VALUES (:org_id, :email, 0, :now) ON CONFLICT DO NOTHING
""")
LOCK_FAILURES = text("""
    SELECT failures, last_failed_at FROM sign_in_failures WHERE email = :email FOR UPDATE
""")
COUNT_FAILURE = text("""
    UPDATE sign_in_failures SET failures = :failures, last_failed_at = :now WHERE email = :email
""")
CLEAR_FAILURES = text("DELETE FROM sign_in_failures WHERE email = :email")
FORGET_FAILURES = text("DELETE FROM sign_in_failures WHERE last_failed_at < :before")


def find(tx: Connection, token_hash: bytes) -> Session | None:
    """Works without an organisation. The caller checks `expires_at`."""
    row = tx.execute(FIND, {"token_hash": token_hash}).one_or_none()
    return None if row is None else Session(row.org_id, row.user_id, row.expires_at)


def insert(tx: Connection, session: Session, token_hash: bytes, now: datetime) -> None:
    """Clears away the organisation's expired sessions, too."""
    tx.execute(DELETE_EXPIRED, {"now": now})
    row = {
        "org_id": session.org_id,
        "token_hash": token_hash,
        "user_id": session.user_id,
        "created_at": now,
        "expires_at": session.expires_at,
    }
    tx.execute(INSERT, row)


def delete(tx: Connection, token_hash: bytes) -> None:
    tx.execute(DELETE, {"token_hash": token_hash})


def delete_of_user(tx: Connection, user_id: str) -> None:
    tx.execute(DELETE_OF_USER, {"user_id": user_id})


def lock_failures(tx: Connection, email: str, now: datetime) -> Failures:
    """Held until the transaction ends, so that guesses at one address come one by one."""
    opened = tx.execute(OPEN_FAILURES, {"org_id": NOBODYS_ORGANISATION, "email": email, "now": now})
    if opened.rowcount:
        return Failures(0, None)
    row = tx.execute(LOCK_FAILURES, {"email": email}).one_or_none()
    return Failures(0, None) if row is None else Failures(row.failures, row.last_failed_at)


def count_failure(tx: Connection, email: str, failures: int, now: datetime) -> None:
    tx.execute(COUNT_FAILURE, {"email": email, "failures": failures, "now": now})


def clear_failures(tx: Connection, email: str) -> None:
    tx.execute(CLEAR_FAILURES, {"email": email})


def forget_failures(tx: Connection, before: datetime) -> None:
    tx.execute(FORGET_FAILURES, {"before": before})
