"""Remembered requests: what was asked with an Idempotency-Key and what was answered."""

from alembic import op

revision = "0002_idempotency"
down_revision = "0001_audit_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE idempotency_keys (
            scope bytea PRIMARY KEY,
            fingerprint bytea NOT NULL,
            first_seen_at timestamptz NOT NULL,
            lease_until timestamptz NOT NULL,
            status smallint,
            media_type text,
            body bytea,
            CONSTRAINT idempotency_keys_answer_is_whole
                CHECK ((status IS NULL) = (media_type IS NULL) AND (status IS NULL) = (body IS NULL))
        );
        CREATE INDEX idempotency_keys_age ON idempotency_keys (first_seen_at);
        """
    )
