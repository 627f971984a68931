"""What Postgres has for the lake, in portions that end where nothing can still be added before.

Submissions: up to the last place given, because places are committed in order. All other tables:
rows whose transaction is below the oldest one still running, because those come in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, LiteralString

import pyarrow as pa
from sqlalchemy import TextClause, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy import Connection

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT: Final = pa.timestamp("us", "UTC")
_LOCK_SPACE: Final = 0x77_6C_61  # "wla": Winnow's lake


@dataclass(frozen=True, slots=True)
class Submitted:
    seq: int
    arrived_at: datetime
    submission_id: str
    item_id: str
    type_version: int
    creator_type_id: str | None
    creator_id: str | None
    data: Mapping[str, object]


@dataclass(frozen=True)
class Facts:
    """A portion of one table. reaches: below this transaction everything has been read."""

    rows: pa.Table
    reaches: int


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)


TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:space, :org_id)")


def try_lock(tx: Connection, org_id: int) -> bool:
    """Held until the transaction ends; False when another export of this organisation runs."""
    return bool(tx.execute(TRY_LOCK, {"space": _LOCK_SPACE, "org_id": org_id}).scalar_one())


LAST_PLACE = text("SELECT at FROM org_clock WHERE isfinite(at)")


def last_place(tx: Connection) -> datetime | None:
    """When the last item so far arrived; every item up to then is visible from now on."""
    at: datetime | None = tx.execute(LAST_PLACE).scalar_one_or_none()
    return at


ITEM_TYPE_IDS = text("""
SELECT DISTINCT object_id FROM config_versions WHERE kind = 'item_type' ORDER BY object_id
""")


def item_type_ids(tx: Connection) -> list[str]:
    """Deleted ones too: their items stay history."""
    return list(tx.execute(ITEM_TYPE_IDS).scalars())


def items_name(type_id: str) -> str:
    """As `lake_exports` has it."""
    return f"items/{type_id}"


SUBMISSIONS = text("""
SELECT seq, arrived_at, submission_id::text, item_id, type_version, creator_type_id, creator_id,
       data
FROM submissions
WHERE type_id = :type_id AND arrived_at > :after AND arrived_at <= :through
ORDER BY arrived_at
LIMIT :limit
""")


def submissions(
    tx: Connection, type_id: str, *, after: datetime, through: datetime, limit: int
) -> list[Submitted]:
    parameters = {"type_id": type_id, "after": after, "through": through, "limit": limit}
    return [Submitted(*row) for row in tx.execute(SUBMISSIONS, parameters)]


SUBMISSIONS_BY_DAY = text("""
SELECT (arrived_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM submissions
WHERE type_id = :type_id AND arrived_at <= :through
GROUP BY day ORDER BY day
""")


def submissions_by_day(tx: Connection, type_id: str, through: datetime) -> dict[date, int]:
    rows = tx.execute(SUBMISSIONS_BY_DAY, {"type_id": type_id, "through": through})
    return {row[0]: row[1] for row in rows}


HORIZON = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


def horizon(tx: Connection) -> int:
    """Every transaction below has ended, and what it wrote is visible to later statements."""
    return int(tx.execute(HORIZON).scalar_one())


@dataclass(frozen=True)
class FactTable:
    """name: in the lake. columns: name there -> (SQL, Arrow type); key: the row's identity.

    changes: rows are written again under a newer `_xid` when they change; the last one counts.
    moved: for rows with a place, SQL for the instant of the clock at which a row was written last.
        They are complete up to a place, as submissions are, so that an item in the lake never
        lacks a fact that it found; the others are complete up to a transaction.
    """

    name: str
    source: LiteralString
    key: str
    day_of: str
    columns: Mapping[str, tuple[LiteralString, pa.DataType]]
    changes: bool = True
    moved: LiteralString | None = None

    @property
    def position(self) -> LiteralString:
        """A whole number that only grows from one commit to the next."""
        if self.moved is None:
            return "xid::text::bigint"
        return f"(date_part('epoch', {self.moved}) * 1000000)::bigint"

    @property
    def within(self) -> LiteralString:
        """The rows of positions from `start` on and below `end`, as their index has them."""
        if self.moved is None:
            return "xid >= CAST(:start AS xid8) AND xid < CAST(:end AS xid8)"
        return (
            f"{self.moved} >= 'epoch'::timestamptz"
            " + CAST(:start AS bigint) * interval '1 microsecond'"
            f" AND {self.moved} < 'epoch'::timestamptz"
            " + CAST(:end AS bigint) * interval '1 microsecond'"
        )

    @property
    def order(self) -> LiteralString:
        return self.moved or "xid"

    @property
    def schema(self) -> pa.Schema:
        columns = [pa.field(name, kind) for name, (_, kind) in self.columns.items()]
        return pa.schema([*columns, pa.field("_xid", pa.int64())])


_TEXT, _WHOLE, _TEXTS = pa.string(), pa.int64(), pa.list_(pa.string())

FACT_TABLES: Final = (
    FactTable(
        name="evaluations",
        source="evaluations",
        key="_seq",
        day_of="_arrived_at",
        changes=False,
        columns={
            "_seq": ("seq", _WHOLE),
            "_arrived_at": ("arrived_at", _INSTANT),
            "submission_id": ("submission_id::text", _TEXT),
            "type_id": ("type_id", _TEXT),
            "config_version": ("config_version", _WHOLE),
            "evaluated_at": ("evaluated_at", _INSTANT),
            "outcomes": ("outcomes::text", _TEXT),
        },
    ),
    FactTable(
        name="actions",
        source="action_executions",
        key="execution_id",
        day_of="created_at",
        changes=False,
        columns={
            "execution_id": ("execution_id::text", _TEXT),
            "seq": ("seq", _WHOLE),
            "submission_id": ("submission_id::text", _TEXT),
            "action_id": ("action_id", _TEXT),
            "action_version": ("action_version", _WHOLE),
            "type_id": ("type_id", _TEXT),
            "item_id": ("item_id", _TEXT),
            "source": ("source", _TEXT),
            "rules": ("rules::text", _TEXT),
            "policies": ("policies::text", _TEXT),
            "actor": ("actor", _TEXT),
            "created_at": ("created_at", _INSTANT),
        },
    ),
    FactTable(
        name="decisions",
        source="decisions",
        key="decision_id",
        day_of="decided_at",
        columns={
            "decision_id": ("decision_id::text", _TEXT),
            "job_id": ("job_id::text", _TEXT),
            "kind": ("kind", _TEXT),
            "action_ids": ("ARRAY(SELECT jsonb_array_elements_text(action_ids))", _TEXTS),
            "policy_ids": ("ARRAY(SELECT jsonb_array_elements_text(policy_ids))", _TEXTS),
            "parameters": ("parameters::text", _TEXT),
            "reason": ("reason", _TEXT),
            "decided_by": ("decided_by", _TEXT),
            "decided_at": ("decided_at", _INSTANT),
            "claimed_at": ("claimed_at", _INSTANT),
            "undone_at": ("undone_at", _INSTANT),
        },
    ),
    FactTable(
        name="jobs",
        source="jobs",
        key="job_id",
        day_of="enqueued_at",
        columns={
            "job_id": ("job_id::text", _TEXT),
            "queue_id": ("queue_id", _TEXT),
            "kind": ("kind", _TEXT),
            "type_id": ("type_id", _TEXT),
            "item_id": ("item_id", _TEXT),
            "seq": ("seq", _WHOLE),
            "state": ("state", _TEXT),
            "enqueued_at": ("enqueued_at", _INSTANT),
            "decided_at": ("decided_at", _INSTANT),
            "sources": ("sources::text", _TEXT),
            "policy_ids": ("ARRAY(SELECT jsonb_array_elements_text(policy_ids))", _TEXTS),
        },
    ),
    FactTable(
        name="labels",
        source="labels",
        key="label_id",
        day_of="created_at",
        columns={
            "label_id": ("label_id::text", _TEXT),
            "type_id": ("type_id", _TEXT),
            "item_id": ("item_id", _TEXT),
            "seq": ("seq", _WHOLE),
            "policy_id": ("policy_id", _TEXT),
            "violating": ("violating", pa.bool_()),
            "source": ("source", _TEXT),
            "reviewer": ("reviewer", _TEXT),
            "inclusion_probability": ("inclusion_probability", pa.float64()),
            "created_at": ("created_at", _INSTANT),
        },
    ),
    FactTable(
        name="appeals",
        source="appeals",
        key="id",
        day_of="received_at",
        columns={
            "id": ("id::text", _TEXT),
            "appeal_id": ("appeal_id", _TEXT),
            "type_id": ("type_id", _TEXT),
            "item_id": ("item_id", _TEXT),
            "seq": ("seq", _WHOLE),
            "appealed_by_type_id": ("appealed_by_type_id", _TEXT),
            "appealed_by_id": ("appealed_by_id", _TEXT),
            "appealed_at": ("appealed_at", _INSTANT),
            "received_at": ("received_at", _INSTANT),
            "reason": ("reason", _TEXT),
            "action_ids": ("ARRAY(SELECT jsonb_array_elements_text(action_ids))", _TEXTS),
            "policy_ids": ("ARRAY(SELECT jsonb_array_elements_text(policy_ids))", _TEXTS),
            "against": ("against::text", _TEXT),
            "earlier_id": ("earlier_id::text", _TEXT),
            "job_id": ("job_id::text", _TEXT),
            "outcome": ("outcome", _TEXT),
            "decision_id": ("decision_id::text", _TEXT),
            "resolved_at": ("resolved_at", _INSTANT),
        },
    ),
    FactTable(
        name="reports",
        source="reports",
        key="report_id",
        day_of="received_at",
        columns={
            "report_id": ("report_id::text", _TEXT),
            "received_at": ("received_at", _INSTANT),
            "reported_at": ("reported_at", _INSTANT),
            "type_id": ("type_id", _TEXT),
            "item_id": ("item_id", _TEXT),
            "seq": ("seq", _WHOLE),
            "author_type_id": ("author_type_id", _TEXT),
            "author_id": ("author_id", _TEXT),
            "reporter_type_id": ("reporter_type_id", _TEXT),
            "reporter_id": ("reporter_id", _TEXT),
            "policy_id": ("policy_id", _TEXT),
            "reason": ("reason", _TEXT),
            "csam": ("csam", pa.bool_()),
            "job_id": ("job_id::text", _TEXT),
            "invalidated_at": ("invalidated_at", _INSTANT),
        },
    ),
    FactTable(
        name="facts",
        source="facts",
        key="fact_id",
        day_of="at",
        moved="GREATEST(at, withdrawn_at)",
        columns={
            "fact_id": ("fact_id::text", _TEXT),
            "at": ("at", _INSTANT),
            "kind": ("kind", _TEXT),
            "subject_type_id": ("subject_type_id", _TEXT),
            "subject_id": ("subject_id", _TEXT),
            "name": ("name", _TEXT),
            "amount": ("amount", pa.float64()),
            "expires_at": ("expires_at", _INSTANT),
            "withdrawn_at": ("withdrawn_at", _INSTANT),
            "cause_type_id": ("cause_type_id", _TEXT),
            "cause_id": ("cause_id", _TEXT),
            "actor": ("actor", _TEXT),
            "reason": ("reason", _TEXT),
        },
    ),
)


def reach(tx: Connection, table: FactTable) -> int:
    """Below this position nothing can be added to the table any more."""
    if table.moved is None:
        return horizon(tx)
    last = last_place(tx)
    return 0 if last is None else microseconds(last) + 1


def newest(tx: Connection) -> str:
    """Changes when anything has been written that the lake will want."""
    seq = tx.execute(text("SELECT seq FROM org_clock")).scalar_one_or_none()
    written = [tx.execute(_newest_statement(table)).scalar_one_or_none() for table in FACT_TABLES]
    return ".".join(str(each or 0) for each in (seq, *written))


def _newest_statement(table: FactTable) -> TextClause:
    return text(f"SELECT xid::text FROM {table.source} ORDER BY org_id DESC, xid DESC LIMIT 1")


def facts(tx: Connection, table: FactTable, *, start: int, end: int, limit: int) -> Facts:
    """Rows from the position `start` on and below `end`; whole positions, about `limit` rows."""
    reaches = _portion_end(tx, table, start=start, end=end, limit=limit)
    names = [*table.columns, "_xid"]
    rows = tx.execute(_rows_statement(table), {"start": str(start), "end": str(reaches)}).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = [
        pa.array(values, field.type) for values, field in zip(columns, table.schema, strict=True)
    ]
    return Facts(pa.table(arrays, schema=table.schema), reaches)


def _rows_statement(table: FactTable) -> TextClause:
    selected = ", ".join(sql for sql, _ in table.columns.values())
    return text(
        f"SELECT {selected}, xid::text::bigint FROM {table.source}"
        f" WHERE {table.within} ORDER BY {table.order}"
    )


def _portion_end(tx: Connection, table: FactTable, *, start: int, end: int, limit: int) -> int:
    """The position of the row after `limit` others; at least one position fits."""
    bounds = {"start": str(start), "end": str(end)}
    after_limit = text(
        f"SELECT {table.position} FROM {table.source}"
        f" WHERE {table.within} ORDER BY {table.order} OFFSET :limit LIMIT 1"
    )
    bound = tx.execute(after_limit, {**bounds, "limit": limit}).scalar_one_or_none()
    if bound is None:
        return end
    if bound > start and _rows_below(tx, table, start=start, end=bound):
        return int(bound)
    return int(bound) + 1


def _rows_below(tx: Connection, table: FactTable, *, start: int, end: int) -> bool:
    found = text(f"SELECT EXISTS (SELECT FROM {table.source} WHERE {table.within})")
    return bool(tx.execute(found, {"start": str(start), "end": str(end)}).scalar_one())


def fact_keys(tx: Connection, table: FactTable, end: int) -> list[tuple[str, int]]:
    """(key, transaction) of every row that an export up to `end` has written."""
    key = table.columns[table.key][0]
    statement = text(
        f"SELECT ({key})::text, xid::text::bigint FROM {table.source} WHERE {table.within}"
    )
    return [(row[0], row[1]) for row in tx.execute(statement, {"start": "0", "end": str(end)})]


def fact_count(tx: Connection, table: FactTable, end: int) -> int:
    """Rows that an export up to `end` has written."""
    statement = text(f"SELECT count(*) FROM {table.source} WHERE xid < CAST(:end AS xid8)")
    return int(tx.execute(statement, {"end": str(end)}).scalar_one())


WATERMARK = text("SELECT watermark FROM lake_exports WHERE table_name = :table_name")
SET_WATERMARK = text("""
INSERT INTO lake_exports (org_id, table_name, watermark, updated_at)
VALUES (current_setting('app.org_id')::int, :table_name, :watermark, :now)
ON CONFLICT (org_id, table_name) DO UPDATE SET watermark = :watermark, updated_at = :now
""")
EXPORTED_AT = text("SELECT min(updated_at) FROM lake_exports")


def watermark(tx: Connection, table_name: str) -> str | None:
    found: str | None = tx.execute(WATERMARK, {"table_name": table_name}).scalar_one_or_none()
    return found


def seen(tx: Connection, table_name: str, progress: int | None) -> int:
    """Up to where nothing is missing in the lake's table. progress: as its own log has it.

    What is remembered beside it holds while the log says the same as then.
    """
    remembered = watermark(tx, table_name)
    if remembered and progress is not None:
        found, _, at_progress = remembered.partition("@")
        if at_progress == str(progress):
            return int(found)
    return progress or 0


def set_watermark(tx: Connection, table_name: str, watermark: str, now: datetime) -> None:
    tx.execute(SET_WATERMARK, {"table_name": table_name, "watermark": watermark, "now": now})


def exported_at(tx: Connection) -> datetime | None:
    """When every table had been looked at last; None before the first export."""
    found: datetime | None = tx.execute(EXPORTED_AT).scalar_one_or_none()
    return found
