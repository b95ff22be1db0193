"""Payments, attempts, refunds, the books, and what channels sent."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Room on each page keeps the frequent change of a payment's sums out of the indexes (HOT).
    """
    CREATE TABLE payments (
        payment_id text COLLATE "C" PRIMARY KEY,
        order_id text COLLATE "C" NOT NULL CONSTRAINT payments_one_per_order UNIQUE,
        user_id text COLLATE "C" NOT NULL,
        currency text NOT NULL CONSTRAINT payments_currency CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CONSTRAINT payments_amount CHECK (amount_minor > 0),
        captured_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_captured CHECK (captured_minor >= 0),
        refunded_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_refunded CHECK (refunded_minor >= 0),
        held_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_held CHECK (held_minor >= 0),
        state text NOT NULL CONSTRAINT payments_state CHECK (state IN ('pending', 'paid', 'closed')),
        closed_as text CONSTRAINT payments_closed_as CHECK (closed_as IN ('expired', 'cancelled')),
        due_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT payments_never_more_than_owed CHECK (captured_minor <= amount_minor),
        CONSTRAINT payments_never_more_back_than_came CHECK (refunded_minor + held_minor <= captured_minor),
        CONSTRAINT payments_paid_is_complete CHECK ((state = 'paid') = (captured_minor = amount_minor)),
        CONSTRAINT payments_closed_keeps_nothing CHECK (state <> 'closed' OR captured_minor = 0),
        CONSTRAINT payments_closed_says_how CHECK ((state = 'closed') = (closed_as IS NOT NULL)),
        CONSTRAINT payments_settled_says_when CHECK ((state = 'pending') = (settled_at IS NULL))
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX payments_by_user ON payments (user_id, payment_id)",
    "CREATE INDEX payments_by_state ON payments (state, payment_id)",
    """
    CREATE TABLE attempts (
        attempt_id text COLLATE "C" PRIMARY KEY,
        payment_id text COLLATE "C" NOT NULL CONSTRAINT attempts_of_payment REFERENCES payments (payment_id),
        order_id text COLLATE "C" NOT NULL,
        channel text NOT NULL,
        method text NOT NULL,
        instalments integer NOT NULL CONSTRAINT attempts_instalments CHECK (instalments BETWEEN 1 AND 48),
        currency text NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT attempts_amount CHECK (amount_minor > 0),
        refunded_minor bigint NOT NULL DEFAULT 0 CONSTRAINT attempts_refunded CHECK (refunded_minor >= 0),
        held_minor bigint NOT NULL DEFAULT 0 CONSTRAINT attempts_held CHECK (held_minor >= 0),
        state text NOT NULL CONSTRAINT attempts_state CHECK (state IN ('pending', 'captured', 'surplus', 'closed')),
        surplus_reason text,
        channel_reference text,
        cashier_url text,
        channel_transaction text,
        captured_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT attempts_transaction_booked_once UNIQUE (channel, channel_transaction),
        CONSTRAINT attempts_money_has_a_transaction CHECK (
            (state IN ('captured', 'surplus')) = (channel_transaction IS NOT NULL AND captured_at IS NOT NULL)
        ),
        CONSTRAINT attempts_surplus_says_why CHECK ((state = 'surplus') = (surplus_reason IS NOT NULL)),
        CONSTRAINT attempts_never_more_back_than_came CHECK (
            refunded_minor + held_minor <= CASE WHEN channel_transaction IS NULL THEN 0 ELSE amount_minor END
        )
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX attempts_by_payment ON attempts (payment_id, attempt_id)",
    "CREATE INDEX attempts_pending ON attempts (created_at, attempt_id) WHERE state = 'pending'",
    """
    CREATE TABLE mismatches (
        channel text NOT NULL,
        channel_transaction text NOT NULL,
        attempt_id text COLLATE "C" NOT NULL CONSTRAINT mismatches_of_attempt REFERENCES attempts (attempt_id),
        payment_id text COLLATE "C" NOT NULL,
        expected_minor bigint NOT NULL,
        expected_currency text NOT NULL,
        reported_minor bigint NOT NULL,
        reported_currency text NOT NULL,
        why text NOT NULL CONSTRAINT mismatches_why CHECK (why IN ('amount', 'transaction')),
        event_id text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (channel, channel_transaction, attempt_id, reported_minor, reported_currency)
    )
    """,
    "CREATE INDEX mismatches_by_time ON mismatches (at)",
    """
    CREATE TABLE refunds (
        refund_id text COLLATE "C" PRIMARY KEY,
        payment_id text COLLATE "C" NOT NULL CONSTRAINT refunds_of_payment REFERENCES payments (payment_id),
        order_id text COLLATE "C" NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT refunds_amount CHECK (amount_minor > 0),
        asked_minor bigint,
        reason text NOT NULL,
        state text NOT NULL
            CONSTRAINT refunds_state CHECK (state IN ('held', 'submitted', 'succeeded', 'refused', 'other_means')),
        attempt_id text COLLATE "C" CONSTRAINT refunds_of_surplus REFERENCES attempts (attempt_id),
        lines jsonb NOT NULL,
        actor text NOT NULL,
        note text NOT NULL,
        round_no integer NOT NULL DEFAULT 1,
        refusal text,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT refunds_finished_says_when CHECK ((state IN ('succeeded', 'other_means')) = (finished_at IS NOT NULL))
    )
    """,
    "CREATE INDEX refunds_by_payment ON refunds (payment_id, refund_id)",
    "CREATE INDEX refunds_by_state ON refunds (state, refund_id)",
    "CREATE INDEX refunds_by_attempt ON refunds (attempt_id) WHERE attempt_id IS NOT NULL",
    """
    CREATE TABLE refund_legs (
        leg_id text COLLATE "C" PRIMARY KEY,
        refund_id text COLLATE "C" NOT NULL CONSTRAINT refund_legs_of_refund REFERENCES refunds (refund_id),
        attempt_id text COLLATE "C" NOT NULL CONSTRAINT refund_legs_over_attempt REFERENCES attempts (attempt_id),
        round_no integer NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT refund_legs_amount CHECK (amount_minor > 0),
        state text NOT NULL
            CONSTRAINT refund_legs_state
            CHECK (state IN ('held', 'processing', 'succeeded', 'refused', 'released', 'contradicted')),
        detail text NOT NULL DEFAULT '',
        CONSTRAINT refund_legs_once_a_round UNIQUE (refund_id, round_no, attempt_id)
    )
    """,
    "CREATE INDEX refund_legs_by_attempt ON refund_legs (attempt_id)",
    """
    CREATE TABLE ledger (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL CONSTRAINT ledger_kind CHECK (kind IN (
            'capture', 'surplus', 'fee', 'unkeep', 'refund_hold', 'refund_release', 'refund', 'other_means'
        )),
        reference text COLLATE "C" NOT NULL,
        debit text NOT NULL,
        credit text NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT ledger_amount CHECK (amount_minor > 0),
        currency text NOT NULL,
        payment_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT ledger_once UNIQUE (kind, reference),
        CONSTRAINT ledger_two_accounts CHECK (debit <> credit)
    )
    """,
    "CREATE INDEX ledger_by_payment ON ledger (payment_id, number)",
    "CREATE INDEX ledger_by_time ON ledger (at)",
    """
    CREATE TABLE callbacks (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        addressed_to text NOT NULL,
        channel text,
        event_id text,
        verdict text NOT NULL CONSTRAINT callbacks_verdict CHECK (
            verdict IN ('genuine', 'signature_invalid', 'timestamp_stale', 'malformed', 'unknown_payment')
        ),
        headers jsonb NOT NULL,
        body bytea NOT NULL CONSTRAINT callbacks_body CHECK (octet_length(body) <= 65536),
        size bigint NOT NULL,
        received_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX callbacks_by_address ON callbacks (addressed_to, number)",
    """
    CREATE TABLE told_events (
        channel text NOT NULL,
        event_id text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (channel, event_id)
    )
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused; correct it with a new row', TG_TABLE_NAME, TG_OP;
    END $$
    """,
    """
    CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER callbacks_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON callbacks
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE told_events, callbacks, ledger, refund_legs, refunds, mismatches, attempts, payments")
    op.execute("DROP FUNCTION refuse_change()")
