"""An organisation with an item type and a past, and a context that reads both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from cryptography.fernet import Fernet
from sqlalchemy import text

from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.items.document import item_type_document
from services.context import Context
from store import config
from store.config import ConfigKind
from store.secrets import SecretBox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from store.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST = ItemType(
    type_id="t-post",
    version=1,
    name="post",
    kind=Kind.CONTENT,
    fields=(
        Field("text", Scalar.STRING),
        Field("likes", Scalar.NUMBER),
        Field("author", Scalar.RELATED_ITEM),
        Field("bad", Scalar.BOOLEAN),
        Field("lang", Scalar.STRING),
    ),
    roles={Role.CREATOR_ID: "author"},
)


@dataclass(frozen=True)
class Row:
    """An item to place in the past; minutes after NOON."""

    data: Mapping[str, object]
    minute: float = 0
    item_id: str | None = None
    version: int = 1


SUBMIT = text("""
INSERT INTO submissions (org_id, seq, arrived_at, submission_id, type_id, type_version, item_id,
                         creator_type_id, creator_id, data, source)
VALUES (current_setting('app.org_id')::int, :seq, :at, :submission_id, :type_id, :version,
        :item_id, 't-user', :creator, CAST(:data AS json), 'test')
""")
CLOCK = text("SELECT seq FROM org_clock FOR UPDATE")
ADVANCE = text("UPDATE org_clock SET seq = :seq, at = :at")


def context_of(database: Database, lake: Path) -> Context:
    return Context(
        database=database,
        lake_root=str(lake),
        secrets=SecretBox((Fernet.generate_key().decode(),)),
        clock=lambda: NOON,
        new_id=lambda: str(uuid4()),
    )


def save_type(tx: Connection, item_type: ItemType = POST) -> int:
    document = item_type_document(item_type)
    return config.save(
        tx,
        ConfigKind.ITEM_TYPE,
        item_type.type_id,
        item_type.name,
        document,
        author="user:test",
        reason="",
        now=NOON,
    )


def place(tx: Connection, rows: Sequence[Row], type_id: str = "t-post") -> None:
    """The rows take the next places, in the order given, which must be that of their minutes."""
    seq = tx.execute(CLOCK).scalar_one()
    at = NOON
    for seq, row in enumerate(rows, seq + 1):  # noqa: B020 the last place is needed below
        at = NOON + timedelta(minutes=row.minute, microseconds=seq)
        author = row.data.get("author")
        creator = author["id"] if isinstance(author, dict) else None
        values = {
            "seq": seq,
            "at": at,
            "submission_id": str(uuid4()),
            "type_id": type_id,
            "version": row.version,
            "item_id": row.item_id or f"i{seq}",
            "creator": creator,
            "data": json.dumps(row.data),
        }
        tx.execute(SUBMIT, values)
    if rows:
        tx.execute(ADVANCE, {"seq": seq, "at": at})
