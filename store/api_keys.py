from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class ApiKey:
    """prefix: the key's first characters, by which people recognise it.

    scopes: None for everything a key may do. items_per_second: None for the organisation's limit.
    replaced_by: the key that it was rotated into.
    """

    key_id: str
    name: str
    prefix: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    items_per_second: float | None = None
    replaced_by: str | None = None


@dataclass(frozen=True)
class FoundKey:
    org_id: int
    key_id: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...] | None
    items_per_second: float | None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


FIND = text("""
    SELECT org_id, key_id, last_used_at, expires_at, revoked_at, scopes, items_per_second
    FROM winnow_find_api_key(:hash)
""")
COLUMNS = """key_id, name, prefix, created_at, created_by, last_used_at, expires_at, revoked_at,
    scopes, items_per_second, replaced_by"""
GET = text(f"SELECT {COLUMNS} FROM api_keys WHERE key_id = :key_id")
LIST = text(f"SELECT {COLUMNS} FROM api_keys ORDER BY created_at DESC, key_id")
NAMES = text("SELECT key_id, name FROM api_keys WHERE key_id = ANY(:key_ids)")
INSERT = text("""
    INSERT INTO api_keys
        (org_id, key_id, name, prefix, key_hash, created_at, created_by, expires_at, scopes,
         items_per_second)
    VALUES (:org_id, :key_id, :name, :prefix, :key_hash, :created_at, :created_by, :expires_at,
            :scopes, :items_per_second)
""")
REVOKE = text("""
    UPDATE api_keys SET revoked_at = :now WHERE key_id = :key_id AND revoked_at IS NULL
""")
# An expiry that comes sooner than the grace period stays.
REPLACE = text("""
    UPDATE api_keys SET replaced_by = :successor, expires_at = least(expires_at, :until)
    WHERE key_id = :key_id AND revoked_at IS NULL AND replaced_by IS NULL
""")
TOUCH = text("""
    UPDATE api_keys SET last_used_at = :now
    WHERE key_id = :key_id AND (last_used_at IS NULL OR last_used_at < :now)
""")


def find(tx: Connection, key_hash: bytes) -> FoundKey | None:
    """Works without an organisation."""
    row = tx.execute(FIND, {"hash": key_hash}).one_or_none()
    if row is None:
        return None
    return FoundKey(
        row.org_id,
        row.key_id,
        row.last_used_at,
        row.expires_at,
        row.revoked_at,
        _scopes(row),
        row.items_per_second,
    )


def names(tx: Connection, key_ids: Collection[str]) -> dict[str, str]:
    """By id; a key that is not known is absent."""
    rows = tx.execute(NAMES, {"key_ids": list(key_ids)})
    return {row.key_id: row.name for row in rows}


def insert(tx: Connection, org_id: int, key: ApiKey, key_hash: bytes) -> None:
    row = {
        "org_id": org_id,
        "key_id": key.key_id,
        "name": key.name,
        "prefix": key.prefix,
        "key_hash": key_hash,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "scopes": None if key.scopes is None else list(key.scopes),
        "items_per_second": key.items_per_second,
    }
    tx.execute(INSERT, row)


def get(tx: Connection, key_id: str) -> ApiKey:
    """Raises NotFound."""
    row = tx.execute(GET, {"key_id": key_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no API key '{key_id}' in this organisation.")
    return _key(row)


def every(tx: Connection) -> list[ApiKey]:
    """Newest first, revoked ones included."""
    return [_key(row) for row in tx.execute(LIST)]


def revoke(tx: Connection, key_id: str, now: datetime) -> bool:
    """False if it was revoked before."""
    return tx.execute(REVOKE, {"key_id": key_id, "now": now}).rowcount == 1


def replace(tx: Connection, key_id: str, successor: str, until: datetime) -> bool:
    """Ends it at that time at the latest; False if it was revoked or replaced before."""
    row = {"key_id": key_id, "successor": successor, "until": until}
    return tx.execute(REPLACE, row).rowcount == 1


def touch(tx: Connection, key_id: str, now: datetime) -> None:
    tx.execute(TOUCH, {"key_id": key_id, "now": now})


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row.key_id,
        row.name,
        row.prefix,
        row.created_at,
        row.created_by,
        row.last_used_at,
        row.expires_at,
        row.revoked_at,
        _scopes(row),
        row.items_per_second,
        row.replaced_by,
    )


def _scopes(row: Any) -> tuple[str, ...] | None:
    return None if row.scopes is None else tuple(row.scopes)
