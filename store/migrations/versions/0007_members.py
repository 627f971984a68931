"""What an event of a counter holds when different values are counted."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE window_events ADD COLUMN member text")


def downgrade() -> None:
    """History is never thrown away by a migration."""
    raise RuntimeError("Migrations go forward only: restore a backup instead.")
