"""What each key may still send: one bucket a key, shared by every process of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOCK = text("""
SELECT level, extract(epoch FROM clock_timestamp() - at)::float8 AS elapsed_s
FROM rate_buckets WHERE key_id = :key_id FOR UPDATE
""")
WRITE = text("""
INSERT INTO rate_buckets (org_id, key_id, level, at)
VALUES (current_setting('app.org_id')::int, :key_id, :level, clock_timestamp())
ON CONFLICT (org_id, key_id) DO UPDATE SET level = excluded.level, at = excluded.at
""")


def lock(tx: Connection, key_id: str) -> tuple[float, float] | None:
    """(level, seconds since), held until the transaction ends; None for a key not seen before."""
    row = tx.execute(LOCK, {"key_id": key_id}).one_or_none()
    return (row.level, row.elapsed_s) if row else None


def write(tx: Connection, key_id: str, level: float) -> None:
    tx.execute(WRITE, {"key_id": key_id, "level": level})
