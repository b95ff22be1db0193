"""Accounts, roles, sessions, refresh tokens, verification codes, login guards and history, address books."""

from alembic import op

revision = "0001_users"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE users (
            id text PRIMARY KEY,
            email text UNIQUE,
            phone text UNIQUE,
            display_name text NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'disabled')),
            password_hash text NOT NULL,
            totp_secret bytea,
            totp_offered bytea,
            totp_last_step bigint,
            version integer NOT NULL DEFAULT 1 CHECK (version > 0),
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CHECK (num_nonnulls(email, phone) >= 1),
            CHECK (email = lower(email))
        );

        CREATE TABLE roles (
            name text PRIMARY KEY,
            title text NOT NULL,
            permissions text[] NOT NULL CHECK (
                permissions <@ ARRAY['catalogue', 'stock', 'orders', 'finance', 'service', 'ops', 'accounts']
            ),
            version integer NOT NULL DEFAULT 1 CHECK (version > 0)
        );

        CREATE TABLE user_roles (
            user_id text NOT NULL REFERENCES users,
            role text NOT NULL REFERENCES roles,
            PRIMARY KEY (user_id, role)
        );
        CREATE INDEX user_roles_role ON user_roles (role);

        CREATE TABLE sessions (
            id text PRIMARY KEY,
            user_id text NOT NULL REFERENCES users,
            device_address text NOT NULL,
            device_agent text NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            ended_at timestamptz,
            end_reason text CHECK (end_reason IN (
                'logged_out', 'revoked', 'token_reused', 'password_changed', 'roles_changed', 'account_disabled'
            )),
            CHECK ((ended_at IS NULL) = (end_reason IS NULL))
        );
        CREATE INDEX sessions_user ON sessions (user_id, id);

        CREATE TABLE refresh_tokens (
            hash bytea PRIMARY KEY CHECK (length(hash) = 32),
            session_id text NOT NULL REFERENCES sessions,
            issued_at timestamptz NOT NULL,
            used_at timestamptz
        );
        CREATE UNIQUE INDEX refresh_tokens_one_usable ON refresh_tokens (session_id) WHERE used_at IS NULL;
        CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

        CREATE TABLE verification_codes (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            contact text NOT NULL,
            purpose text NOT NULL CHECK (purpose IN ('register', 'reset_password', 'change_contact')),
            code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            tries_left integer NOT NULL CHECK (tries_left >= 0),
            used_at timestamptz
        );
        CREATE INDEX verification_codes_contact ON verification_codes (contact, purpose, id);
        CREATE INDEX verification_codes_created ON verification_codes (created_at);

        CREATE TABLE login_guards (
            subject bytea PRIMARY KEY CHECK (length(subject) = 32),
            failures integer NOT NULL CHECK (failures > 0),
            blocked_until timestamptz NOT NULL,
            last_try_at timestamptz NOT NULL
        );
        CREATE INDEX login_guards_last_try ON login_guards (last_try_at);

        CREATE TABLE login_attempts (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id text NOT NULL REFERENCES users,
            at timestamptz NOT NULL,
            outcome text NOT NULL CHECK (outcome IN (
                'succeeded', 'wrong_password', 'second_factor_missing', 'second_factor_wrong', 'account_disabled'
            )),
            device_address text NOT NULL,
            device_agent text NOT NULL
        );
        CREATE INDEX login_attempts_user ON login_attempts (user_id, id);

        CREATE TABLE addresses (
            id text PRIMARY KEY,
            user_id text NOT NULL REFERENCES users,
            recipient text NOT NULL,
            phone text NOT NULL,
            country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
            region text NOT NULL,
            city text NOT NULL,
            line text NOT NULL,
            postal_code text NOT NULL,
            is_default boolean NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        );
        CREATE INDEX addresses_user ON addresses (user_id, id);
        CREATE UNIQUE INDEX addresses_one_default ON addresses (user_id) WHERE is_default;

        INSERT INTO roles (name, title, permissions) VALUES
            ('administrator', 'Administrator', ARRAY['catalogue', 'stock', 'orders', 'finance', 'service', 'ops', 'accounts']),
            ('catalogue', 'Catalogue', ARRAY['catalogue']),
            ('warehouse', 'Warehouse', ARRAY['stock', 'orders']),
            ('service', 'Customer service', ARRAY['orders', 'service']),
            ('finance', 'Finance', ARRAY['finance']),
            ('marketing', 'Marketing', ARRAY['catalogue', 'ops']);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE addresses, login_attempts, login_guards, verification_codes, refresh_tokens, sessions, user_roles, roles, users
        """
    )
