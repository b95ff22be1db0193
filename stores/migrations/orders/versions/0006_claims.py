"""Units of orders that after-sales speak of."""

from alembic import op

revision = "0006_claims"
down_revision = "0005_carriers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE order_claims (
            aftersale_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL REFERENCES orders,
            lines jsonb NOT NULL,
            refund_id text COLLATE "C",
            at timestamptz NOT NULL,
            PRIMARY KEY (aftersale_id)
        );
        CREATE INDEX order_claims_by_order ON order_claims (order_id);
        CREATE UNIQUE INDEX order_claims_by_refund ON order_claims (refund_id) WHERE refund_id IS NOT NULL;
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE order_claims;")
