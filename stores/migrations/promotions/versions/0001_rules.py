"""Campaigns, promotions with every version of their terms, what orders used of them; purchase limits and what counts against them."""

from alembic import op

revision = "0001_rules"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is kept as it was written, for ever: % refused', TG_TABLE_NAME, TG_OP;
        END $$;

        CREATE TABLE campaigns (
            campaign_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            status text NOT NULL,
            terms jsonb NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (campaign_id),
            CONSTRAINT campaigns_status CHECK (status IN ('draft', 'active', 'paused', 'ended')),
            CONSTRAINT campaigns_window CHECK (starts_at < ends_at)
        );

        CREATE TABLE campaign_versions (
            campaign_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            terms jsonb NOT NULL,
            decided_at timestamptz NOT NULL,
            decided_by text COLLATE "C" NOT NULL,
            PRIMARY KEY (campaign_id, version),
            FOREIGN KEY (campaign_id) REFERENCES campaigns (campaign_id)
        );
        CREATE TRIGGER campaign_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_versions
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

        CREATE TABLE promotions (
            promotion_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            status text NOT NULL,
            terms jsonb NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            campaign_id text COLLATE "C",
            currency text NOT NULL,
            budget_minor bigint,
            total_limit bigint,
            per_user_limit bigint,
            used_orders bigint NOT NULL,
            used_minor bigint NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (promotion_id),
            CONSTRAINT promotions_status CHECK (status IN ('draft', 'active', 'paused', 'ended')),
            CONSTRAINT promotions_window CHECK (starts_at < ends_at),
            CONSTRAINT promotions_used CHECK (least(used_orders, used_minor) >= 0),
            CONSTRAINT promotions_budget CHECK (used_minor <= budget_minor),
            CONSTRAINT promotions_total_limit CHECK (used_orders <= total_limit),
            FOREIGN KEY (campaign_id) REFERENCES campaigns (campaign_id)
        );
        CREATE INDEX promotions_on_offer ON promotions (ends_at) WHERE status = 'active';
        CREATE INDEX promotions_by_campaign ON promotions (campaign_id, promotion_id) WHERE campaign_id IS NOT NULL;

        CREATE TABLE promotion_versions (
            promotion_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            terms jsonb NOT NULL,
            decided_at timestamptz NOT NULL,
            decided_by text COLLATE "C" NOT NULL,
            PRIMARY KEY (promotion_id, version),
            FOREIGN KEY (promotion_id) REFERENCES promotions (promotion_id)
        );
        CREATE TRIGGER promotion_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_versions
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

        CREATE TABLE orders_with_uses (
            order_id text COLLATE "C" NOT NULL,
            state text NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT orders_with_uses_state CHECK (state IN ('held', 'redeemed', 'returned'))
        );

        CREATE TABLE promotion_uses (
            order_id text COLLATE "C" NOT NULL,
            promotion_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            currency text NOT NULL,
            saved_minor bigint NOT NULL,
            state text NOT NULL,
            taken_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (order_id, promotion_id),
            CONSTRAINT promotion_uses_state CHECK (state IN ('held', 'redeemed', 'returned')),
            CONSTRAINT promotion_uses_saved CHECK (saved_minor >= 0),
            FOREIGN KEY (order_id) REFERENCES orders_with_uses (order_id),
            FOREIGN KEY (promotion_id, version) REFERENCES promotion_versions (promotion_id, version)
        );
        CREATE INDEX promotion_uses_that_count ON promotion_uses (user_id, promotion_id) WHERE state <> 'returned';

        CREATE TABLE purchase_limits (
            limit_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            status text NOT NULL,
            terms jsonb NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            campaign_id text COLLATE "C",
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (limit_id),
            CONSTRAINT purchase_limits_status CHECK (status IN ('draft', 'active', 'paused', 'ended')),
            CONSTRAINT purchase_limits_window CHECK (starts_at < ends_at),
            FOREIGN KEY (campaign_id) REFERENCES campaigns (campaign_id)
        );
        CREATE INDEX purchase_limits_in_force ON purchase_limits (ends_at) WHERE status = 'active';
        CREATE INDEX purchase_limits_by_campaign ON purchase_limits (campaign_id, limit_id) WHERE campaign_id IS NOT NULL;

        CREATE TABLE purchase_limit_versions (
            limit_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            terms jsonb NOT NULL,
            decided_at timestamptz NOT NULL,
            decided_by text COLLATE "C" NOT NULL,
            PRIMARY KEY (limit_id, version),
            FOREIGN KEY (limit_id) REFERENCES purchase_limits (limit_id)
        );
        CREATE TRIGGER purchase_limit_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON purchase_limit_versions
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

        CREATE TABLE counted_orders (
            order_id text COLLATE "C" NOT NULL,
            state text NOT NULL,
            asked bytea,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (order_id),
            CONSTRAINT counted_orders_state CHECK (state IN ('counted', 'returned'))
        );

        CREATE TABLE purchase_counts (
            number bigint GENERATED ALWAYS AS IDENTITY,
            order_id text COLLATE "C" NOT NULL,
            limit_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            sku_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            quantity bigint NOT NULL,
            counted_at timestamptz NOT NULL,
            returned_at timestamptz,
            PRIMARY KEY (number),
            CONSTRAINT purchase_counts_once UNIQUE (order_id, limit_id, sku_id),
            CONSTRAINT purchase_counts_quantity CHECK (quantity > 0),
            FOREIGN KEY (order_id) REFERENCES counted_orders (order_id),
            FOREIGN KEY (limit_id, version) REFERENCES purchase_limit_versions (limit_id, version)
        );
        CREATE INDEX purchase_counts_that_count ON purchase_counts (user_id, limit_id, counted_at) WHERE returned_at IS NULL;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE purchase_counts, counted_orders, purchase_limit_versions, purchase_limits, promotion_uses, orders_with_uses,
            promotion_versions, promotions, campaign_versions, campaigns;
        DROP FUNCTION refuse_change();
        """
    )
