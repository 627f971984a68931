"""How far behind an organisation's queues are, by the server's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

OLDEST_DUE = text("""
SELECT extract(epoch FROM clock_timestamp() - min(next_attempt_at))::float8 FROM outbox
WHERE state = 'pending' AND next_attempt_at <= clock_timestamp()
""")
LATEST_EXPORT = text("""
SELECT extract(epoch FROM clock_timestamp() - max(updated_at))::float8 FROM lake_exports
""")


def oldest_due_s(tx: Connection) -> float | None:
    """How long the webhook due longest has been due; None when none is."""
    found: float | None = tx.execute(OLDEST_DUE).scalar_one()
    return found


def export_age_s(tx: Connection) -> float | None:
    """Since anything was last copied into the lake; None when nothing ever was."""
    found: float | None = tx.execute(LATEST_EXPORT).scalar_one()
    return found
