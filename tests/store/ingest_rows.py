"""Puts accepted items into a test's database as the batcher does, without a batcher."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import text

from store import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

SUBMIT = text("""
INSERT INTO submissions (org_id, seq, arrived_at, submission_id, type_id, type_version, item_id,
                         creator_type_id, creator_id, data, source)
VALUES (current_setting('app.org_id')::int, :seq, :at, :submission_id, :type_id, 1, :item_id,
        't-user', 'u1', CAST(:data AS json), 'test')
""")
WAIT = text("""
INSERT INTO pending (org_id, seq, arrived_at)
VALUES (current_setting('app.org_id')::int, :seq, :at)
""")
ADVANCE = text("UPDATE org_clock SET seq = :seq, at = :at")


def place(
    tx: Connection, documents: Sequence[str], type_id: str = "t-post", step: timedelta | None = None
) -> list[datetime]:
    """Gives each JSON document the next place, `step` after the one before (1 microsecond)."""
    now = clock.lock(tx)
    arrived = [
        now.at + (step or timedelta(microseconds=1)) * n for n in range(1, len(documents) + 1)
    ]
    for n, (data, at) in enumerate(zip(documents, arrived, strict=True), 1):
        row = {"seq": now.seq + n, "at": at}
        tx.execute(
            SUBMIT,
            row | {
                "submission_id": str(uuid4()), "type_id": type_id, "item_id": f"i{now.seq + n}",
                "data": data,
            },
        )  # fmt: skip
        tx.execute(WAIT, row)
    if arrived:
        tx.execute(ADVANCE, {"seq": now.seq + len(arrived), "at": arrived[-1]})
    return arrived
