"""What verdicts cause: actions, and messages to other people's servers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words, written_by

action_executions = Table(
    "action_executions",
    METADATA,
    org_id(),
    Column("execution_id", Uuid, primary_key=True),
    Column("seq", BigInteger),
    moment("arrived_at", null=True),
    Column("submission_id", Uuid),
    words("action_id"),
    Column("action_version", Integer, nullable=False),
    words("type_id"),
    words("item_id"),
    words("source"),
    Column("rules", JSONB, nullable=False),
    Column("policies", JSONB, nullable=False),
    words("actor"),
    words("dedupe_key"),
    moment("created_at"),
    written_by(),
    PrimaryKeyConstraint("org_id", "execution_id", name="action_executions_pkey"),
    UniqueConstraint("org_id", "dedupe_key", name="action_executions_dedupe_key"),
    Index("action_executions_item_idx", "org_id", "type_id", "item_id", "created_at"),
    Index("action_executions_created_at_idx", "org_id", "created_at"),
    Index("action_executions_xid_idx", "org_id", "xid"),
)

rule_days = Table(
    "rule_days",
    METADATA,
    org_id(),
    Column("rule_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("used", Integer, nullable=False),
    PrimaryKeyConstraint("org_id", "rule_id", "day", name="rule_days_pkey"),
)

outbox = Table(
    "outbox",
    METADATA,
    org_id(),
    Column("outbox_id", Uuid, primary_key=True),
    words("idempotency_key"),
    words("kind"),
    words("action_id", null=True),
    words("url"),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    words("state"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_attempt_at"),
    moment("leased_until", null=True),
    moment("created_at"),
    moment("delivered_at", null=True),
    Column("replays_from", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("org_id", "outbox_id", name="outbox_pkey"),
    UniqueConstraint("org_id", "idempotency_key", name="outbox_idempotency_key"),
    CheckConstraint(
        "state IN ('pending', 'leased', 'delivered', 'dead', 'cancelled')",
        name="outbox_state_check",
    ),
    Index(
        "outbox_due_idx", "org_id", "next_attempt_at", postgresql_where=text("state = 'pending'")
    ),
    Index("outbox_leased_idx", "org_id", "leased_until", postgresql_where=text("state = 'leased'")),
    Index("outbox_created_at_idx", "org_id", "created_at"),
    Index("outbox_dead_idx", "org_id", "created_at", postgresql_where=text("state = 'dead'")),
)

outbox_attempts = Table(
    "outbox_attempts",
    METADATA,
    org_id(),
    Column("outbox_id", Uuid, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    moment("started_at"),
    Column("latency_ms", Double, nullable=False),
    Column("status", Integer),
    words("error", null=True),
    words("response", null=True),
    PrimaryKeyConstraint("org_id", "outbox_id", "attempt", name="outbox_attempts_pkey"),
)
