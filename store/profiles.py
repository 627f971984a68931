"""What related items were: the submissions of an item up to a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class ProfileAsk:
    """An item as it was from one place to another, both included."""

    type_id: str
    item_id: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """ask: the number of the question. data: the stored JSON text."""

    ask: int
    arrived_at: datetime
    data: str


# The latest at the first place, and what came after it: one or two index scans a profile.
BETWEEN = text("""
SELECT q.n, s.arrived_at, s.data::text
FROM unnest(CAST(:type_ids AS text[]), CAST(:item_ids AS text[]),
            CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[]))
     WITH ORDINALITY AS q(type_id, item_id, first, last, n)
CROSS JOIN LATERAL (
    (SELECT arrived_at, data FROM submissions
     WHERE type_id = q.type_id AND item_id = q.item_id AND arrived_at <= q.first
     ORDER BY arrived_at DESC LIMIT 1)
    UNION ALL
    (SELECT arrived_at, data FROM submissions
     WHERE type_id = q.type_id AND item_id = q.item_id
       AND arrived_at > q.first AND arrived_at <= q.last)
) AS s
ORDER BY q.n, s.arrived_at
""")


def between(tx: Connection, asks: Sequence[ProfileAsk]) -> list[ProfileRow]:
    """In the order of the questions, then of arrival."""
    asked = {
        "type_ids": [ask.type_id for ask in asks],
        "item_ids": [ask.item_id for ask in asks],
        "firsts": [ask.first for ask in asks],
        "lasts": [ask.last for ask in asks],
    }
    return [ProfileRow(n - 1, at, data) for n, at, data in tx.execute(BETWEEN, asked)]
