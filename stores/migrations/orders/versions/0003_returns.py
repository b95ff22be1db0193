"""Points that paid a part of an order; units that went back as money."""

from alembic import op

revision = "0003_returns"
down_revision = "0002_fulfillment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE orders ADD COLUMN points bigint NOT NULL DEFAULT 0;
        ALTER TABLE orders ADD CONSTRAINT orders_points CHECK (points >= 0) NOT VALID;
        ALTER TABLE orders VALIDATE CONSTRAINT orders_points;

        CREATE TABLE order_returns (
            refund_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL REFERENCES orders,
            proposal jsonb NOT NULL,
            paid_minor bigint NOT NULL,
            amount_minor bigint NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (refund_id),
            CONSTRAINT order_returns_amounts CHECK (least(paid_minor, amount_minor) >= 0)
        );
        CREATE INDEX order_returns_by_order ON order_returns (order_id);
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE order_returns; ALTER TABLE orders DROP COLUMN points;")
