"""Items found again: by id, by author, by place; and what was said and done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.paging import PageRequest


@dataclass(frozen=True)
class ItemRow:
    """One submission. data: stored JSON, as coerced when it arrived."""

    seq: int
    arrived_at: datetime
    submission_id: str
    type_id: str
    type_version: int
    item_id: str
    creator_type_id: str | None
    creator_id: str | None
    data: Mapping[str, Any]


COLUMNS = """seq, arrived_at, submission_id::text, type_id, type_version, item_id,
       creator_type_id, creator_id, data"""

OF_ITEM = text(f"""
SELECT {COLUMNS} FROM submissions
WHERE type_id = :type_id AND item_id = :item_id
  AND (CAST(:submission_id AS text) IS NULL OR submission_id::text = :submission_id)
ORDER BY arrived_at DESC LIMIT 1
""")
AT_PLACE = text(f"""
SELECT {COLUMNS} FROM submissions WHERE arrived_at = :arrived_at AND seq = :seq
""")
LATEST = text(f"""
SELECT {COLUMNS} FROM submissions WHERE type_id = :type_id AND item_id = :item_id
ORDER BY arrived_at DESC LIMIT 1
""")
BY_ITEM = text(f"""
SELECT {COLUMNS} FROM submissions
WHERE type_id = ANY(:type_ids) AND item_id = :item_id
  AND (CAST(:at AS timestamptz) IS NULL OR arrived_at < :at)
ORDER BY arrived_at DESC LIMIT :limit
""")
BY_CREATOR = text(f"""
SELECT {COLUMNS} FROM submissions
WHERE creator_type_id = ANY(:creator_type_ids) AND creator_id = :creator_id
  AND (CAST(:type_ids AS text[]) IS NULL OR type_id = ANY(:type_ids))
  AND (CAST(:at AS timestamptz) IS NULL OR arrived_at < :at)
ORDER BY arrived_at DESC LIMIT :limit
""")
RECENT = text(f"""
SELECT {COLUMNS} FROM submissions
WHERE type_id = ANY(:type_ids) AND (CAST(:at AS timestamptz) IS NULL OR arrived_at < :at)
ORDER BY arrived_at DESC LIMIT :limit
""")


def at_place(tx: Connection, seq: int, arrived_at: datetime) -> ItemRow | None:
    row = tx.execute(AT_PLACE, {"seq": seq, "arrived_at": arrived_at}).one_or_none()
    return None if row is None else ItemRow(*row)


AT_PLACES = text("""
SELECT s.seq, s.arrived_at, s.submission_id::text, s.type_id, s.type_version, s.item_id,
       s.creator_type_id, s.creator_id, s.data
FROM unnest(CAST(:seqs AS bigint[]), CAST(:at AS timestamptz[])) AS q(seq, at)
JOIN submissions AS s ON s.arrived_at = q.at AND s.seq = q.seq
""")


def at_places(tx: Connection, places: Collection[tuple[int, datetime]]) -> list[ItemRow]:
    """The submissions at these places, in no order."""
    if not places:
        return []
    asked = {"seqs": [place[0] for place in places], "at": [place[1] for place in places]}
    return [ItemRow(*row) for row in tx.execute(AT_PLACES, asked)]


def latest(tx: Connection, type_id: str, item_id: str) -> ItemRow | None:
    row = tx.execute(LATEST, {"type_id": type_id, "item_id": item_id}).one_or_none()
    return None if row is None else ItemRow(*row)


LATEST_OF = text("""
SELECT s.seq, s.arrived_at, s.submission_id::text, s.type_id, s.type_version, s.item_id,
       s.creator_type_id, s.creator_id, s.data
FROM (
    SELECT DISTINCT t, i FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS e(t, i)
) AS q
CROSS JOIN LATERAL (
    SELECT * FROM submissions WHERE type_id = q.t AND item_id = q.i
    ORDER BY arrived_at DESC LIMIT 1
) AS s
""")


def latest_of(tx: Connection, items: Sequence[tuple[str, str]]) -> list[ItemRow]:
    """Of each (type id, item id) that was ever sent, in no order."""
    if not items:
        return []
    asked = {"types": [item[0] for item in items], "ids": [item[1] for item in items]}
    return [ItemRow(*row) for row in tx.execute(LATEST_OF, asked)]


def of_item(
    tx: Connection, type_id: str, item_id: str, submission_id: str | None
) -> ItemRow | None:
    """That submission of an item, or its latest."""
    asked = {"type_id": type_id, "item_id": item_id, "submission_id": submission_id}
    row = tx.execute(OF_ITEM, asked).one_or_none()
    return None if row is None else ItemRow(*row)


def by_item(
    tx: Connection, type_ids: Sequence[str], item_id: str, page: PageRequest
) -> list[ItemRow]:
    """Latest first; one more than the limit if there is."""
    asked = {"type_ids": list(type_ids), "item_id": item_id} | _window(page)
    return [ItemRow(*row) for row in tx.execute(BY_ITEM, asked)]


def by_creator(
    tx: Connection,
    creator_type_ids: Sequence[str],
    creator_id: str,
    page: PageRequest,
    type_ids: Sequence[str] | None = None,
) -> list[ItemRow]:
    """Latest first; one more than the limit if there is."""
    asked = {
        "creator_type_ids": list(creator_type_ids),
        "creator_id": creator_id,
        "type_ids": None if type_ids is None else list(type_ids),
    } | _window(page)
    return [ItemRow(*row) for row in tx.execute(BY_CREATOR, asked)]


def recent(tx: Connection, type_ids: Sequence[str], page: PageRequest) -> list[ItemRow]:
    """Latest first; one more than the limit if there is."""
    asked = {"type_ids": list(type_ids)} | _window(page)
    return [ItemRow(*row) for row in tx.execute(RECENT, asked)]


def _window(page: PageRequest) -> dict[str, object]:
    return {"at": page.after and page.after.at, "limit": page.limit + 1}


@dataclass(frozen=True, slots=True)
class SampledItem:
    """data: the stored JSON text, exactly."""

    arrived_at: datetime
    submission_id: str
    item_id: str
    data: str


SAMPLE = text("""
SELECT arrived_at, submission_id::text, item_id, data::text FROM submissions
WHERE type_id = :type_id ORDER BY arrived_at DESC LIMIT :limit
""")


def sample(tx: Connection, type_id: str, limit: int) -> list[SampledItem]:
    """The latest submissions of a type, latest first."""
    rows = tx.execute(SAMPLE, {"type_id": type_id, "limit": limit})
    return [SampledItem(*row) for row in rows]


@dataclass(frozen=True)
class EvaluationRow:
    """outcomes: the stored JSON list, one entry a rule that matched or failed."""

    seq: int
    arrived_at: datetime
    evaluated_at: datetime
    config_version: int
    outcomes: Sequence[Mapping[str, Any]]


EVALUATIONS = text("""
SELECT seq, arrived_at, evaluated_at, config_version, outcomes FROM evaluations
WHERE seq = ANY(:seqs) ORDER BY seq DESC
""")


def evaluations(tx: Connection, seqs: Sequence[int]) -> list[EvaluationRow]:
    return [EvaluationRow(*row) for row in tx.execute(EVALUATIONS, {"seqs": list(seqs)})]


@dataclass(frozen=True)
class ExecutionRow:
    execution_id: str
    action_id: str
    source: str
    rules: Sequence[Mapping[str, Any]]
    policies: Sequence[Mapping[str, Any]]
    actor: str
    created_at: datetime


EXECUTIONS = text("""
SELECT execution_id::text, action_id, source, rules, policies, actor, created_at
FROM action_executions WHERE type_id = :type_id AND item_id = :item_id
ORDER BY created_at DESC LIMIT :limit
""")


def executions(tx: Connection, type_id: str, item_id: str, limit: int) -> list[ExecutionRow]:
    asked = {"type_id": type_id, "item_id": item_id, "limit": limit}
    return [ExecutionRow(*row) for row in tx.execute(EXECUTIONS, asked)]
