"""Every table of the spine, its row-level security, roles and lookup functions."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FILES = ("0001_spine.sql", "0001_security.sql")


def upgrade() -> None:
    for name in FILES:
        statements = (Path(__file__).parent / name).read_text()
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    """History is never thrown away by a migration."""
    raise RuntimeError("There is nothing before the first migration: restore a backup instead.")
