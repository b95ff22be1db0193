"""Shipments, their waybills and their tracking."""

from alembic import op

revision = "0002_fulfillment"
down_revision = "0001_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE shipments (
            shipment_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            merchant_id text COLLATE "C" NOT NULL,
            warehouse_id text COLLATE "C" NOT NULL,
            items jsonb NOT NULL,
            picked jsonb,
            status text NOT NULL,
            carrier text,
            waybill text,
            exception text,
            round integer NOT NULL,
            created_at timestamptz NOT NULL,
            shipped_at timestamptz,
            signed_at timestamptz,
            polled_at timestamptz NOT NULL,
            version integer NOT NULL,
            PRIMARY KEY (shipment_id),
            CONSTRAINT shipments_status
                CHECK (status IN ('picking', 'outbound', 'shipped', 'delivered', 'signed', 'exception', 'returning', 'returned', 'stopped')),
            CONSTRAINT shipments_exception CHECK (exception IN ('address_error', 'lost', 'damaged', 'refused')),
            CONSTRAINT shipments_waybill CHECK ((carrier IS NULL) = (waybill IS NULL)),
            CONSTRAINT shipments_shipped_at
                CHECK (status NOT IN ('shipped', 'delivered', 'signed', 'returning', 'returned') OR shipped_at IS NOT NULL),
            CONSTRAINT shipments_under_waybill CHECK (status NOT IN ('shipped', 'delivered') OR waybill IS NOT NULL),
            CONSTRAINT shipments_signed_at CHECK ((status = 'signed') = (signed_at IS NOT NULL)),
            CONSTRAINT shipments_troubled CHECK (status <> 'exception' OR exception IS NOT NULL),
            CONSTRAINT shipments_round CHECK (round > 0),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );
        CREATE INDEX shipments_by_order ON shipments (order_id);
        CREATE INDEX shipments_by_status ON shipments (status, shipment_id);

        CREATE TABLE shipment_waybills (
            shipment_id text COLLATE "C" NOT NULL,
            round integer NOT NULL,
            carrier text NOT NULL,
            waybill text NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (shipment_id, round),
            CONSTRAINT shipment_waybills_key UNIQUE (carrier, waybill),
            FOREIGN KEY (shipment_id) REFERENCES shipments (shipment_id)
        );

        CREATE TABLE tracking (
            shipment_id text COLLATE "C" NOT NULL,
            event_id text COLLATE "C" NOT NULL,
            status text NOT NULL,
            place text NOT NULL,
            at timestamptz NOT NULL,
            detail text NOT NULL,
            PRIMARY KEY (shipment_id, event_id),
            FOREIGN KEY (shipment_id) REFERENCES shipments (shipment_id)
        );
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE tracking, shipment_waybills, shipments;
        """
    )
