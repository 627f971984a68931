"""Versioned documents, and the counters that rules ask for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.schema.columns import METADATA, moment, org_id, words

config_versions = Table(
    "config_versions",
    METADATA,
    org_id(),
    Column("kind", Text, primary_key=True),
    Column("object_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("config_version", BigInteger, nullable=False),
    words("name"),
    Column("document", JSONB, nullable=False),
    words("author"),
    words("reason"),
    Column("deleted", Boolean, nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("org_id", "kind", "object_id", "version", name="config_versions_pkey"),
    Index("config_versions_config_version_idx", "org_id", "config_version"),
)

config_heads = Table(
    "config_heads",
    METADATA,
    org_id(),
    Column("kind", Text, primary_key=True),
    Column("object_id", Text, primary_key=True),
    words("name"),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    moment("updated_at"),
    PrimaryKeyConstraint("org_id", "kind", "object_id", name="config_heads_pkey"),
    ForeignKeyConstraint(
        ["org_id", "kind", "object_id", "version"],
        [
            "config_versions.org_id",
            "config_versions.kind",
            "config_versions.object_id",
            "config_versions.version",
        ],
        name="config_heads_version_fkey",
    ),
    Index(
        "config_heads_name_key",
        "org_id",
        "kind",
        "name",
        unique=True,
        postgresql_where=text("NOT deleted"),
    ),
)

counters = Table(
    "counters",
    METADATA,
    org_id(),
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    words("identity"),
    words("type_id"),
    Column("definition", JSONB, nullable=False),
    Column("window_us", BigInteger, nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("org_id", "counter_id", name="counters_pkey"),
    UniqueConstraint("org_id", "identity", name="counters_identity_key"),
)
