"""Parcels that wait for goods that were bought ahead of stock."""

from alembic import op

revision = "0004_ahead"
down_revision = "0003_returns"
branch_labels = None
depends_on = None

_STATUSES = "'picking', 'outbound', 'shipped', 'delivered', 'signed', 'exception', 'returning', 'returned', 'stopped'"


def upgrade() -> None:
    # What stands there passed a narrower check, so nothing is looked through while the lock is held.
    op.execute(
        f"""
        ALTER TABLE order_parcels ADD COLUMN waits jsonb;
        ALTER TABLE shipments
            DROP CONSTRAINT shipments_status,
            ADD CONSTRAINT shipments_status CHECK (status IN ('waiting', {_STATUSES})) NOT VALID;
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        ALTER TABLE shipments
            DROP CONSTRAINT shipments_status,
            ADD CONSTRAINT shipments_status CHECK (status IN ({_STATUSES})) NOT VALID;
        ALTER TABLE order_parcels DROP COLUMN waits;
        """
    )
