"""Stock split over rows, for SKUs that thousands buy at once."""

from alembic import op

revision = "0002_hot_stock"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # A constant default is kept in the catalogue: no row is rewritten.
    "ALTER TABLE stock ADD COLUMN split_over integer NOT NULL DEFAULT 0",
    """
    CREATE TABLE split_stock (
        sku_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        mode text NOT NULL CONSTRAINT split_stock_mode CHECK (mode IN ('automatic', 'always', 'never')),
        rows integer NOT NULL CONSTRAINT split_stock_rows CHECK (rows BETWEEN 2 AND 64),
        since timestamptz,
        busy_at timestamptz NOT NULL,
        version integer NOT NULL,
        PRIMARY KEY (sku_id, warehouse_id)
    )
    """,
    # Half of each page is room: the figure changes with every crowd and is in no index (HOT).
    """
    CREATE TABLE stock_buckets (
        sku_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        bucket integer NOT NULL,
        free bigint NOT NULL CONSTRAINT stock_buckets_free CHECK (free >= 0),
        PRIMARY KEY (sku_id, warehouse_id, bucket)
    ) WITH (fillfactor = 50)
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        """
        UPDATE stock s SET reserved = s.reserved - b.free
        FROM (SELECT sku_id, warehouse_id, sum(free) AS free FROM stock_buckets GROUP BY sku_id, warehouse_id) b
        WHERE (s.sku_id, s.warehouse_id) = (b.sku_id, b.warehouse_id)
        """
    )
    op.execute("DROP TABLE stock_buckets, split_stock")
    op.execute("ALTER TABLE stock DROP COLUMN split_over")
