"""Coupons: templates with their versions, codes, wallets, and what orders hold."""

from alembic import op

revision = "0002_coupons"
down_revision = "0001_rules"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Claims change `claimed` often; room on the page keeps that change out of the indexes (HOT).
    """
    CREATE TABLE coupon_templates (
        template_id text COLLATE "C" PRIMARY KEY,
        version integer NOT NULL,
        status text NOT NULL
            CONSTRAINT coupon_templates_status CHECK (status IN ('draft', 'active', 'paused', 'ended')),
        quantity bigint,
        per_user_limit bigint NOT NULL CONSTRAINT coupon_templates_per_user_limit CHECK (per_user_limit > 0),
        by_code_only boolean NOT NULL,
        claim_from timestamptz NOT NULL,
        claim_until timestamptz NOT NULL,
        campaign_id text COLLATE "C" REFERENCES campaigns,
        claimed bigint NOT NULL,
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT coupon_templates_claimed CHECK (claimed BETWEEN 0 AND coalesce(quantity, claimed))
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE coupon_template_versions (
        template_id text COLLATE "C" NOT NULL REFERENCES coupon_templates,
        version integer NOT NULL,
        terms jsonb NOT NULL,
        decided_at timestamptz NOT NULL,
        decided_by text COLLATE "C" NOT NULL,
        PRIMARY KEY (template_id, version)
    )
    """,
    """
    CREATE TRIGGER coupon_template_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON coupon_template_versions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TABLE coupon_claimants (
        template_id text COLLATE "C" NOT NULL REFERENCES coupon_templates,
        user_id text COLLATE "C" NOT NULL,
        claimed bigint NOT NULL CONSTRAINT coupon_claimants_claimed CHECK (claimed >= 0),
        PRIMARY KEY (template_id, user_id)
    )
    """,
    """
    CREATE TABLE coupon_batches (
        batch_id text COLLATE "C" PRIMARY KEY,
        template_id text COLLATE "C" NOT NULL REFERENCES coupon_templates,
        label text NOT NULL,
        codes bigint NOT NULL CONSTRAINT coupon_batches_codes CHECK (codes > 0),
        made_by text COLLATE "C" NOT NULL,
        made_at timestamptz NOT NULL,
        voided_at timestamptz
    )
    """,
    "CREATE INDEX coupon_batches_by_template ON coupon_batches (template_id, batch_id)",
    """
    CREATE TABLE coupon_codes (
        digest bytea PRIMARY KEY,
        batch_id text COLLATE "C" NOT NULL REFERENCES coupon_batches,
        coupon_id text COLLATE "C" CONSTRAINT coupon_codes_make_one_coupon UNIQUE
    )
    """,
    "CREATE INDEX coupon_codes_by_batch ON coupon_codes (batch_id)",
    """
    CREATE TABLE coupons (
        coupon_id text COLLATE "C" PRIMARY KEY,
        template_id text COLLATE "C" NOT NULL,
        template_version integer NOT NULL,
        user_id text COLLATE "C" NOT NULL,
        state text NOT NULL
            CONSTRAINT coupons_state CHECK (state IN ('claimed', 'locked', 'redeemed', 'void')),
        valid_from timestamptz NOT NULL,
        valid_until timestamptz NOT NULL,
        claimed_at timestamptz NOT NULL,
        claim_key text NOT NULL,
        code text,
        order_id text COLLATE "C",
        locked_at timestamptz,
        redeemed_at timestamptz,
        voided_at timestamptz,
        CONSTRAINT coupons_claimed_under
            FOREIGN KEY (template_id, template_version) REFERENCES coupon_template_versions (template_id, version),
        CONSTRAINT coupons_claimed_once UNIQUE (user_id, claim_key),
        CONSTRAINT coupons_say_which_order CHECK ((state IN ('locked', 'redeemed')) = (order_id IS NOT NULL)),
        CONSTRAINT coupons_locked_says_when CHECK ((state IN ('locked', 'redeemed')) = (locked_at IS NOT NULL)),
        CONSTRAINT coupons_redeemed_says_when CHECK ((state = 'redeemed') = (redeemed_at IS NOT NULL)),
        CONSTRAINT coupons_void_says_when CHECK ((state = 'void') = (voided_at IS NOT NULL))
    )
    """,
    "CREATE INDEX coupons_by_user ON coupons (user_id, coupon_id)",
    "CREATE INDEX coupons_by_template ON coupons (template_id, coupon_id)",
    "CREATE INDEX coupons_by_order ON coupons (order_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX coupons_redeemed ON coupons (template_id) WHERE state = 'redeemed'",
    """
    CREATE TABLE held_benefits (
        order_id text COLLATE "C" PRIMARY KEY,
        user_id text COLLATE "C",
        state text NOT NULL CONSTRAINT held_benefits_state CHECK (state IN ('held', 'redeemed', 'returned')),
        coupons text[] NOT NULL,
        points bigint NOT NULL CONSTRAINT held_benefits_points CHECK (points >= 0),
        uses jsonb NOT NULL,
        returned_coupons text[] NOT NULL,
        held_at timestamptz,
        redeemed_at timestamptz,
        returned_at timestamptz,
        CONSTRAINT held_benefits_are_somebodys CHECK (state = 'returned' OR user_id IS NOT NULL),
        CONSTRAINT held_benefits_returned_says_when CHECK ((state = 'returned') = (returned_at IS NOT NULL)),
        CONSTRAINT held_benefits_redeemed_says_when CHECK (state <> 'redeemed' OR redeemed_at IS NOT NULL),
        CONSTRAINT held_benefits_return_what_was_held CHECK (returned_coupons <@ coupons)
    )
    """,
    "CREATE INDEX held_benefits_open ON held_benefits (order_id) WHERE state = 'held'",
    """
    CREATE TABLE settled_refunds (
        refund_id text COLLATE "C" PRIMARY KEY,
        order_id text COLLATE "C" NOT NULL,
        asked jsonb NOT NULL,
        returned_coupons text[] NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX settled_refunds_by_order ON settled_refunds (order_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "DROP TABLE settled_refunds, held_benefits, coupons, coupon_codes, coupon_batches, coupon_claimants, "
        "coupon_template_versions, coupon_templates"
    )
