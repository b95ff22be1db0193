"""Points: accounts, lots, the ledger, and what each order spent and earned."""

from alembic import op

revision = "0003_points"
down_revision = "0002_coupons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE points_accounts (
            user_id text COLLATE "C" NOT NULL,
            balance bigint NOT NULL,
            PRIMARY KEY (user_id),
            CONSTRAINT points_accounts_balance CHECK (balance >= 0)
        ) WITH (fillfactor = 80);

        CREATE TABLE points_entries (
            number bigint GENERATED ALWAYS AS IDENTITY,
            entry_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            kind text NOT NULL,
            delta bigint NOT NULL,
            balance bigint NOT NULL,
            reference text COLLATE "C" NOT NULL,
            occasion text COLLATE "C" NOT NULL,
            order_id text COLLATE "C",
            refund_id text COLLATE "C",
            actor text NOT NULL,
            why text NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (number),
            CONSTRAINT points_entries_id_key UNIQUE (entry_id),
            CONSTRAINT points_entries_once UNIQUE (kind, reference),
            CONSTRAINT points_entries_kind
                CHECK (kind IN ('earned', 'spent', 'returned', 'clawed_back', 'expired', 'adjusted')),
            CONSTRAINT points_entries_direction CHECK (
                CASE WHEN kind IN ('earned', 'returned') THEN delta > 0
                     WHEN kind IN ('spent', 'expired') THEN delta < 0
                     WHEN kind = 'clawed_back' THEN delta <= 0
                     ELSE delta <> 0 END
            ),
            CONSTRAINT points_entries_balance CHECK (balance >= 0),
            CONSTRAINT points_entries_of_orders
                CHECK ((kind IN ('earned', 'spent', 'returned', 'clawed_back')) = (order_id IS NOT NULL)),
            FOREIGN KEY (user_id) REFERENCES points_accounts (user_id)
        );
        CREATE INDEX points_entries_by_user ON points_entries (user_id, number);
        CREATE INDEX points_entries_by_occasion ON points_entries (occasion);

        CREATE FUNCTION points_entries_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the points ledger is append-only: % refused; correct it with a new entry', TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON points_entries
            FOR EACH STATEMENT EXECUTE FUNCTION points_entries_are_append_only();
        ALTER TABLE points_entries ENABLE ALWAYS TRIGGER append_only;

        CREATE TABLE points_lots (
            lot_id bigint GENERATED ALWAYS AS IDENTITY,
            user_id text COLLATE "C" NOT NULL,
            entry_id text COLLATE "C" NOT NULL,
            earned bigint NOT NULL,
            remaining bigint NOT NULL,
            expires_at timestamptz NOT NULL,
            PRIMARY KEY (lot_id),
            CONSTRAINT points_lots_entry_key UNIQUE (entry_id),
            CONSTRAINT points_lots_earned CHECK (earned > 0),
            CONSTRAINT points_lots_remaining CHECK (remaining BETWEEN 0 AND earned),
            FOREIGN KEY (user_id) REFERENCES points_accounts (user_id),
            FOREIGN KEY (entry_id) REFERENCES points_entries (entry_id)
        );
        CREATE INDEX points_lots_open ON points_lots (user_id, expires_at, lot_id) WHERE remaining > 0;
        CREATE INDEX points_lots_due ON points_lots (expires_at) WHERE remaining > 0;

        CREATE TABLE points_spends (
            order_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            points bigint NOT NULL,
            returned bigint NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT points_spends_points CHECK (points > 0),
            CONSTRAINT points_spends_returned CHECK (returned BETWEEN 0 AND points),
            FOREIGN KEY (user_id) REFERENCES points_accounts (user_id)
        );
        CREATE INDEX points_spends_by_user ON points_spends (user_id);

        CREATE TABLE points_spend_lots (
            order_id text COLLATE "C" NOT NULL,
            lot_id bigint NOT NULL,
            points bigint NOT NULL,
            returned bigint NOT NULL,
            PRIMARY KEY (order_id, lot_id),
            CONSTRAINT points_spend_lots_points CHECK (points > 0),
            CONSTRAINT points_spend_lots_returned CHECK (returned BETWEEN 0 AND points),
            FOREIGN KEY (order_id) REFERENCES points_spends (order_id),
            FOREIGN KEY (lot_id) REFERENCES points_lots (lot_id)
        );

        CREATE TABLE points_awards (
            order_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            paid_minor bigint NOT NULL,
            currency text NOT NULL,
            points bigint NOT NULL,
            refunded_minor bigint NOT NULL,
            clawed bigint NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT points_awards_amounts CHECK (least(paid_minor, refunded_minor, points) >= 0),
            CONSTRAINT points_awards_clawed CHECK (clawed BETWEEN 0 AND points),
            FOREIGN KEY (user_id) REFERENCES points_accounts (user_id)
        );
        CREATE INDEX points_awards_by_user ON points_awards (user_id);

        CREATE TABLE points_refunds (
            refund_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            refunded_minor bigint NOT NULL,
            currency text NOT NULL,
            whole boolean NOT NULL,
            taken bigint NOT NULL,
            missing bigint NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (refund_id),
            CONSTRAINT points_refunds_amounts CHECK (least(refunded_minor, taken, missing) >= 0)
        );
        CREATE INDEX points_refunds_by_order ON points_refunds (order_id);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE points_refunds, points_awards, points_spend_lots, points_spends, points_lots, points_entries, points_accounts;
        DROP FUNCTION points_entries_are_append_only();
        """
    )
