"""Versioned documents of every kind: one row a version, never changed, and one head an object."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

CHANNEL = "winnow_config"
MUST_NOT_EXIST = 0


class ConfigKind(StrEnum):
    ITEM_TYPE = "item_type"
    POLICY = "policy"
    ACTION = "action"
    BANK = "bank"
    RULE = "rule"
    QUEUE = "queue"
    ROUTING_RULE = "routing_rule"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Revision:
    """One version of one object. config_version: the organisation's when this was saved.

    document: stored JSON; the kind's own parser reads it.
    """

    kind: ConfigKind
    object_id: str
    version: int
    config_version: int
    name: str
    document: Mapping[str, object]
    author: str
    reason: str
    deleted: bool
    created_at: datetime


# Locks the organisation's row, so that saves of one organisation come one after the other.
NEXT_CONFIG_VERSION = text("""
    UPDATE orgs SET config_version = config_version + 1 RETURNING org_id, config_version
""")
LOCK = text("SELECT org_id FROM orgs FOR UPDATE")
ORGANISATION = text("SELECT org_id, config_version FROM orgs")
CONFIG_VERSION = text("SELECT config_version FROM orgs")
HEAD_VERSION = text("""
    SELECT version, deleted FROM config_heads WHERE kind = :kind AND object_id = :object_id
""")
NAME_HOLDER = text("""
    SELECT object_id FROM config_heads
    WHERE kind = :kind AND name = :name AND NOT deleted AND object_id <> :object_id
""")
INSERT_VERSION = text("""
    INSERT INTO config_versions
        (org_id, kind, object_id, version, config_version, name, document, author, reason,
            deleted, created_at)
    VALUES (:org_id, :kind, :object_id, :version, :config_version, :name,
        CAST(:document AS jsonb), :author, :reason, :deleted, :now)
""")
UPSERT_HEAD = text("""
    INSERT INTO config_heads (org_id, kind, object_id, name, version, deleted, updated_at)
    VALUES (:org_id, :kind, :object_id, :name, :version, :deleted, :now)
    ON CONFLICT (org_id, kind, object_id) DO UPDATE
    SET name = :name, version = :version, deleted = :deleted, updated_at = :now
""")
NOTIFY = text("SELECT pg_notify(:channel, :org_id)")
COLUMNS = """
    v.kind, v.object_id, v.version, v.config_version, v.name, v.document, v.author, v.reason,
    v.deleted, v.created_at
"""
HEADS = f"""
    SELECT {COLUMNS} FROM config_heads AS h
    JOIN config_versions AS v USING (org_id, kind, object_id, version)
    WHERE NOT h.deleted
"""
ALL_HEADS = text(f"{HEADS} ORDER BY v.kind, v.name, v.object_id")
HEADS_OF_KIND = text(f"{HEADS} AND h.kind = :kind ORDER BY v.name, v.object_id")
SNAPSHOT = text(f"""
    SELECT o.org_id, o.config_version AS current, {COLUMNS}
    FROM orgs AS o
    LEFT JOIN (config_heads AS h
        JOIN config_versions AS v USING (org_id, kind, object_id, version)) ON NOT h.deleted
    ORDER BY v.kind, v.name, v.object_id
""")
ONE_HEAD = text(f"{HEADS} AND h.kind = :kind AND h.object_id = :object_id")
HEAD_BY_NAME = text(f"{HEADS} AND h.kind = :kind AND h.name = :name")
VERSIONS = f"""
    SELECT {COLUMNS} FROM config_versions AS v
    WHERE v.kind = :kind AND v.object_id = :object_id
"""
ALL_VERSIONS = text(f"{VERSIONS} ORDER BY v.version DESC")
ONE_VERSION = text(f"{VERSIONS} AND v.version = :version")


def save(
    tx: Connection,
    kind: ConfigKind,
    object_id: str,
    name: str,
    document: Mapping[str, object],
    *,
    author: str,
    reason: str,
    now: datetime,
    deleted: bool = False,
    expected_version: int | None = None,
) -> int:
    """The version given. Processes that hold this configuration are told at commit.

    expected_version: the version the author saw, `MUST_NOT_EXIST` for a new object.
    Raises Conflict when it has moved on or the name is taken, NotFound when a deleted object
    should be deleted, InvalidInput for a document that Postgres cannot keep.
    """
    stored = _json(document)
    org = tx.execute(NEXT_CONFIG_VERSION).one()
    version = _next_version(tx, kind, object_id, expected_version, deleted=deleted)
    if not deleted:
        _check_name(tx, kind, object_id, name)
    row = {
        "org_id": org.org_id,
        "kind": kind,
        "object_id": object_id,
        "version": version,
        "config_version": org.config_version,
        "name": name,
        "document": stored,
        "author": author,
        "reason": reason,
        "deleted": deleted,
        "now": now,
    }
    tx.execute(INSERT_VERSION, row)
    tx.execute(UPSERT_HEAD, row)
    tx.execute(NOTIFY, {"channel": CHANNEL, "org_id": str(org.org_id)})
    return version


def lock(tx: Connection) -> None:
    """Until the transaction ends nobody else saves, so what is checked now is true at commit."""
    tx.execute(LOCK)


def organisation(tx: Connection) -> tuple[int, int]:
    """The transaction's organisation and its configuration version."""
    row = tx.execute(ORGANISATION).one()
    return row.org_id, row.config_version


def snapshot(tx: Connection) -> tuple[int, int, list[Revision]]:
    """The organisation, its configuration version and every current object, all of one moment."""
    rows = tx.execute(SNAPSHOT).all()
    current = [_revision(row) for row in rows if row.kind is not None]
    return rows[0].org_id, rows[0].current, current


def config_version(tx: Connection) -> int:
    version: int = tx.execute(CONFIG_VERSION).scalar_one()
    return version


def head(tx: Connection, kind: ConfigKind, object_id: str) -> Revision:
    """Raises NotFound, also for what was deleted."""
    row = tx.execute(ONE_HEAD, {"kind": kind, "object_id": object_id}).one_or_none()
    if row is None:
        raise _not_found(kind, object_id)
    return _revision(row)


def head_by_name(tx: Connection, kind: ConfigKind, name: str) -> Revision:
    """Raises NotFound."""
    row = tx.execute(HEAD_BY_NAME, {"kind": kind, "name": name}).one_or_none()
    if row is None:
        raise _not_found(kind, name)
    return _revision(row)


def heads(tx: Connection, kind: ConfigKind | None = None) -> list[Revision]:
    """By name. Without a kind: of every kind, in one query."""
    rows = tx.execute(ALL_HEADS) if kind is None else tx.execute(HEADS_OF_KIND, {"kind": kind})
    return [_revision(row) for row in rows]


def at_version(tx: Connection, kind: ConfigKind, object_id: str, version: int) -> Revision:
    """Raises NotFound."""
    asked = {"kind": kind, "object_id": object_id, "version": version}
    row = tx.execute(ONE_VERSION, asked).one_or_none()
    if row is None:
        raise NotFound(f"The {_words(kind)} '{object_id}' has no version {version}.")
    return _revision(row)


def versions(tx: Connection, kind: ConfigKind, object_id: str) -> list[Revision]:
    """Newest first, deletions included. Raises NotFound."""
    rows = tx.execute(ALL_VERSIONS, {"kind": kind, "object_id": object_id}).all()
    if not rows:
        raise _not_found(kind, object_id)
    return [_revision(row) for row in rows]


def _next_version(
    tx: Connection, kind: ConfigKind, object_id: str, expected: int | None, *, deleted: bool
) -> int:
    row = tx.execute(HEAD_VERSION, {"kind": kind, "object_id": object_id}).one_or_none()
    current: int = MUST_NOT_EXIST if row is None else row.version
    if deleted and (row is None or row.deleted):
        raise _not_found(kind, object_id)
    if expected is not None and expected != current:
        raise Conflict(
            f"The {_words(kind)} '{object_id}' is at version {current}, not {expected}.",
            hint="Somebody else saved it meanwhile: load it again and repeat your change.",
        )
    return current + 1


def _check_name(tx: Connection, kind: ConfigKind, object_id: str, name: str) -> None:
    asked = {"kind": kind, "object_id": object_id, "name": name}
    holder = tx.execute(NAME_HOLDER, asked).scalar_one_or_none()
    if holder is not None:
        raise Conflict(
            f"Another {_words(kind)} is called '{name}' already.",
            hint=f"Choose another name, or change '{holder}' instead.",
        )


def _json(document: Mapping[str, object]) -> str:
    hint = "Leave out NUL characters, unpaired surrogates, and numbers that are not finite."
    try:
        stored = json.dumps(document, allow_nan=False, ensure_ascii=False)
        stored.encode()
    except ValueError as error:
        raise InvalidInput("The document cannot be stored as JSON.", hint=hint) from error
    if "\\u0000" in stored.replace("\\\\", ""):
        raise InvalidInput("The document holds a NUL character.", hint=hint)
    return stored


def _not_found(kind: ConfigKind, object_id: str) -> NotFound:
    return NotFound(f"There is no {_words(kind)} '{object_id}' in this organisation.")


def _words(kind: ConfigKind) -> str:
    return kind.replace("_", " ")


def _revision(row: Any) -> Revision:
    return Revision(
        ConfigKind(row.kind),
        row.object_id,
        row.version,
        row.config_version,
        row.name,
        row.document,
        row.author,
        row.reason,
        row.deleted,
        row.created_at,
    )
