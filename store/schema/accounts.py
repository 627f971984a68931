"""Organisations, and who may speak for them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from store.schema.columns import METADATA, moment, org_id, words

orgs = Table(
    "orgs",
    METADATA,
    Column("org_id", Integer, Identity(always=True), primary_key=True),
    words("name"),
    moment("created_at"),
    Column("settings", JSONB, nullable=False, server_default="{}"),
    Column("config_version", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("org_id", name="orgs_pkey"),
    UniqueConstraint("name", name="orgs_name_key"),
)

users = Table(
    "users",
    METADATA,
    org_id(),
    Column("user_id", Text, primary_key=True),
    words("email"),
    words("name"),
    words("role"),
    words("password_hash"),
    moment("created_at"),
    moment("disabled_at", null=True),
    PrimaryKeyConstraint("org_id", "user_id", name="users_pkey"),
    ForeignKeyConstraint(["org_id"], ["orgs.org_id"], name="users_org_id_fkey"),
)
Index("users_email_key", func.lower(users.c.email), unique=True)

sessions = Table(
    "sessions",
    METADATA,
    org_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    words("user_id"),
    moment("created_at"),
    moment("expires_at"),
    PrimaryKeyConstraint("org_id", "token_hash", name="sessions_pkey"),
    ForeignKeyConstraint(
        ["org_id", "user_id"], ["users.org_id", "users.user_id"], name="sessions_user_fkey"
    ),
    Index("sessions_token_hash_key", "token_hash", unique=True),
    Index("sessions_user_idx", "org_id", "user_id"),
)

sign_in_failures = Table(
    "sign_in_failures",
    METADATA,
    org_id(),
    Column("email", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("last_failed_at"),
    PrimaryKeyConstraint("org_id", "email", name="sign_in_failures_pkey"),
    Index("sign_in_failures_last_failed_at_idx", "org_id", "last_failed_at"),
)

api_keys = Table(
    "api_keys",
    METADATA,
    org_id(),
    Column("key_id", Text, primary_key=True),
    words("name"),
    words("prefix"),
    Column("key_hash", LargeBinary, nullable=False),
    moment("created_at"),
    words("created_by"),
    moment("last_used_at", null=True),
    moment("expires_at", null=True),
    moment("revoked_at", null=True),
    Column("scopes", ARRAY(Text)),
    Column("items_per_second", Double),
    words("replaced_by", null=True),
    PrimaryKeyConstraint("org_id", "key_id", name="api_keys_pkey"),
    ForeignKeyConstraint(["org_id"], ["orgs.org_id"], name="api_keys_org_id_fkey"),
    CheckConstraint("items_per_second > 0", name="api_keys_items_per_second_check"),
    Index("api_keys_key_hash_key", "key_hash", unique=True),
)

signing_keys = Table(
    "signing_keys",
    METADATA,
    org_id(),
    Column("key_id", Text, primary_key=True),
    Column("private_key_encrypted", LargeBinary, nullable=False),
    words("public_key_pem"),
    Column("webhook_secret_encrypted", LargeBinary, nullable=False),
    moment("created_at"),
    moment("retired_at", null=True),
    moment("active_from"),
    PrimaryKeyConstraint("org_id", "key_id", name="signing_keys_pkey"),
    ForeignKeyConstraint(["org_id"], ["orgs.org_id"], name="signing_keys_org_id_fkey"),
)

audit_log = Table(
    "audit_log",
    METADATA,
    org_id(),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    moment("at"),
    words("actor"),
    words("event"),
    words("subject_kind"),
    words("subject_id"),
    Column("detail", JSON, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("org_id", "n", name="audit_log_pkey"),
    Index("audit_log_at_idx", "org_id", "at"),
    Index("audit_log_subject_idx", "org_id", "subject_kind", "subject_id"),
)
