"""Old notices are found by their time."""

from alembic import op

revision = "0002_pruning"
down_revision = "0001_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX notices_by_time ON notices (at)")


def downgrade() -> None:
    op.execute("DROP INDEX notices_by_time")
