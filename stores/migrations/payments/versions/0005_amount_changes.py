"""What is owed can change while nobody has paid; each change is kept."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own, so that an ordinary payment writes nothing into it. Its foreign key makes writers of payments wait for a
    moment, while the table is empty."""
    op.execute(
        """
        CREATE TABLE amount_changes (
            change_key text COLLATE "C" PRIMARY KEY,
            payment_id text COLLATE "C" NOT NULL CONSTRAINT amount_changes_of_payment REFERENCES payments (payment_id),
            was_minor bigint NOT NULL CONSTRAINT amount_changes_was CHECK (was_minor > 0),
            amount_minor bigint NOT NULL CONSTRAINT amount_changes_amount CHECK (amount_minor > 0),
            at timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    """Without it."""
    op.execute("DROP TABLE amount_changes")
