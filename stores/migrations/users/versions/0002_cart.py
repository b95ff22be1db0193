"""Carts of accounts, and which visitors' carts went into them."""

from alembic import op

revision = "0002_cart"
down_revision = "0001_users"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE carts (
            user_id text PRIMARY KEY REFERENCES users,
            version bigint NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT carts_version CHECK (version >= 0)
        );

        CREATE TABLE cart_lines (
            user_id text NOT NULL REFERENCES carts,
            saved boolean NOT NULL,
            sku_id text NOT NULL,
            quantity integer NOT NULL,
            selected boolean NOT NULL,
            added_minor bigint NOT NULL,
            added_currency text NOT NULL,
            added_at timestamptz NOT NULL,
            PRIMARY KEY (user_id, saved, sku_id),
            CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 9999),
            CONSTRAINT cart_lines_price CHECK (added_minor >= 0)
        );

        CREATE TABLE cart_merges (
            cart_id text PRIMARY KEY,
            user_id text NOT NULL REFERENCES carts,
            merged_at timestamptz NOT NULL,
            lines jsonb NOT NULL
        );
        CREATE INDEX cart_merges_user ON cart_merges (user_id, merged_at);
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE cart_merges, cart_lines, carts;")
