"""Appeals against what was done, and why each job went to its queue."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words, written_by

appeals = Table(
    "appeals",
    METADATA,
    org_id(),
    Column("id", Uuid, primary_key=True),
    words("appeal_id"),
    words("type_id"),
    words("item_id"),
    Column("seq", BigInteger),
    moment("arrived_at", null=True),
    words("appealed_by_type_id"),
    words("appealed_by_id"),
    moment("appealed_at"),
    moment("received_at"),
    words("reason"),
    Column("action_ids", JSONB, nullable=False),
    Column("policy_ids", JSONB, nullable=False),
    Column("item", JSONB, nullable=False),
    Column("additional_items", JSONB, nullable=False),
    Column("against", JSONB, nullable=False),
    Column("earlier_id", Uuid),
    Column("job_id", Uuid, nullable=False),
    words("outcome", null=True),
    Column("decision_id", Uuid),
    moment("resolved_at", null=True),
    written_by(),
    PrimaryKeyConstraint("org_id", "id", name="appeals_pkey"),
    UniqueConstraint("org_id", "appeal_id", "type_id", "item_id", name="appeals_once_key"),
    CheckConstraint("outcome IN ('ACCEPT', 'REJECT')", name="appeals_outcome_check"),
    Index("appeals_item_idx", "org_id", "type_id", "item_id", "received_at"),
    Index("appeals_job_idx", "org_id", "job_id"),
    Index("appeals_received_at_idx", "org_id", "received_at"),
    Index(
        "appeals_resolved_at_idx",
        "org_id",
        "resolved_at",
        postgresql_where=text("outcome IS NOT NULL"),
    ),
    Index("appeals_xid_idx", "org_id", "xid"),
)

routings = Table(
    "routings",
    METADATA,
    org_id(),
    Column("job_id", Uuid, primary_key=True),
    moment("at"),
    words("kind"),
    words("queue_id"),
    words("rule_id", null=True),
    Column("config_version", BigInteger, nullable=False),
    Column("trail", JSONB, nullable=False),
    Column("queue_named", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("org_id", "job_id", name="routings_pkey"),
    Index("routings_at_idx", "org_id", "at"),
)
