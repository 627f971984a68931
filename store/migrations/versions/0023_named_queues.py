"""A job knows whether its queue was named by the action that opened it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text()
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    """History is never thrown away by a migration."""
    raise RuntimeError("Migrations go forward only: restore a backup instead.")
