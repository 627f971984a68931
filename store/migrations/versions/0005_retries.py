"""Finds items to try again without reading the whole queue."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX pending_retries_idx ON pending (org_id, seq) WHERE attempts > 0")


def downgrade() -> None:
    """History is never thrown away by a migration."""
    raise RuntimeError("Migrations go forward only: restore a backup instead.")
