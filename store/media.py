"""Media that items point at, waiting to be hashed, and what their hashes are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items.media import MediaReference
    from store.submissions import Submission

INSERT = """
INSERT INTO media (org_id, arrived_at, seq, position, submission_id, type_id, item_id, path, kind,
                   url, due_at)
SELECT current_setting('app.org_id')::int, e.*, %(now)s
FROM unnest(%(at)s::timestamptz[], %(seqs)s::bigint[], %(positions)s::int[], %(ids)s::uuid[],
            %(types)s::text[], %(items)s::text[], %(paths)s::text[], %(kinds)s::text[],
            %(urls)s::text[]) AS e
ON CONFLICT DO NOTHING
"""

# Leased by putting off when they are due: whoever dies holding one gives it back in time.
# What is picked comes as an array, as in `store/pending.py`.
LEASE = text("""
WITH picked AS (
    SELECT ctid FROM media
    WHERE state = 'waiting' AND due_at <= :now ORDER BY due_at LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE media SET due_at = :until, attempts = attempts + 1
WHERE ctid = ANY(ARRAY(SELECT ctid FROM picked))
RETURNING arrived_at, seq, position, submission_id::text, type_id, item_id, path, kind, url,
          attempts
""")
HASHED = text("""
UPDATE media SET state = 'hashed', hashes = CAST(:hashes AS jsonb), error = NULL, settled_at = :now
WHERE arrived_at = :arrived_at AND seq = :seq AND position = :position
""")
FAILED = text("""
UPDATE media SET error = :error, due_at = :due_at,
    state = CASE WHEN :final THEN 'failed' ELSE 'waiting' END,
    settled_at = CASE WHEN :final THEN CAST(:now AS timestamptz) END
WHERE arrived_at = :arrived_at AND seq = :seq AND position = :position
""")
FORGET = text("DELETE FROM media WHERE arrived_at < :before")
OF_ITEM = text("""
SELECT arrived_at, seq, position, path, kind, url, state, hashes, error FROM media
WHERE type_id = :type_id AND item_id = :item_id ORDER BY arrived_at DESC, position LIMIT :most
""")


@dataclass(frozen=True)
class WaitingMedium:
    arrived_at: datetime
    seq: int
    position: int
    submission_id: str
    type_id: str
    item_id: str
    path: str
    kind: str
    url: str
    attempts: int


@dataclass(frozen=True)
class Medium:
    """hashes: by algorithm, None until it is hashed."""

    arrived_at: datetime
    seq: int
    position: int
    path: str
    kind: str
    url: str
    state: str
    hashes: Mapping[str, str] | None
    error: str | None


def insert(
    tx: Connection, found: Sequence[tuple[Submission, Sequence[MediaReference]]], now: datetime
) -> None:
    """Due at once. A submission's media that are known already stay as they are."""
    rows = [
        (submission, position, reference)
        for submission, references in found
        for position, reference in enumerate(references)
    ]
    if not rows:
        return
    parameters: dict[str, object] = {
        "at": [submission.arrived_at for submission, _, _ in rows],
        "seqs": [submission.seq for submission, _, _ in rows],
        "positions": [position for _, position, _ in rows],
        "ids": [submission.submission_id for submission, _, _ in rows],
        "types": [submission.type_id for submission, _, _ in rows],
        "items": [submission.item_id for submission, _, _ in rows],
        "paths": [reference.path for _, _, reference in rows],
        "kinds": [reference.kind for _, _, reference in rows],
        "urls": [reference.url for _, _, reference in rows],
        "now": now,
    }
    cursor(tx).execute(INSERT, parameters)


def lease(tx: Connection, *, now: datetime, until: datetime, most: int) -> list[WaitingMedium]:
    asked = {"now": now, "until": until, "most": most}
    return [WaitingMedium(*row) for row in tx.execute(LEASE, asked)]


def hashed(tx: Connection, medium: WaitingMedium, hashes: Mapping[str, str], now: datetime) -> None:
    tx.execute(HASHED, _place(medium) | {"hashes": json.dumps(dict(hashes)), "now": now})


def failed(
    tx: Connection,
    medium: WaitingMedium,
    *,
    error: str,
    due_at: datetime,
    final: bool,
    now: datetime,
) -> None:
    tx.execute(
        FAILED, _place(medium) | {"error": error, "due_at": due_at, "final": final, "now": now}
    )


def forget(tx: Connection, before: datetime) -> int:
    return tx.execute(FORGET, {"before": before}).rowcount


def of_item(tx: Connection, type_id: str, item_id: str, most: int = 100) -> list[Medium]:
    asked = {"type_id": type_id, "item_id": item_id, "most": most}
    return [Medium(*row) for row in tx.execute(OF_ITEM, asked)]


def _place(medium: WaitingMedium) -> dict[str, object]:
    return {"arrived_at": medium.arrived_at, "seq": medium.seq, "position": medium.position}
