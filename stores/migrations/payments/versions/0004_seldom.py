"""What is seldom booked is found among millions of captures and fees."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Partial, so that an ordinary order writes nothing into it. Whoever books waits while it is made: for one reading of the
    books, a second for some millions of rows."""
    op.execute("CREATE INDEX ledger_seldom ON ledger (number) WHERE kind NOT IN ('capture', 'fee')")


def downgrade() -> None:
    """Without it."""
    op.execute("DROP INDEX ledger_seldom")
