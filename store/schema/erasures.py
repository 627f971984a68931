"""People whose data was erased, or is about to be."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words

erasures = Table(
    "erasures",
    METADATA,
    org_id(),
    Column("erasure_id", Uuid, primary_key=True),
    words("type_id", null=True),
    words("item_id", null=True),
    words("state"),
    words("requested_by"),
    moment("requested_at"),
    moment("finished_at", null=True),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("org_id", "erasure_id", name="erasures_pkey"),
    CheckConstraint("state IN ('waiting', 'listed', 'deleted', 'done')", "erasures_state_check"),
    CheckConstraint("(state = 'done') = (item_id IS NULL)", "erasures_done_check"),
    Index(
        "erasures_person_key",
        "org_id",
        "type_id",
        "item_id",
        unique=True,
        postgresql_where=text("state <> 'done'"),
    ),
)

erasure_items = Table(
    "erasure_items",
    METADATA,
    org_id(),
    Column("erasure_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("arrived_at"),
    words("type_id"),
    words("item_id"),
    PrimaryKeyConstraint("org_id", "erasure_id", "seq", name="erasure_items_pkey"),
)
