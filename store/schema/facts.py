"""What is known beside the items themselves: strikes, reports, labels; what token buckets hold."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
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
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.schema.columns import METADATA, moment, org_id, words, written_by

facts = Table(
    "facts",
    METADATA,
    org_id(),
    Column("at", TIMESTAMP(timezone=True), primary_key=True),
    Column("fact_id", Uuid, nullable=False),
    words("kind"),
    words("subject_type_id"),
    words("subject_id"),
    words("name", null=True),
    Column("amount", Double, nullable=False, server_default=text("1")),
    moment("expires_at", null=True),
    moment("withdrawn_at", null=True),
    words("cause_type_id", null=True),
    words("cause_id", null=True),
    words("actor"),
    words("reason"),
    written_by(),
    PrimaryKeyConstraint("org_id", "at", name="facts_pkey"),
    CheckConstraint("kind IN ('strike', 'report', 'label')", name="facts_kind_check"),
    Index("facts_fact_id_key", "org_id", "fact_id", unique=True),
    Index("facts_subject_idx", "org_id", "kind", "subject_type_id", "subject_id", "at"),
    Index("facts_moved_idx", "org_id", text("GREATEST(at, withdrawn_at)")),
    Index("facts_xid_idx", "org_id", "xid"),
)

token_buckets = Table(
    "token_buckets",
    METADATA,
    org_id(),
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("rate", Text, primary_key=True),
    Column("at", TIMESTAMP(timezone=True), primary_key=True),
    Column("due", Numeric, nullable=False),
    PrimaryKeyConstraint("org_id", "counter_id", "key", "rate", "at", name="token_buckets_pkey"),
)
