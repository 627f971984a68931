"""Reports of items, as platforms send them on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words, written_by

reports = Table(
    "reports",
    METADATA,
    org_id(),
    Column("report_id", Uuid, primary_key=True),
    moment("received_at"),
    words("received_by"),
    moment("reported_at"),
    words("type_id"),
    words("item_id"),
    Column("seq", BigInteger, nullable=False),
    moment("arrived_at"),
    words("author_type_id", null=True),
    words("author_id", null=True),
    words("reporter_type_id"),
    words("reporter_id"),
    words("policy_id", null=True),
    words("reason", null=True),
    Column("csam", Boolean, nullable=False),
    Column("thread", JSONB, nullable=False),
    Column("flagged", JSONB, nullable=False),
    Column("additional", JSONB, nullable=False),
    Column("job_id", Uuid),
    moment("invalidated_at", null=True),
    words("invalidated_by", null=True),
    words("invalidated_reason", null=True),
    written_by(),
    PrimaryKeyConstraint("org_id", "report_id", name="reports_pkey"),
    Index("reports_received_at_idx", "org_id", "received_at"),
    Index("reports_item_idx", "org_id", "type_id", "item_id", "received_at"),
    Index("reports_reporter_idx", "org_id", "reporter_type_id", "reporter_id", "received_at"),
    Index("reports_job_idx", "org_id", "job_id"),
    Index("reports_xid_idx", "org_id", "xid"),
)
