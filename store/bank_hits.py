"""How often each entry of a bank was found in items that LIVE rules matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class Hits:
    """last_hit_at: the latest arrival of an item that held the entry."""

    hits: int
    last_hit_at: datetime


# Rows are taken in one order, so that two workers do not wait for each other.
ADD = """
INSERT INTO bank_hits (org_id, bank_id, entry, hits, last_hit_at)
SELECT current_setting('app.org_id')::int, b, e, h, a
FROM unnest(%(banks)s::text[], %(entries)b::bytea[], %(hits)s::bigint[], %(at)s::timestamptz[])
     AS found(b, e, h, a)
ORDER BY b, e
ON CONFLICT (org_id, bank_id, entry) DO UPDATE
SET hits = bank_hits.hits + excluded.hits,
    last_hit_at = greatest(bank_hits.last_hit_at, excluded.last_hit_at)
"""


def add(tx: Connection, found: Mapping[tuple[str, bytes], Hits]) -> None:
    """found: by bank id and digest of the entry."""
    if not found:
        return
    parameters = {
        "banks": [bank_id for bank_id, _ in found],
        "entries": [entry for _, entry in found],
        "hits": [each.hits for each in found.values()],
        "at": [each.last_hit_at for each in found.values()],
    }
    cursor(tx).execute(ADD, parameters)


OF_BANK = text("SELECT entry, hits, last_hit_at FROM bank_hits WHERE bank_id = :bank_id")


def of_bank(tx: Connection, bank_id: str) -> dict[bytes, Hits]:
    """By digest of the entry; also of entries that have left the bank."""
    rows = tx.execute(OF_BANK, {"bank_id": bank_id})
    return {bytes(entry): Hits(hits, last_hit_at) for entry, hits, last_hit_at in rows}
