"""Items from message streams: how far each stream was read, and what could not be taken in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words

streams = Table(
    "streams",
    METADATA,
    org_id(),
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    moment("updated_at"),
    PrimaryKeyConstraint("org_id", "stream", name="streams_pkey"),
)

stream_refusals = Table(
    "stream_refusals",
    METADATA,
    org_id(),
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    words("subject"),
    Column("body", LargeBinary, nullable=False),
    Column("problems", JSONB, nullable=False),
    moment("refused_at"),
    PrimaryKeyConstraint("org_id", "stream", "seq", "position", name="stream_refusals_pkey"),
    Index("stream_refusals_refused_at_idx", "org_id", "refused_at"),
)
