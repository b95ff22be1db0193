"""Notices and outgoing webhooks."""

from alembic import op

revision = "0001_notifications"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE notification_preferences (
            user_id text COLLATE "C" PRIMARY KEY,
            language text NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT notification_preferences_language CHECK (language IN ('zh', 'en'))
        );
        CREATE TABLE notices (
            cause text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            template text NOT NULL,
            language text NOT NULL,
            channel text NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (cause, user_id),
            CONSTRAINT notices_language CHECK (language IN ('zh', 'en'))
        );
        CREATE INDEX notices_by_user ON notices (user_id, at);

        CREATE TABLE webhook_endpoints (
            endpoint_id text COLLATE "C" PRIMARY KEY,
            url text NOT NULL,
            description text NOT NULL,
            event_types text[] NOT NULL,
            enabled boolean NOT NULL,
            disabled_why text,
            failing_since timestamptz,
            created_by text COLLATE "C" NOT NULL,
            created_at timestamptz NOT NULL,
            version integer NOT NULL,
            CONSTRAINT webhook_endpoints_disabled_why CHECK (enabled = (disabled_why IS NULL))
        );
        CREATE TABLE webhook_secrets (
            endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints (endpoint_id),
            number integer NOT NULL,
            sealed bytea NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz,
            PRIMARY KEY (endpoint_id, number)
        );
        CREATE TABLE webhook_deliveries (
            delivery_id text COLLATE "C" PRIMARY KEY,
            endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints (endpoint_id),
            message_id text COLLATE "C" NOT NULL,
            event_type text NOT NULL,
            event_id text NOT NULL,
            body text NOT NULL,
            occurred_at timestamptz NOT NULL,
            state text NOT NULL,
            attempts integer NOT NULL,
            created_at timestamptz NOT NULL,
            finished_at timestamptz,
            CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, message_id),
            CONSTRAINT webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed', 'dropped')),
            CONSTRAINT webhook_deliveries_finished CHECK ((state = 'pending') = (finished_at IS NULL))
        );
        CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, delivery_id);
        CREATE TABLE webhook_attempts (
            delivery_id text COLLATE "C" NOT NULL REFERENCES webhook_deliveries (delivery_id),
            number integer NOT NULL,
            at timestamptz NOT NULL,
            status integer,
            failure text,
            duration_ms integer NOT NULL,
            excerpt text NOT NULL,
            PRIMARY KEY (delivery_id, number)
        );
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints, notices,
            notification_preferences;
        """
    )
