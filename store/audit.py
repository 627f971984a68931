"""The audit log. Entries are numbered and chained at the very end of the transaction.

Numbering needs a lock per organisation. Taken in the middle of a transaction it could wait for a
row that another waiter on the lock has locked; taken last, by `Database`, it waits for nobody who
waits for us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine import audit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

QUEUED = "winnow_audit_entries"
BATCH = 1000

LOCK = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('winnow audit', org.id)), org.id
    FROM (SELECT nullif(current_setting('app.org_id', true), '')::integer AS id) AS org
""")
LAST = text("SELECT n, hash FROM audit_log WHERE org_id = :org_id ORDER BY n DESC LIMIT 1")
INSERT = text("""
    INSERT INTO audit_log
        (org_id, n, at, actor, event, subject_kind, subject_id, detail, previous_hash, hash)
    VALUES (:org_id, :n, :at, :actor, :event, :subject_kind, :subject_id,
        CAST(:detail AS json), :previous_hash, :hash)
""")
COLUMNS = "org_id, n, at, actor, event, subject_kind, subject_id, detail, previous_hash, hash"
IN_ORDER = text(f"SELECT {COLUMNS} FROM audit_log WHERE n > :after ORDER BY n LIMIT {BATCH}")
NEWEST = text(f"""
    SELECT {COLUMNS} FROM audit_log
    WHERE (CAST(:before AS bigint) IS NULL OR n < :before)
        AND (CAST(:event AS text) IS NULL OR event = :event)
        AND (CAST(:actor AS text) IS NULL OR actor = :actor)
        AND (CAST(:subject_kind AS text) IS NULL OR subject_kind = :subject_kind)
        AND (CAST(:subject_id AS text) IS NULL OR subject_id = :subject_id)
        AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)
    ORDER BY n DESC LIMIT :limit
""")


def append(tx: Connection, entry: audit.Entry) -> None:
    """The entry is written when the transaction commits, and not at all when it rolls back."""
    tx.info.setdefault(QUEUED, []).append(entry)


def forget(tx: Connection) -> None:
    """A pooled connection must not carry entries of a transaction that was rolled back."""
    tx.info.pop(QUEUED, None)


def waiting(tx: Connection) -> bool:
    return bool(tx.info.get(QUEUED))


def flush(tx: Connection) -> None:
    """Writes what was appended. `Database` calls it before it commits."""
    entries: list[audit.Entry] = tx.info.pop(QUEUED, [])
    if not entries:
        return
    org_id = tx.execute(LOCK).one().id
    last = tx.execute(LAST, {"org_id": org_id}).one_or_none()
    start = (0, audit.GENESIS) if last is None else (last.n, bytes(last.hash))
    records = audit.chain(org_id, entries, start)
    tx.execute(INSERT, [_parameters(record) for record in records])


def records(tx: Connection) -> Iterator[audit.Record]:
    """Every record of the organisation in order, a batch at a time."""
    after = 0
    while batch := tx.execute(IN_ORDER, {"after": after}).all():
        yield from (_record(row) for row in batch)
        after = batch[-1].n


def newest(
    tx: Connection,
    *,
    limit: int,
    before: int | None = None,
    event: str | None = None,
    actor: str | None = None,
    subject_kind: str | None = None,
    subject_id: str | None = None,
    since: datetime | None = None,
) -> list[audit.Record]:
    """before: only records numbered below it, for the next page."""
    asked = {
        "limit": limit,
        "before": before,
        "event": event,
        "actor": actor,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "since": since,
    }
    return [_record(row) for row in tx.execute(NEWEST, asked)]


def _parameters(record: audit.Record) -> dict[str, object]:
    return {
        "org_id": record.org_id,
        "n": record.n,
        "at": record.at,
        "actor": record.actor,
        "event": str(record.event),
        "subject_kind": record.subject_kind,
        "subject_id": record.subject_id,
        "detail": audit.canonical_json(record.detail),
        "previous_hash": record.previous_hash,
        "hash": record.hash,
    }


def _record(row: Any) -> audit.Record:
    return audit.Record(
        row.org_id,
        row.n,
        row.at,
        row.actor,
        row.event,
        row.subject_kind,
        row.subject_id,
        row.detail,
        bytes(row.previous_hash),
        bytes(row.hash),
    )
