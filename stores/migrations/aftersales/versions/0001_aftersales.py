"""Cases, their timeline and their evidence."""

from alembic import op

revision = "0001_aftersales"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE aftersales (
            aftersale_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            payment_id text COLLATE "C" NOT NULL,
            kind text NOT NULL,
            reason text NOT NULL,
            description text NOT NULL,
            state text NOT NULL,
            lines jsonb NOT NULL,
            accepted jsonb NOT NULL,
            evidence text[] NOT NULL,
            currency text NOT NULL,
            proposed_minor bigint NOT NULL,
            at_most_minor bigint,
            lowered_because text NOT NULL,
            automatic boolean NOT NULL,
            escalated boolean NOT NULL,
            appealed boolean NOT NULL,
            decision text NOT NULL,
            return_waybill jsonb,
            inspection jsonb NOT NULL,
            refund_id text COLLATE "C",
            refunded_minor bigint,
            shipment_id text COLLATE "C",
            applied_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            due_at timestamptz,
            version integer NOT NULL,
            PRIMARY KEY (aftersale_id),
            CONSTRAINT aftersales_kind CHECK (kind IN ('refund_only', 'return_refund', 'exchange')),
            CONSTRAINT aftersales_state
                CHECK (state IN ('applied', 'auditing', 'awaiting_return', 'returning', 'received', 'replacing', 'sold_out',
                    'replacement_sent', 'refunding', 'refund_refused', 'rejected', 'refunded', 'exchanged', 'withdrawn',
                    'expired', 'closed')),
            CONSTRAINT aftersales_amounts CHECK (least(proposed_minor, at_most_minor, refunded_minor) >= 0),
            CONSTRAINT aftersales_lowered CHECK ((at_most_minor IS NULL) = (lowered_because = '')),
            CONSTRAINT aftersales_refunded CHECK (state <> 'refunded' OR refunded_minor IS NOT NULL),
            CONSTRAINT aftersales_returning CHECK (state <> 'returning' OR return_waybill IS NOT NULL),
            CONSTRAINT aftersales_version CHECK (version > 0)
        ) WITH (fillfactor = 80);
        CREATE INDEX aftersales_by_user ON aftersales (user_id, aftersale_id);
        CREATE INDEX aftersales_by_order ON aftersales (order_id);
        CREATE INDEX aftersales_by_state ON aftersales (state, aftersale_id);

        CREATE TABLE aftersale_timeline (
            number bigint GENERATED ALWAYS AS IDENTITY,
            aftersale_id text COLLATE "C" NOT NULL REFERENCES aftersales,
            version integer NOT NULL,
            at timestamptz NOT NULL,
            state text NOT NULL,
            actor text NOT NULL,
            detail text NOT NULL,
            PRIMARY KEY (number),
            CONSTRAINT aftersale_timeline_once UNIQUE (aftersale_id, version),
            CONSTRAINT aftersale_timeline_detail CHECK (length(detail) <= 500)
        );

        CREATE TABLE aftersale_waybills (
            carrier text COLLATE "C" NOT NULL,
            waybill text COLLATE "C" NOT NULL,
            aftersale_id text COLLATE "C" NOT NULL REFERENCES aftersales,
            PRIMARY KEY (carrier, waybill)
        );
        CREATE INDEX aftersale_waybills_by_case ON aftersale_waybills (aftersale_id);

        CREATE TABLE aftersale_evidence (
            evidence_id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            aftersale_id text COLLATE "C" REFERENCES aftersales,
            name text NOT NULL,
            small_name text NOT NULL,
            width integer NOT NULL,
            height integer NOT NULL,
            uploaded_at timestamptz NOT NULL,
            PRIMARY KEY (evidence_id)
        );
        CREATE INDEX aftersale_evidence_by_case ON aftersale_evidence (aftersale_id);
        CREATE INDEX aftersale_evidence_by_user ON aftersale_evidence (user_id, uploaded_at);
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE aftersale_evidence, aftersale_waybills, aftersale_timeline, aftersales;")
