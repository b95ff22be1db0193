"""Selling ahead of stock: which levels do, and the claims of orders on goods to come."""

from alembic import op

revision = "0004_ahead"
down_revision = "0003_transfers"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Constant defaults are kept in the catalogue: no row is rewritten. What is there is zero, so the check looks at nothing.
    """
    ALTER TABLE stock
        ADD COLUMN claimed bigint NOT NULL DEFAULT 0,
        ADD COLUMN not_before timestamptz,
        ADD CONSTRAINT stock_claimed CHECK (claimed >= 0) NOT VALID
    """,
    "ALTER TABLE reservations ADD COLUMN ahead boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE ahead_sales (
        sku_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        policy text NOT NULL CONSTRAINT ahead_sales_policy CHECK (policy IN ('never', 'backorder', 'preorder')),
        ahead_limit bigint NOT NULL,
        within_days integer,
        release_at timestamptz,
        version integer NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        CONSTRAINT ahead_sales_terms CHECK (
            (policy <> 'never') = (ahead_limit > 0) AND (policy = 'backorder') = (within_days IS NOT NULL)
            AND (policy = 'preorder') = (release_at IS NOT NULL)),
        PRIMARY KEY (sku_id, warehouse_id)
    )
    """,
    """
    CREATE TABLE claims (
        claim_id text COLLATE "C" PRIMARY KEY,
        number bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        order_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        sku_id text COLLATE "C" NOT NULL,
        merchant_id text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CONSTRAINT claims_quantity CHECK (quantity > 0),
        policy text NOT NULL CONSTRAINT claims_policy CHECK (policy IN ('backorder', 'preorder')),
        ships_by timestamptz NOT NULL,
        not_before timestamptz,
        state text NOT NULL CONSTRAINT claims_state CHECK (state IN ('open', 'filled', 'committed', 'released')),
        claimed_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT claims_not_before CHECK ((policy = 'preorder') = (not_before IS NOT NULL))
    )
    """,
    "CREATE INDEX claims_by_level ON claims (sku_id, warehouse_id, state, number)",
    "CREATE INDEX claims_by_order ON claims (order_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE claims, ahead_sales")
    op.execute("ALTER TABLE reservations DROP COLUMN ahead")
    op.execute("ALTER TABLE stock DROP COLUMN claimed, DROP COLUMN not_before")
