from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class StoredSigningKey:
    key_id: str
    private_key_encrypted: bytes
    public_key_pem: str
    webhook_secret_encrypted: bytes
    created_at: datetime
    retired_at: datetime | None = None


COLUMNS = """
    key_id, private_key_encrypted, public_key_pem, webhook_secret_encrypted, created_at, retired_at
"""
CURRENT = text(f"""
    SELECT {COLUMNS} FROM signing_keys
    WHERE retired_at IS NULL ORDER BY created_at DESC, key_id LIMIT 1
""")
INSERT = text(f"""
    INSERT INTO signing_keys (org_id, {COLUMNS})
    VALUES (:org_id, :key_id, :private_key_encrypted, :public_key_pem,
        :webhook_secret_encrypted, :created_at, NULL)
""")
RETIRE = text("""
    UPDATE signing_keys SET retired_at = :now WHERE retired_at IS NULL AND key_id <> :but
""")


def current(tx: Connection) -> StoredSigningKey:
    """Raises NotFound."""
    row = tx.execute(CURRENT).one_or_none()
    if row is None:
        raise NotFound("This organisation has no signing key.")
    return _key(row)


def insert(tx: Connection, org_id: int, key: StoredSigningKey) -> None:
    row = {
        "org_id": org_id,
        "key_id": key.key_id,
        "private_key_encrypted": key.private_key_encrypted,
        "public_key_pem": key.public_key_pem,
        "webhook_secret_encrypted": key.webhook_secret_encrypted,
        "created_at": key.created_at,
    }
    tx.execute(INSERT, row)


def retire_all_but(tx: Connection, key_id: str, now: datetime) -> None:
    tx.execute(RETIRE, {"but": key_id, "now": now})


def _key(row: Any) -> StoredSigningKey:
    return StoredSigningKey(
        row.key_id,
        bytes(row.private_key_encrypted),
        row.public_key_pem,
        bytes(row.webhook_secret_encrypted),
        row.created_at,
        row.retired_at,
    )
