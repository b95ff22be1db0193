"""Statements of channels, and what came of holding them against our books."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE statements (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel text NOT NULL,
        day date NOT NULL,
        revision integer NOT NULL,
        digest text NOT NULL,
        state text NOT NULL CONSTRAINT statements_state CHECK (state IN ('accepted', 'refused')),
        lines bigint NOT NULL,
        begins timestamptz NOT NULL,
        ends timestamptz NOT NULL,
        fetched_at timestamptz NOT NULL,
        CONSTRAINT statements_kept_once UNIQUE (channel, day, digest),
        CONSTRAINT statements_one_revision UNIQUE (channel, day, revision)
    )
    """,
    # No foreign key to its statement: a trigger a line would double the time of a million of them, and both are written in
    # one transaction and never again.
    """
    CREATE TABLE statement_lines (
        statement bigint NOT NULL,
        line integer NOT NULL,
        kind text NOT NULL CONSTRAINT statement_lines_kind CHECK (kind IN ('payment', 'refund', 'fee')),
        transaction_id text COLLATE "C" NOT NULL,
        merchant_id text COLLATE "C" NOT NULL,
        channel_reference text NOT NULL,
        amount_minor bigint NOT NULL,
        currency text NOT NULL,
        occurred_at timestamptz NOT NULL,
        PRIMARY KEY (statement, line, kind)
    )
    """,
    "CREATE INDEX statement_lines_by_transaction ON statement_lines (transaction_id, kind)",
    "CREATE INDEX statement_lines_by_refund ON statement_lines (merchant_id) WHERE kind = 'refund'",
    """
    CREATE TABLE reconciliations (
        statement bigint PRIMARY KEY CONSTRAINT reconciliations_of_statement REFERENCES statements (number),
        outcome text NOT NULL CONSTRAINT reconciliations_outcome CHECK (outcome IN ('balanced', 'differs', 'failed')),
        failure text,
        failure_line integer,
        judged_from timestamptz NOT NULL,
        judged_until timestamptz NOT NULL,
        totals jsonb NOT NULL,
        fees jsonb NOT NULL,
        differences bigint NOT NULL,
        repairs bigint NOT NULL,
        made_at timestamptz NOT NULL,
        CONSTRAINT reconciliations_failed_says_why CHECK ((outcome = 'failed') = (failure IS NOT NULL))
    )
    """,
    """
    CREATE TABLE reconciliation_differences (
        report bigint NOT NULL CONSTRAINT differences_of_statement REFERENCES statements (number),
        number integer NOT NULL,
        kind text NOT NULL CONSTRAINT differences_kind CHECK (
            kind IN ('missing_here', 'missing_there', 'amount_differs', 'duplicate', 'refund_missing_here',
                     'refund_missing_there', 'refund_differs')
        ),
        line integer,
        transaction_id text,
        merchant_id text,
        attempt_id text COLLATE "C",
        payment_id text COLLATE "C",
        order_id text COLLATE "C",
        currency text NOT NULL,
        ours_minor bigint,
        theirs_minor bigint,
        occurred_at timestamptz NOT NULL,
        repair text CONSTRAINT differences_repair CHECK (repair IN ('report_payment', 'report_refund')),
        PRIMARY KEY (report, number)
    )
    """,
    """
    CREATE TABLE reconciliation_repairs (
        report bigint NOT NULL,
        number integer NOT NULL,
        done_at timestamptz NOT NULL,
        PRIMARY KEY (report, number),
        CONSTRAINT repairs_of_difference FOREIGN KEY (report, number)
            REFERENCES reconciliation_differences (report, number)
    )
    """,
    *(
        f"""
        CREATE TRIGGER {table}_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
        for table in (
            "statements",
            "statement_lines",
            "reconciliations",
            "reconciliation_differences",
            "reconciliation_repairs",
        )
    ),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "DROP TABLE reconciliation_repairs, reconciliation_differences, reconciliations, statement_lines, statements"
    )
