"""Transfers between warehouses, and how each merchant's orders are spread over its warehouses."""

from alembic import op

revision = "0003_transfers"
down_revision = "0002_hot_stock"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE transfers (
        transfer_id text COLLATE "C" PRIMARY KEY,
        merchant_id text COLLATE "C" NOT NULL,
        from_warehouse_id text COLLATE "C" NOT NULL,
        to_warehouse_id text COLLATE "C" NOT NULL,
        state text NOT NULL CONSTRAINT transfers_state
            CHECK (state IN ('planned', 'in_transit', 'returning', 'completed', 'cancelled')),
        note text NOT NULL,
        opened_by text NOT NULL,
        opened_at timestamptz NOT NULL,
        left_at timestamptz,
        changed_at timestamptz NOT NULL,
        CONSTRAINT transfers_go_elsewhere CHECK (from_warehouse_id <> to_warehouse_id),
        CONSTRAINT transfers_left CHECK (state NOT IN ('in_transit', 'returning') OR left_at IS NOT NULL),
        CONSTRAINT transfers_from
            FOREIGN KEY (from_warehouse_id, merchant_id) REFERENCES warehouses (warehouse_id, merchant_id),
        CONSTRAINT transfers_to
            FOREIGN KEY (to_warehouse_id, merchant_id) REFERENCES warehouses (warehouse_id, merchant_id)
    )
    """,
    "CREATE INDEX transfers_by_state ON transfers (state, transfer_id)",
    """
    CREATE TABLE transfer_lines (
        transfer_id text COLLATE "C" NOT NULL
            CONSTRAINT transfer_lines_transfer REFERENCES transfers (transfer_id),
        sku_id text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CONSTRAINT transfer_lines_quantity CHECK (quantity > 0),
        arrived bigint NOT NULL,
        returned bigint NOT NULL,
        lost bigint NOT NULL,
        PRIMARY KEY (transfer_id, sku_id),
        CONSTRAINT transfer_lines_counts CHECK (least(arrived, returned, lost) >= 0),
        CONSTRAINT transfer_lines_whole CHECK (arrived + returned + lost <= quantity)
    )
    """,
    """
    CREATE TABLE allocations (
        merchant_id text COLLATE "C" PRIMARY KEY,
        strategy text NOT NULL CONSTRAINT allocations_strategy
            CHECK (strategy IN ('nearest', 'fewest_parcels', 'split_by_nearest')),
        version integer NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL
    )
    """,
    # What stands in the journal passed narrower checks, so nothing is looked through while the lock is held.
    """
    ALTER TABLE journal
        ADD COLUMN in_transit bigint NOT NULL DEFAULT 0,
        DROP CONSTRAINT journal_reason,
        DROP CONSTRAINT journal_moves,
        ADD CONSTRAINT journal_reason CHECK (reason IN
            ('receive', 'adjust', 'count', 'commit', 'restock', 'transfer_out', 'transfer_in', 'transfer_lost')) NOT VALID,
        ADD CONSTRAINT journal_moves CHECK (delta <> 0 OR reason IN ('count', 'transfer_lost')) NOT VALID,
        ADD CONSTRAINT journal_in_transit CHECK (
            CASE reason
                WHEN 'transfer_out' THEN delta < 0 AND in_transit = -delta
                WHEN 'transfer_in' THEN delta > 0 AND in_transit = -delta
                WHEN 'transfer_lost' THEN delta = 0 AND in_transit < 0
                ELSE in_transit = 0
            END) NOT VALID
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE journal
            DROP CONSTRAINT journal_in_transit,
            DROP CONSTRAINT journal_reason,
            DROP CONSTRAINT journal_moves,
            DROP COLUMN in_transit,
            ADD CONSTRAINT journal_reason CHECK (reason IN ('receive', 'adjust', 'count', 'commit', 'restock')) NOT VALID,
            ADD CONSTRAINT journal_moves CHECK (delta <> 0 OR reason = 'count') NOT VALID
        """
    )
    op.execute("DROP TABLE allocations, transfer_lines, transfers")
