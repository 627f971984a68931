from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.webhooks.rotation import KeyTimes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class StoredSigningKey:
    """times: from when to when it is used."""

    key_id: str
    private_key_encrypted: bytes
    public_key_pem: str
    webhook_secret_encrypted: bytes
    times: KeyTimes


COLUMNS = """
    key_id, private_key_encrypted, public_key_pem, webhook_secret_encrypted, created_at,
    active_from, retired_at
"""
ALL = text(f"""
    SELECT {COLUMNS} FROM signing_keys ORDER BY active_from DESC, created_at DESC, key_id
""")
USABLE = text(f"""
    SELECT {COLUMNS} FROM signing_keys
    WHERE retired_at IS NULL OR retired_at > :now
    ORDER BY active_from DESC, created_at DESC, key_id
""")
LOCKED = text(f"SELECT {COLUMNS} FROM signing_keys ORDER BY active_from DESC, key_id FOR UPDATE")
INSERT = text(f"""
    INSERT INTO signing_keys (org_id, {COLUMNS})
    VALUES (:org_id, :key_id, :private_key_encrypted, :public_key_pem,
        :webhook_secret_encrypted, :created_at, :active_from, :retired_at)
""")
SET_TIMES = text("""
    UPDATE signing_keys SET active_from = :active_from, retired_at = :retired_at
    WHERE key_id = :key_id
""")


def every(tx: Connection) -> list[StoredSigningKey]:
    """Retired ones too, newest first."""
    return [_key(row) for row in tx.execute(ALL)]


def usable(tx: Connection, now: datetime) -> list[StoredSigningKey]:
    """Those not retired, newest first."""
    return [_key(row) for row in tx.execute(USABLE, {"now": now})]


def locked(tx: Connection) -> list[StoredSigningKey]:
    """All of them; a second rotation waits for the first."""
    return [_key(row) for row in tx.execute(LOCKED)]


def insert(tx: Connection, org_id: int, key: StoredSigningKey) -> None:
    row = {
        "org_id": org_id,
        "key_id": key.key_id,
        "private_key_encrypted": key.private_key_encrypted,
        "public_key_pem": key.public_key_pem,
        "webhook_secret_encrypted": key.webhook_secret_encrypted,
        "created_at": key.times.created_at,
        "active_from": key.times.active_from,
        "retired_at": key.times.retired_at,
    }
    tx.execute(INSERT, row)


def set_times(tx: Connection, key_id: str, times: KeyTimes) -> None:
    row = {"key_id": key_id, "active_from": times.active_from, "retired_at": times.retired_at}
    tx.execute(SET_TIMES, row)


def _key(row: Any) -> StoredSigningKey:
    return StoredSigningKey(
        row.key_id,
        bytes(row.private_key_encrypted),
        row.public_key_pem,
        bytes(row.webhook_secret_encrypted),
        KeyTimes(row.created_at, row.active_from, row.retired_at),
    )
