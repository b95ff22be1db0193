"""What carriers tell about parcels, parcels that come back, and parcels of exchanges."""

from alembic import op

revision = "0004_carriers"
down_revision = "0003_returns"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Columns without a default are kept in the catalogue: no row is rewritten.
    """
    ALTER TABLE shipments
        ADD COLUMN estimated_at timestamptz,
        ADD COLUMN delivered_at timestamptz,
        ADD COLUMN aftersale_id text COLLATE "C"
    """,
    """
    CREATE INDEX shipments_by_waybill ON shipments (carrier, waybill) WHERE waybill IS NOT NULL;
    CREATE INDEX shipments_under_way ON shipments (polled_at)
        WHERE waybill IS NOT NULL AND status IN ('shipped', 'delivered', 'exception', 'returning');
    CREATE INDEX shipments_delivered ON shipments (delivered_at) WHERE status = 'delivered';
    CREATE INDEX shipments_of_exchange ON shipments (aftersale_id) WHERE aftersale_id IS NOT NULL
    """,
    """
    CREATE TABLE return_parcels (
        aftersale_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        items jsonb NOT NULL,
        carrier text NOT NULL,
        waybill text NOT NULL,
        state text NOT NULL,
        pickup_at timestamptz,
        estimated_at timestamptz,
        booked_at timestamptz NOT NULL,
        cancelled_at timestamptz,
        polled_at timestamptz NOT NULL,
        PRIMARY KEY (aftersale_id),
        CONSTRAINT return_parcels_key UNIQUE (carrier, waybill),
        FOREIGN KEY (order_id) REFERENCES orders (order_id)
    );
    CREATE INDEX return_parcels_by_order ON return_parcels (order_id);
    CREATE TABLE return_tracking (
        aftersale_id text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        status text NOT NULL,
        place text NOT NULL,
        at timestamptz NOT NULL,
        detail text NOT NULL,
        PRIMARY KEY (aftersale_id, event_id),
        FOREIGN KEY (aftersale_id) REFERENCES return_parcels (aftersale_id)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE return_tracking, return_parcels")
    op.execute("DROP INDEX shipments_by_waybill, shipments_under_way, shipments_delivered, shipments_of_exchange")
    op.execute("ALTER TABLE shipments DROP COLUMN estimated_at, DROP COLUMN delivered_at, DROP COLUMN aftersale_id")
