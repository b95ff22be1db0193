"""Chargebacks and adjustments in the books, fees corrected to what a channel states, and the fees of statements compared."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = "'capture', 'surplus', 'fee', 'unkeep', 'refund_hold', 'refund_release', 'refund', 'other_means'"
_DIFFERENCES = (
    "'missing_here', 'missing_there', 'amount_differs', 'duplicate', 'refund_missing_here', 'refund_missing_there', "
    "'refund_differs'"
)
_ACCOUNT = (
    "^(channel:.+|customer_deposits|surplus_deposits|refunds_payable|fees|other_means|chargebacks|adjustments)$"
)

_STATEMENTS = (
    """
    ALTER TABLE payments
        ADD COLUMN charged_back_minor bigint NOT NULL DEFAULT 0,
        DROP CONSTRAINT payments_never_more_back_than_came
    """,
    """
    ALTER TABLE payments
        ADD CONSTRAINT payments_charged_back CHECK (charged_back_minor >= 0) NOT VALID,
        ADD CONSTRAINT payments_never_more_back_than_came CHECK (
            refunded_minor + held_minor + charged_back_minor <= captured_minor
        ) NOT VALID
    """,
    "ALTER TABLE payments VALIDATE CONSTRAINT payments_charged_back",
    "ALTER TABLE payments VALIDATE CONSTRAINT payments_never_more_back_than_came",
    """
    ALTER TABLE attempts
        ADD COLUMN charged_back_minor bigint NOT NULL DEFAULT 0,
        DROP CONSTRAINT attempts_never_more_back_than_came
    """,
    """
    ALTER TABLE attempts
        ADD CONSTRAINT attempts_charged_back CHECK (charged_back_minor >= 0) NOT VALID,
        ADD CONSTRAINT attempts_never_more_back_than_came CHECK (
            refunded_minor + held_minor + charged_back_minor
                <= CASE WHEN channel_transaction IS NULL THEN 0 ELSE amount_minor END
        ) NOT VALID
    """,
    "ALTER TABLE attempts VALIDATE CONSTRAINT attempts_charged_back",
    "ALTER TABLE attempts VALIDATE CONSTRAINT attempts_never_more_back_than_came",
    """
    CREATE TABLE chargebacks (
        chargeback_id text COLLATE "C" PRIMARY KEY,
        attempt_id text COLLATE "C" NOT NULL CONSTRAINT chargebacks_of_attempt REFERENCES attempts (attempt_id),
        payment_id text COLLATE "C" NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        channel text NOT NULL,
        reference text NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT chargebacks_amount CHECK (amount_minor > 0),
        covered_minor bigint NOT NULL DEFAULT 0
            CONSTRAINT chargebacks_covered CHECK (covered_minor BETWEEN 0 AND amount_minor),
        currency text NOT NULL,
        reason text NOT NULL,
        source text NOT NULL CONSTRAINT chargebacks_source CHECK (source IN ('statement', 'operator')),
        actor text NOT NULL,
        occurred_at timestamptz NOT NULL,
        booked_at timestamptz NOT NULL,
        CONSTRAINT chargebacks_booked_once UNIQUE (channel, reference)
    )
    """,
    "CREATE INDEX chargebacks_by_attempt ON chargebacks (attempt_id)",
    "CREATE INDEX chargebacks_by_payment ON chargebacks (payment_id, chargeback_id)",
    """
    CREATE TABLE adjustments (
        adjustment_id text COLLATE "C" PRIMARY KEY,
        debit text NOT NULL,
        credit text NOT NULL,
        amount_minor bigint NOT NULL CONSTRAINT adjustments_amount CHECK (amount_minor > 0),
        currency text NOT NULL,
        reason text NOT NULL,
        actor text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TRIGGER adjustments_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustments
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    ALTER TABLE ledger
        ALTER COLUMN payment_id DROP NOT NULL,
        ALTER COLUMN order_id DROP NOT NULL,
        DROP CONSTRAINT ledger_kind
    """,
    f"""
    ALTER TABLE ledger
        ADD CONSTRAINT ledger_kind CHECK (
            kind IN ({_KINDS}, 'fee_correction', 'chargeback', 'chargeback_cover', 'adjustment')
        ) NOT VALID,
        ADD CONSTRAINT ledger_of_a_payment CHECK (
            (kind = 'adjustment') = (payment_id IS NULL) AND (kind = 'adjustment') = (order_id IS NULL)
        ) NOT VALID,
        ADD CONSTRAINT ledger_accounts CHECK (debit ~ '{_ACCOUNT}' AND credit ~ '{_ACCOUNT}') NOT VALID
    """,
    "ALTER TABLE ledger VALIDATE CONSTRAINT ledger_kind",
    "ALTER TABLE ledger VALIDATE CONSTRAINT ledger_of_a_payment",
    "ALTER TABLE ledger VALIDATE CONSTRAINT ledger_accounts",
    "ALTER TABLE statement_lines DROP CONSTRAINT statement_lines_kind",
    """
    ALTER TABLE statement_lines
        ADD CONSTRAINT statement_lines_kind CHECK (kind IN ('payment', 'refund', 'fee', 'chargeback')) NOT VALID
    """,
    "ALTER TABLE statement_lines VALIDATE CONSTRAINT statement_lines_kind",
    "ALTER TABLE reconciliation_differences DROP CONSTRAINT differences_kind, DROP CONSTRAINT differences_repair",
    f"""
    ALTER TABLE reconciliation_differences
        ADD CONSTRAINT differences_kind CHECK (
            kind IN ({_DIFFERENCES}, 'fee_differs', 'chargeback_missing_here', 'chargeback_missing_there',
                     'chargeback_differs')
        ) NOT VALID,
        ADD CONSTRAINT differences_repair CHECK (
            repair IN ('report_payment', 'report_refund', 'book_fee', 'book_chargeback')
        ) NOT VALID
    """,
    "ALTER TABLE reconciliation_differences VALIDATE CONSTRAINT differences_kind",
    "ALTER TABLE reconciliation_differences VALIDATE CONSTRAINT differences_repair",
)


_BACK = (
    """
    ALTER TABLE reconciliation_differences DROP CONSTRAINT differences_kind, DROP CONSTRAINT differences_repair
    """,
    f"""
    ALTER TABLE reconciliation_differences
        ADD CONSTRAINT differences_kind CHECK (kind IN ({_DIFFERENCES})),
        ADD CONSTRAINT differences_repair CHECK (repair IN ('report_payment', 'report_refund'))
    """,
    "ALTER TABLE statement_lines DROP CONSTRAINT statement_lines_kind",
    """
    ALTER TABLE statement_lines ADD CONSTRAINT statement_lines_kind CHECK (kind IN ('payment', 'refund', 'fee'))
    """,
    """
    ALTER TABLE ledger DROP CONSTRAINT ledger_kind, DROP CONSTRAINT ledger_of_a_payment, DROP CONSTRAINT ledger_accounts
    """,
    f"""
    ALTER TABLE ledger
        ADD CONSTRAINT ledger_kind CHECK (kind IN ({_KINDS})),
        ALTER COLUMN payment_id SET NOT NULL, ALTER COLUMN order_id SET NOT NULL
    """,
    "DROP TABLE adjustments, chargebacks",
    """
    ALTER TABLE attempts DROP CONSTRAINT attempts_never_more_back_than_came, DROP COLUMN charged_back_minor
    """,
    """
    ALTER TABLE attempts ADD CONSTRAINT attempts_never_more_back_than_came CHECK (
        refunded_minor + held_minor <= CASE WHEN channel_transaction IS NULL THEN 0 ELSE amount_minor END
        )
    """,
    """
    ALTER TABLE payments DROP CONSTRAINT payments_never_more_back_than_came, DROP COLUMN charged_back_minor
    """,
    """
    ALTER TABLE payments ADD CONSTRAINT payments_never_more_back_than_came CHECK (
        refunded_minor + held_minor <= captured_minor
        )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for statement in _BACK:
        op.execute(statement)
