"""What recent items of a type held in each field, as last counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.language.lint import FieldStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

FORGET = text("""
DELETE FROM field_statistics WHERE type_id = :type_id AND NOT field = ANY(:fields)
""")
INSERT = text("""
INSERT INTO field_statistics (org_id, type_id, field, sampled, null_share, least, largest,
                              computed_at)
VALUES (current_setting('app.org_id')::int, :type_id, :field, :sampled, :null_share, :least,
        :largest, :now)
ON CONFLICT (org_id, type_id, field) DO UPDATE
SET sampled = excluded.sampled, null_share = excluded.null_share, least = excluded.least,
    largest = excluded.largest, computed_at = excluded.computed_at
""")
ALL = text("SELECT type_id, field, null_share, least, largest FROM field_statistics")


def replace(
    tx: Connection,
    type_id: str,
    statistics: Mapping[str, FieldStatistics],
    *,
    sampled: int,
    now: datetime,
) -> None:
    """Puts these in the place of what was known of the type."""
    tx.execute(FORGET, {"type_id": type_id, "fields": list(statistics)})
    rows = [
        {
            "type_id": type_id,
            "field": field,
            "sampled": sampled,
            "null_share": each.null_share,
            "least": each.least,
            "largest": each.largest,
            "now": now,
        }
        for field, each in sorted(statistics.items())
    ]
    if rows:
        tx.execute(INSERT, rows)


def known(tx: Connection) -> dict[str, dict[str, FieldStatistics]]:
    """By item type id, then by field; a member of an object is `field.member`."""
    found: dict[str, dict[str, FieldStatistics]] = {}
    for type_id, field, null_share, least, largest in tx.execute(ALL):
        found.setdefault(type_id, {})[field] = FieldStatistics(null_share, least, largest)
    return found
