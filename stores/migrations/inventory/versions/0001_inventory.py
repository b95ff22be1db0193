"""Stock, reservations and the journal."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE warehouses (
        warehouse_id text COLLATE "C" PRIMARY KEY,
        merchant_id text COLLATE "C" NOT NULL,
        code text NOT NULL CONSTRAINT warehouses_code_key UNIQUE,
        name text NOT NULL,
        country text NOT NULL,
        region text NOT NULL,
        city text NOT NULL,
        postal_code text NOT NULL,
        latitude numeric(9, 6),
        longitude numeric(9, 6),
        outbound text NOT NULL CONSTRAINT warehouses_outbound CHECK (outbound IN ('automatic', 'manual')),
        active boolean NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT warehouses_owner_key UNIQUE (warehouse_id, merchant_id),
        CONSTRAINT warehouses_coordinates CHECK ((latitude IS NULL) = (longitude IS NULL))
    )
    """,
    """
    CREATE TABLE skus (
        sku_id text COLLATE "C" PRIMARY KEY,
        merchant_id text COLLATE "C" NOT NULL,
        CONSTRAINT skus_owner_key UNIQUE (sku_id, merchant_id)
    )
    """,
    # Room on each page lets the frequent change of `reserved` stay on its page and out of the indexes (HOT).
    """
    CREATE TABLE stock (
        sku_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        merchant_id text COLLATE "C" NOT NULL,
        on_hand bigint NOT NULL CONSTRAINT stock_on_hand CHECK (on_hand >= 0),
        reserved bigint NOT NULL CONSTRAINT stock_reserved CHECK (reserved >= 0),
        safety bigint NOT NULL CONSTRAINT stock_safety CHECK (safety >= 0),
        low_at bigint NOT NULL CONSTRAINT stock_low_at CHECK (low_at >= 0),
        PRIMARY KEY (sku_id, warehouse_id),
        CONSTRAINT stock_promised CHECK (reserved <= on_hand),
        CONSTRAINT stock_in_own_warehouse
            FOREIGN KEY (warehouse_id, merchant_id) REFERENCES warehouses (warehouse_id, merchant_id),
        CONSTRAINT stock_of_one_merchant FOREIGN KEY (sku_id, merchant_id) REFERENCES skus (sku_id, merchant_id)
    ) WITH (fillfactor = 70)
    """,
    "CREATE UNIQUE INDEX stock_by_warehouse ON stock (warehouse_id, sku_id)",
    """
    CREATE TABLE reservations (
        order_id text COLLATE "C" PRIMARY KEY,
        state text NOT NULL CONSTRAINT reservations_state CHECK (state IN ('held', 'committed', 'released')),
        expires_at timestamptz,
        changed_at timestamptz NOT NULL
    ) WITH (fillfactor = 80)
    """,
    # No foreign keys: one statement writes a reservation with its lines, and the audit finds a line without one. Checking
    # them again on every line would cost a third of the time a reservation takes.
    """
    CREATE TABLE reservation_lines (
        order_id text COLLATE "C" NOT NULL,
        warehouse_id text COLLATE "C" NOT NULL,
        sku_id text COLLATE "C" NOT NULL,
        merchant_id text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CONSTRAINT reservation_lines_quantity CHECK (quantity > 0),
        restocked bigint NOT NULL CONSTRAINT reservation_lines_restocked CHECK (restocked BETWEEN 0 AND quantity),
        low_stock jsonb,
        PRIMARY KEY (order_id, warehouse_id, sku_id)
    )
    """,
    """
    CREATE TABLE operations (
        operation text NOT NULL,
        key text COLLATE "C" NOT NULL,
        asked jsonb NOT NULL,
        answered jsonb NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (operation, key)
    )
    """,
    """
    CREATE TABLE journal (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        warehouse_id text COLLATE "C" NOT NULL,
        sku_id text COLLATE "C" NOT NULL,
        delta bigint NOT NULL,
        on_hand_after bigint NOT NULL CONSTRAINT journal_on_hand_after CHECK (on_hand_after >= 0),
        reason text NOT NULL
            CONSTRAINT journal_reason CHECK (reason IN ('receive', 'adjust', 'count', 'commit', 'restock')),
        reference text NOT NULL,
        actor text NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT journal_moves CHECK (delta <> 0 OR reason = 'count')
    )
    """,
    "CREATE INDEX journal_by_stock ON journal (warehouse_id, sku_id, number)",
    "CREATE INDEX journal_by_reference ON journal (reference)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the journal is append-only: % refused; correct stock with a new movement', TG_OP;
    END $$
    """,
    """
    CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE journal, operations, reservation_lines, reservations, stock, skus, warehouses")
    op.execute("DROP FUNCTION refuse_change()")
