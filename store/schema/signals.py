"""What signals answered about values."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.types import TIMESTAMP

from store.schema.columns import METADATA, org_id

signal_answers = Table(
    "signal_answers",
    METADATA,
    org_id(),
    Column("signal", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("asked", LargeBinary, primary_key=True),
    Column("answer", Double),
    Column("answered_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("org_id", "signal", "version", "asked", name="signal_answers_pkey"),
    Index("signal_answers_answered_at_idx", "org_id", "answered_at"),
)
