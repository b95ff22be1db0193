"""Black and white lists."""

from alembic import op

revision = "0003_lists"
down_revision = "0002_idempotency"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE list_entries (
            entry_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            kind text NOT NULL,
            subject text NOT NULL,
            value text,
            digest bytea,
            network cidr,
            shown text NOT NULL,
            reason text NOT NULL,
            note text NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz,
            added_by text COLLATE "C" NOT NULL,
            added_at timestamptz NOT NULL,
            changed_by text COLLATE "C" NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (entry_id),
            CONSTRAINT list_entries_kind CHECK (kind IN ('black', 'white')),
            CONSTRAINT list_entries_value CHECK (
                CASE subject WHEN 'user' THEN value IS NOT NULL WHEN 'device' THEN value IS NOT NULL
                WHEN 'ip' THEN network IS NOT NULL WHEN 'phone' THEN digest IS NOT NULL
                WHEN 'address' THEN digest IS NOT NULL ELSE false END AND num_nonnulls(value, digest, network) = 1
            ),
            CONSTRAINT list_entries_window CHECK (starts_at < ends_at)
        );
        CREATE INDEX list_entries_by_digest ON list_entries (digest) WHERE digest IS NOT NULL;
        CREATE INDEX list_entries_by_network ON list_entries USING gist (network inet_ops) WHERE network IS NOT NULL;
        CREATE INDEX list_entries_by_value ON list_entries (value) WHERE value IS NOT NULL;
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE list_entries")
