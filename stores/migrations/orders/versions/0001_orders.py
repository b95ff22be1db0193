"""Orders with their lines, parcels, refunds, timeline, notes and invoices; shipping rates."""

from alembic import op

revision = "0001_orders"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE EXTENSION IF NOT EXISTS pg_trgm;

        CREATE TABLE orders (
            order_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            status text NOT NULL,
            payment_status text NOT NULL,
            fulfillment_status text NOT NULL,
            currency text NOT NULL,
            goods_minor bigint NOT NULL,
            discount_minor bigint NOT NULL,
            shipping_minor bigint NOT NULL,
            total_minor bigint NOT NULL,
            refunded_minor bigint NOT NULL,
            address_id text COLLATE "C",
            address jsonb NOT NULL,
            note text NOT NULL,
            payment_id text COLLATE "C" NOT NULL,
            placed_at timestamptz NOT NULL,
            payment_due_at timestamptz NOT NULL,
            paid_at timestamptz,
            completed_at timestamptz,
            cancelled_at timestamptz,
            cancel_reason text,
            aftersale_until timestamptz,
            hidden boolean NOT NULL,
            opened_as bytea NOT NULL,
            version integer NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT orders_status CHECK (status IN ('pending_payment', 'paid', 'completed', 'cancelled')),
            CONSTRAINT orders_payment_status
                CHECK (payment_status IN ('unpaid', 'paid', 'refunding', 'part_refunded', 'refunded')),
            CONSTRAINT orders_fulfillment_status
                CHECK (fulfillment_status IN ('unfulfilled', 'part_shipped', 'shipped', 'delivered', 'stopped')),
            CONSTRAINT orders_cancel_reason
                CHECK (cancel_reason IN ('payment_timeout', 'by_user', 'by_operator', 'stock_commit_failed', 'refused')),
            CONSTRAINT orders_sum CHECK (total_minor = goods_minor - discount_minor + shipping_minor),
            CONSTRAINT orders_amounts CHECK (least(goods_minor, discount_minor, shipping_minor, total_minor) >= 0),
            CONSTRAINT orders_refunded CHECK (refunded_minor BETWEEN 0 AND total_minor),
            CONSTRAINT orders_cancelled_at CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
            CONSTRAINT orders_cancelled_because CHECK ((cancelled_at IS NULL) = (cancel_reason IS NULL)),
            CONSTRAINT orders_completed_at CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
            CONSTRAINT orders_paid_at CHECK ((payment_status = 'unpaid') = (paid_at IS NULL)),
            CONSTRAINT orders_paid_first CHECK (status NOT IN ('paid', 'completed') OR paid_at IS NOT NULL),
            CONSTRAINT orders_payment_key UNIQUE (payment_id)
        );
        CREATE INDEX orders_by_status ON orders (status, order_id);
        CREATE INDEX orders_by_time ON orders (placed_at);
        CREATE INDEX orders_by_user ON orders (user_id, order_id);

        CREATE TABLE order_lines (
            order_id text COLLATE "C" NOT NULL,
            line_no integer NOT NULL,
            sku_id text COLLATE "C" NOT NULL,
            spu_id text COLLATE "C" NOT NULL,
            merchant_id text COLLATE "C" NOT NULL,
            title text NOT NULL,
            options text NOT NULL,
            image_url text,
            quantity integer NOT NULL,
            unit_price_minor bigint NOT NULL,
            goods_minor bigint NOT NULL,
            discount_minor bigint NOT NULL,
            shipping_minor bigint NOT NULL,
            total_minor bigint NOT NULL,
            weight_g bigint NOT NULL,
            category_ids text[] NOT NULL,
            brand_id text COLLATE "C",
            adjustments jsonb NOT NULL,
            PRIMARY KEY (order_id, line_no),
            CONSTRAINT order_lines_quantity CHECK (quantity > 0),
            CONSTRAINT order_lines_goods CHECK (goods_minor = unit_price_minor * quantity),
            CONSTRAINT order_lines_sum CHECK (total_minor = goods_minor - discount_minor + shipping_minor),
            CONSTRAINT order_lines_amounts
                CHECK (least(unit_price_minor, discount_minor, shipping_minor, total_minor) >= 0),
            CONSTRAINT order_lines_sku_key UNIQUE (order_id, sku_id),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );
        CREATE INDEX order_lines_by_merchant ON order_lines (merchant_id, order_id);
        CREATE INDEX order_lines_by_title ON order_lines USING gin (title gin_trgm_ops);

        CREATE TABLE order_parcels (
            shipment_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            position integer NOT NULL,
            merchant_id text COLLATE "C" NOT NULL,
            warehouse_id text COLLATE "C" NOT NULL,
            items jsonb NOT NULL,
            PRIMARY KEY (shipment_id),
            CONSTRAINT order_parcels_position_key UNIQUE (order_id, position),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );

        CREATE TABLE discarded_orders (
            order_id text COLLATE "C" NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (order_id)
        );

        CREATE TABLE order_refunds (
            refund_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            amount_minor bigint NOT NULL,
            sku_ids text[] NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (refund_id),
            CONSTRAINT order_refunds_amount CHECK (amount_minor > 0),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );
        CREATE INDEX order_refunds_by_order ON order_refunds (order_id);

        CREATE TABLE order_timeline (
            number bigint GENERATED ALWAYS AS IDENTITY,
            order_id text COLLATE "C" NOT NULL,
            at timestamptz NOT NULL,
            step text NOT NULL,
            actor text NOT NULL,
            detail text NOT NULL,
            workflow_id text,
            PRIMARY KEY (number),
            CONSTRAINT order_timeline_once UNIQUE (order_id, at, step, actor, detail),
            CONSTRAINT order_timeline_detail CHECK (length(detail) <= 500)
        );

        CREATE TABLE order_notes (
            number bigint GENERATED ALWAYS AS IDENTITY,
            order_id text COLLATE "C" NOT NULL,
            at timestamptz NOT NULL,
            author text COLLATE "C" NOT NULL,
            text text NOT NULL,
            PRIMARY KEY (number),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );
        CREATE INDEX order_notes_by_order ON order_notes (order_id);

        CREATE TABLE order_invoices (
            order_id text COLLATE "C" NOT NULL,
            kind text NOT NULL,
            title text NOT NULL,
            tax_id text NOT NULL,
            email text NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT order_invoices_kind CHECK (kind IN ('personal', 'company')),
            CONSTRAINT order_invoices_company CHECK (kind = 'personal' OR tax_id <> ''),
            FOREIGN KEY (order_id) REFERENCES orders (order_id)
        );

        CREATE TABLE shipping_rates (
            number bigint GENERATED ALWAYS AS IDENTITY,
            merchant_id text COLLATE "C" NOT NULL,
            sku_id text COLLATE "C",
            country text NOT NULL,
            postal_prefix text NOT NULL,
            currency text NOT NULL,
            base_minor bigint NOT NULL,
            per_unit_minor bigint NOT NULL,
            PRIMARY KEY (number),
            CONSTRAINT shipping_rates_key UNIQUE NULLS NOT DISTINCT (merchant_id, sku_id, country, postal_prefix),
            CONSTRAINT shipping_rates_amounts CHECK (least(base_minor, per_unit_minor) >= 0)
        );

        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the timeline is append-only: % refused; add another entry', TG_OP;
        END $$;
        CREATE TRIGGER order_timeline_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_timeline
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE shipping_rates, order_invoices, order_notes, order_timeline, order_refunds, discarded_orders, order_parcels,
            order_lines, orders;
        DROP FUNCTION refuse_change();
        DROP EXTENSION pg_trgm;
        """
    )
