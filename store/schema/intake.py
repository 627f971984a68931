"""The way in: requests that must not be done twice, what keys may still send, media to hash."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.schema.columns import METADATA, moment, org_id, words

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    org_id(),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("org_id", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_created_at_idx", "org_id", "created_at"),
)

rate_buckets = Table(
    "rate_buckets",
    METADATA,
    org_id(),
    Column("key_id", Text, primary_key=True),
    Column("level", Double, nullable=False),
    moment("at"),
    PrimaryKeyConstraint("org_id", "key_id", name="rate_buckets_pkey"),
    prefixes=["UNLOGGED"],
)

media = Table(
    "media",
    METADATA,
    org_id(),
    Column("arrived_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("submission_id", Uuid, nullable=False),
    words("type_id"),
    words("item_id"),
    words("path"),
    words("kind"),
    words("url"),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("due_at"),
    Column("hashes", JSONB),
    words("error", null=True),
    moment("settled_at", null=True),
    PrimaryKeyConstraint("org_id", "arrived_at", "seq", "position", name="media_pkey"),
    CheckConstraint("state IN ('waiting', 'hashed', 'failed')", name="media_state_check"),
    Index("media_due_idx", "org_id", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("media_item_idx", "org_id", "type_id", "item_id", "arrived_at"),
)
