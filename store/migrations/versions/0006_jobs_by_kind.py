"""One open job an item and kind, so that no child-safety job is lost in an ordinary one."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX jobs_open_item_key")
    op.execute(
        "CREATE UNIQUE INDEX jobs_open_item_key ON jobs (org_id, type_id, item_id, kind) "
        "WHERE state = 'open'"
    )


def downgrade() -> None:
    """History is never thrown away by a migration."""
    raise RuntimeError("Migrations go forward only: restore a backup instead.")
