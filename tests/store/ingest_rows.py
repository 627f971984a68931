"""Puts accepted items into a test's database as the batcher does, without a batcher."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import text

from store import clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

SUBMIT = text("""
INSERT INTO submissions (org_id, seq, arrived_at, submission_id, type_id, type_version, item_id,
                         creator_type_id, creator_id, data, source)
VALUES (current_setting('app.org_id')::int, :seq, :at, :submission_id, :type_id, 1, :item_id,
        :creator_type_id, :creator_id, CAST(:data AS json), 'test')
""")
WAIT = text("""
INSERT INTO pending (org_id, seq, arrived_at)
VALUES (current_setting('app.org_id')::int, :seq, :at)
""")
ADVANCE = text("UPDATE org_clock SET seq = :seq, at = :at")


def place(
    tx: Connection,
    documents: Sequence[Mapping[str, Any]],
    type_id: str = "t-post",
    step: timedelta | None = None,
    item_id: str | None = None,
) -> list[datetime]:
    """Gives each item the next place, `step` after the one before (1 microsecond).

    item_id: of all of them, `i` and the place's number unless given. `author`, an item reference,
    is the item's creator. No window event is written.
    """
    now = clock.lock(tx)
    between = step or timedelta(microseconds=1)
    arrived = [now.at + between * n for n in range(1, len(documents) + 1)]
    for seq, (data, at) in enumerate(zip(documents, arrived, strict=True), now.seq + 1):
        author = data.get("author") or {}
        row = {
            "seq": seq,
            "at": at,
            "submission_id": str(uuid4()),
            "type_id": type_id,
            "item_id": item_id or f"i{seq}",
            "creator_type_id": author.get("typeId"),
            "creator_id": author.get("id"),
            "data": json.dumps(data),
        }
        tx.execute(SUBMIT, row)
        tx.execute(WAIT, {"seq": seq, "at": at})
    if arrived:
        tx.execute(ADVANCE, {"seq": now.seq + len(arrived), "at": arrived[-1]})
    return arrived
