"""The audit log of operators' actions: rows are added and never changed."""

from alembic import op

revision = "0001_audit_log"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE audit_log (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            operator_id text NOT NULL,
            session_id text NOT NULL,
            action text NOT NULL,
            subject text NOT NULL,
            phase text NOT NULL CHECK (phase IN ('intended', 'done', 'refused', 'failed')),
            details jsonb NOT NULL,
            address text NOT NULL,
            trace_id text,
            intent bigint REFERENCES audit_log,
            CHECK ((phase = 'intended') = (intent IS NULL))
        );
        CREATE UNIQUE INDEX audit_log_one_end ON audit_log (intent);
        CREATE INDEX audit_log_operator ON audit_log (operator_id, id);
        CREATE INDEX audit_log_subject ON audit_log (subject, id);

        CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
            FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
        ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only;
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE audit_log; DROP FUNCTION audit_log_is_append_only()")
