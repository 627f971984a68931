"""What surrounds a rule: snoozes, approvals, hits of bank entries, statistics of fields."""

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
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words

snoozes = Table(
    "snoozes",
    METADATA,
    org_id(),
    Column("snooze_id", Uuid, primary_key=True),
    words("rule_id"),
    words("type_id"),
    words("item_id"),
    moment("until"),
    words("reason"),
    words("actor"),
    moment("created_at"),
    moment("ended_at", null=True),
    words("ended_by", null=True),
    PrimaryKeyConstraint("org_id", "snooze_id", name="snoozes_pkey"),
    Index(
        "snoozes_open_idx",
        *("org_id", "rule_id", "type_id", "item_id"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("snoozes_created_at_idx", "org_id", "rule_id", "created_at"),
)

approvals = Table(
    "approvals",
    METADATA,
    org_id(),
    Column("approval_id", Uuid, primary_key=True),
    words("rule_id"),
    Column("base_version", Integer, nullable=False),
    words("name"),
    Column("document", JSONB, nullable=False),
    words("reason"),
    words("author"),
    moment("created_at"),
    words("state"),
    words("decided_by", null=True),
    moment("decided_at", null=True),
    words("comment", null=True),
    Column("saved_version", Integer),
    PrimaryKeyConstraint("org_id", "approval_id", name="approvals_pkey"),
    CheckConstraint(
        "state IN ('waiting', 'approved', 'refused', 'withdrawn')", name="approvals_state_check"
    ),
    Index(
        "approvals_waiting_key",
        *("org_id", "rule_id"),
        unique=True,
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("approvals_created_at_idx", "org_id", "created_at", "approval_id"),
)

bank_hits = Table(
    "bank_hits",
    METADATA,
    org_id(),
    Column("bank_id", Text, primary_key=True),
    Column("entry", LargeBinary, primary_key=True),
    Column("hits", BigInteger, nullable=False),
    moment("last_hit_at"),
    PrimaryKeyConstraint("org_id", "bank_id", "entry", name="bank_hits_pkey"),
)

field_statistics = Table(
    "field_statistics",
    METADATA,
    org_id(),
    Column("type_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sampled", Integer, nullable=False),
    Column("null_share", Double, nullable=False),
    Column("least", Double),
    Column("largest", Double),
    moment("computed_at"),
    PrimaryKeyConstraint("org_id", "type_id", "field", name="field_statistics_pkey"),
)
