"""What matching rules saw of items."""

from __future__ import annotations

from sqlalchemy import TIMESTAMP, BigInteger, Column, LargeBinary, PrimaryKeyConstraint, Table

from store.schema.columns import METADATA, org_id

match_traces = Table(
    "match_traces",
    METADATA,
    org_id(),
    Column("arrived_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("traces", LargeBinary, nullable=False),
    PrimaryKeyConstraint("org_id", "arrived_at", "seq", name="match_traces_pkey"),
)
