"""Erasures: asked for, listed item by item, deleted, done. What was asked is forgotten at the end.

The runtime may not delete history. `winnow_erase_listed` does it, in the name of an erasure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from engine.casework.erasure import ErasureState
from engine.items import ItemRef
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row


@dataclass(frozen=True)
class ErasureRow:
    """person: None once it is done. counts: rows deleted or blanked, by what they are."""

    erasure_id: str
    person: ItemRef | None
    state: ErasureState
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]


COLUMNS = """erasure_id::text, type_id, item_id, state, requested_by, requested_at, finished_at,
       counts"""

REQUEST = text("""
INSERT INTO erasures (org_id, erasure_id, type_id, item_id, state, requested_by, requested_at)
VALUES (current_setting('app.org_id')::int, :erasure_id, :type_id, :item_id, 'waiting', :by, :now)
ON CONFLICT (org_id, type_id, item_id) WHERE state <> 'done' DO NOTHING
""")
OPEN = text(f"""
SELECT {COLUMNS} FROM erasures
WHERE type_id = :type_id AND item_id = :item_id AND state <> 'done'
""")


def request(
    tx: Connection, person: ItemRef, *, erasure_id: str, by: str, now: datetime
) -> ErasureRow:
    """The erasure of this person that is not done yet: a new one, or the one asked for before."""
    asked = {"type_id": person.type_id, "item_id": person.item_id}
    tx.execute(REQUEST, asked | {"erasure_id": erasure_id, "by": by, "now": now})
    return _erasure(tx.execute(OPEN, asked).one())


FIND = text(f"SELECT {COLUMNS} FROM erasures WHERE erasure_id = :erasure_id")


def find(tx: Connection, erasure_id: str) -> ErasureRow | None:
    row = tx.execute(FIND, {"erasure_id": erasure_id}).one_or_none()
    return None if row is None else _erasure(row)


UNFINISHED = text("""
SELECT erasure_id::text FROM erasures WHERE state <> 'done' ORDER BY requested_at, erasure_id
""")


def unfinished(tx: Connection) -> list[str]:
    """Oldest first."""
    return list(tx.execute(UNFINISHED).scalars())


HOLD = text(f"SELECT {COLUMNS} FROM erasures WHERE erasure_id = :erasure_id FOR UPDATE SKIP LOCKED")


def hold(tx: Connection, erasure_id: str) -> ErasureRow | None:
    """Nobody else works on it until the transaction ends; None when somebody does."""
    row = tx.execute(HOLD, {"erasure_id": erasure_id}).one_or_none()
    return None if row is None else _erasure(row)


# An item that somebody else sent later under the same id is not the person's.
LIST = text("""
INSERT INTO erasure_items (org_id, erasure_id, seq, arrived_at, type_id, item_id)
SELECT org_id, CAST(:erasure_id AS uuid), seq, arrived_at, type_id, item_id FROM submissions
WHERE creator_type_id = :type_id AND creator_id = :item_id
UNION
SELECT org_id, CAST(:erasure_id AS uuid), seq, arrived_at, type_id, item_id FROM submissions
WHERE type_id = :type_id AND item_id = :item_id
UNION
SELECT current_setting('app.org_id')::int, CAST(:erasure_id AS uuid), 0, '-infinity', :type_id,
       :item_id
""")


def list_items(tx: Connection, erasure_id: str, person: ItemRef) -> None:
    """The person, what describes them, and all that they created, as far as Postgres has it."""
    asked = {"type_id": person.type_id, "item_id": person.item_id}
    tx.execute(LIST, asked | {"erasure_id": erasure_id})


LIST_MORE = """
INSERT INTO erasure_items (org_id, erasure_id, seq, arrived_at, type_id, item_id)
SELECT current_setting('app.org_id')::int, %(erasure_id)s, s, a, %(type_id)s, i
FROM unnest(%(seqs)b::bigint[], %(at)b::timestamptz[], %(item_ids)b::text[]) AS e(s, a, i)
ON CONFLICT DO NOTHING
"""


def list_more(
    tx: Connection, erasure_id: str, type_id: str, found: Sequence[tuple[int, datetime, str]]
) -> None:
    """Items of a type found elsewhere, as (place, arrival, id); those listed already are left."""
    seqs, arrivals, item_ids = zip(*found, strict=True)
    asked = {"erasure_id": erasure_id, "type_id": type_id}
    rows = {"seqs": list(seqs), "at": list(arrivals), "item_ids": list(item_ids)}
    cursor(tx).execute(LIST_MORE, asked | rows)


def list_is_whole(tx: Connection, erasure_id: str) -> None:
    _reached(tx, erasure_id, ErasureState.LISTED)


LISTED = text("SELECT DISTINCT type_id, item_id FROM erasure_items WHERE erasure_id = :erasure_id")
PLACES = text("SELECT seq FROM erasure_items WHERE erasure_id = :erasure_id AND seq > 0")


def listed(tx: Connection, erasure_id: str) -> list[ItemRef]:
    return [ItemRef(*row) for row in tx.execute(LISTED, {"erasure_id": erasure_id})]


def places(tx: Connection, erasure_id: str) -> list[int]:
    """Where their submissions were."""
    return list(tx.execute(PLACES, {"erasure_id": erasure_id}).scalars())


UNDER_WAY = text("SELECT seq FROM erasure_items WHERE seq > 0")


def places_under_way(tx: Connection) -> frozenset[int]:
    """Of every erasure that is not done: nothing is to be learned from these any more."""
    return frozenset(tx.execute(UNDER_WAY).scalars())


DELETE = text("SELECT winnow_erase_listed(CAST(:erasure_id AS uuid))")
COUNTED = text("""
UPDATE erasures SET counts = CAST(:counts AS jsonb) WHERE erasure_id = :erasure_id
""")


def delete_listed(tx: Connection, erasure_id: str) -> None:
    counts = tx.execute(DELETE, {"erasure_id": erasure_id}).scalar_one()
    tx.execute(COUNTED, {"erasure_id": erasure_id, "counts": json.dumps(counts)})
    _reached(tx, erasure_id, ErasureState.DELETED)


EXPORT_AGAIN = text("""
UPDATE jobs SET xid = pg_current_xact_id() WHERE job_id = ANY(CAST(:job_ids AS uuid[]))
""")


def export_jobs_again(tx: Connection, job_ids: Sequence[str]) -> None:
    """As they are now, so that the lake's newest rows of them are right."""
    tx.execute(EXPORT_AGAIN, {"job_ids": list(job_ids)})


FORGET_ITEMS = text("DELETE FROM erasure_items WHERE erasure_id = :erasure_id")
FINISH = text("""
UPDATE erasures SET state = 'done', type_id = NULL, item_id = NULL, finished_at = :now
WHERE erasure_id = :erasure_id
""")


def finish(tx: Connection, erasure_id: str, now: datetime) -> None:
    tx.execute(FORGET_ITEMS, {"erasure_id": erasure_id})
    tx.execute(FINISH, {"erasure_id": erasure_id, "now": now})


REACHED = text("UPDATE erasures SET state = :state WHERE erasure_id = :erasure_id")


def _reached(tx: Connection, erasure_id: str, state: ErasureState) -> None:
    tx.execute(REACHED, {"erasure_id": erasure_id, "state": state.value})


def _erasure(row: Row[tuple[object, ...]]) -> ErasureRow:
    values = row._asdict()
    type_id, item_id = values.pop("type_id"), values.pop("item_id")
    person = None if item_id is None else ItemRef(type_id, item_id)
    return ErasureRow(**values | {"person": person, "state": ErasureState(values["state"])})
