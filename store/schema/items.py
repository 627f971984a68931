"""Items from their place in the order of arrival to their evaluation."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP

from store.schema.columns import METADATA, moment, org_id, words, written_by

org_clock = Table(
    "org_clock",
    METADATA,
    org_id(),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default="-infinity"),
    Column("counters_version", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("org_id", name="org_clock_pkey"),
)

submissions = Table(
    "submissions",
    METADATA,
    org_id(),
    Column("arrived_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("submission_id", Uuid, nullable=False),
    words("type_id"),
    Column("type_version", Integer, nullable=False),
    words("item_id"),
    words("creator_type_id", null=True),
    words("creator_id", null=True),
    Column("data", JSON, nullable=False),
    words("source"),
    PrimaryKeyConstraint("org_id", "arrived_at", "seq", name="submissions_pkey"),
    Index("submissions_item_idx", "org_id", "type_id", "item_id", "arrived_at"),
    Index("submissions_creator_idx", "org_id", "creator_type_id", "creator_id", "arrived_at"),
    postgresql_partition_by="RANGE (arrived_at)",
)

window_events = Table(
    "window_events",
    METADATA,
    org_id(),
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("arrived_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double),
    words("member", null=True),
    PrimaryKeyConstraint(
        "org_id",
        "key",
        "counter_id",
        "arrived_at",
        "seq",
        name="window_events_pkey",
        postgresql_include=["value", "member"],
    ),
    Index("window_events_by_time", "org_id", "arrived_at"),
)

window_minutes = Table(
    "window_minutes",
    METADATA,
    org_id(),
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("minute", TIMESTAMP(timezone=True), primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("units", Numeric),
    Column("largest", Double),
    PrimaryKeyConstraint("org_id", "counter_id", "key", "minute", name="window_minutes_pkey"),
)

pending = Table(
    "pending",
    METADATA,
    org_id(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("arrived_at"),
    moment("leased_until", null=True),
    Column("lease_id", Uuid),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    words("last_error", null=True),
    moment("set_aside_at", null=True),
    PrimaryKeyConstraint("org_id", "seq", name="pending_pkey"),
    Index("pending_retries_idx", "org_id", "seq", postgresql_where=text("attempts > 0")),
)

evaluations = Table(
    "evaluations",
    METADATA,
    org_id(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("arrived_at"),
    Column("submission_id", Uuid, nullable=False),
    words("type_id"),
    Column("config_version", BigInteger, nullable=False),
    moment("evaluated_at"),
    Column("outcomes", JSONB, nullable=False),
    written_by(),
    PrimaryKeyConstraint("org_id", "seq", name="evaluations_pkey"),
    Index("evaluations_arrived_at_idx", "org_id", "arrived_at"),
    Index(
        "evaluations_matched_idx",
        "org_id",
        "arrived_at",
        postgresql_where=text("outcomes <> '[]'::jsonb"),
    ),
    Index("evaluations_xid_idx", "org_id", "xid"),
)

lake_exports = Table(
    "lake_exports",
    METADATA,
    org_id(),
    Column("table_name", Text, primary_key=True),
    words("watermark"),
    moment("updated_at"),
    PrimaryKeyConstraint("org_id", "table_name", name="lake_exports_pkey"),
)
