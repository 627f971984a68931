"""What people decide, and what is known because they did: jobs, decisions, labels, backtests."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words, written_by

jobs = Table(
    "jobs",
    METADATA,
    org_id(),
    Column("job_id", Uuid, primary_key=True),
    words("queue_id"),
    words("kind"),
    words("type_id"),
    words("item_id"),
    Column("seq", BigInteger),
    moment("arrived_at", null=True),
    words("state"),
    moment("enqueued_at"),
    Column("sources", JSONB, nullable=False),
    Column("policy_ids", JSONB, nullable=False, server_default="[]"),
    words("leased_by", null=True),
    Column("lease_token", Uuid),
    moment("leased_until", null=True),
    Column("skipped_by", JSONB, nullable=False, server_default="[]"),
    moment("decided_at", null=True),
    moment("claimed_at", null=True),
    written_by(),
    PrimaryKeyConstraint("org_id", "job_id", name="jobs_pkey"),
    CheckConstraint("kind IN ('DEFAULT', 'APPEAL', 'NCMEC')", name="jobs_kind_check"),
    CheckConstraint("state IN ('open', 'decided', 'closed')", name="jobs_state_check"),
    Index(
        "jobs_open_item_key",
        "org_id",
        "type_id",
        "item_id",
        unique=True,
        postgresql_where=text("state = 'open'"),
    ),
    Index(
        "jobs_open_idx",
        "org_id",
        "queue_id",
        "enqueued_at",
        postgresql_where=text("state = 'open'"),
    ),
    Index("jobs_item_idx", "org_id", "type_id", "item_id", "enqueued_at"),
    Index("jobs_queue_idx", "org_id", "queue_id", "decided_at"),
    Index("jobs_enqueued_idx", "org_id", "enqueued_at"),
    Index(
        "jobs_leased_idx",
        "org_id",
        "leased_until",
        postgresql_where=text("leased_until IS NOT NULL"),
    ),
    Index("jobs_decided_idx", "org_id", "decided_at", postgresql_where=text("state = 'decided'")),
    Index("jobs_xid_idx", "org_id", "xid"),
)

decisions = Table(
    "decisions",
    METADATA,
    org_id(),
    Column("decision_id", Uuid, primary_key=True),
    Column("job_id", Uuid, nullable=False),
    words("kind"),
    Column("action_ids", JSONB, nullable=False),
    Column("policy_ids", JSONB, nullable=False),
    Column("parameters", JSONB, nullable=False),
    words("reason"),
    words("decided_by"),
    moment("decided_at"),
    moment("claimed_at", null=True),
    moment("undone_at", null=True),
    written_by(),
    PrimaryKeyConstraint("org_id", "decision_id", name="decisions_pkey"),
    Index("decisions_job_idx", "org_id", "job_id"),
    Index("decisions_decided_at_idx", "org_id", "decided_at"),
    Index("decisions_xid_idx", "org_id", "xid"),
)

backtests = Table(
    "backtests",
    METADATA,
    org_id(),
    Column("backtest_id", Uuid, primary_key=True),
    Column("request", JSONB, nullable=False),
    words("state"),
    Column("progress", JSONB, nullable=False, server_default="{}"),
    Column("report", JSONB),
    words("digest", null=True),
    words("error", null=True),
    words("requested_by"),
    moment("created_at"),
    moment("started_at", null=True),
    moment("finished_at", null=True),
    PrimaryKeyConstraint("org_id", "backtest_id", name="backtests_pkey"),
    CheckConstraint(
        "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
        name="backtests_state_check",
    ),
    Index("backtests_created_at_idx", "org_id", "created_at"),
    Index(
        "backtests_queued_idx", "org_id", "created_at", postgresql_where=text("state = 'queued'")
    ),
)

labels = Table(
    "labels",
    METADATA,
    org_id(),
    Column("label_id", Uuid, primary_key=True),
    words("type_id"),
    words("item_id"),
    Column("seq", BigInteger),
    words("policy_id", null=True),
    Column("violating", Boolean, nullable=False),
    words("source"),
    words("reviewer"),
    Column("inclusion_probability", Double),
    moment("created_at"),
    written_by(),
    PrimaryKeyConstraint("org_id", "label_id", name="labels_pkey"),
    CheckConstraint(
        "source IN ('review', 'appeal', 'golden', 'audit', 'import', 'second_review')",
        name="labels_source_check",
    ),
    Index("labels_item_idx", "org_id", "type_id", "item_id", "created_at"),
    Index("labels_xid_idx", "org_id", "xid"),
)
