"""What is kept to hold search index and listeners in step with the catalogue. All tables are new: no lock meets a running shop."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE told (
        spu_id text PRIMARY KEY CONSTRAINT told_product REFERENCES spus (id),
        revision bigint NOT NULL DEFAULT 0,
        state jsonb,
        telling jsonb
    )
    """,
    """
    CREATE TABLE indexed (
        build text NOT NULL,
        spu_id text NOT NULL CONSTRAINT indexed_product REFERENCES spus (id),
        revision bigint NOT NULL,
        whole bigint NOT NULL,
        digest text,
        PRIMARY KEY (build, spu_id)
    )
    """,
    """
    CREATE TABLE search_sent (
        index text NOT NULL,
        spu_id text COLLATE "C" NOT NULL,
        revision bigint NOT NULL,
        offers_revision bigint NOT NULL,
        gone boolean NOT NULL,
        PRIMARY KEY (index, spu_id)
    )
    """,
    """
    CREATE TABLE meilisearch_builds (
        name text PRIMARY KEY,
        state text NOT NULL CONSTRAINT meilisearch_builds_state CHECK (state IN ('building', 'live', 'replaced'))
    )
    """,
    """
    CREATE TABLE search_builds (
        name text PRIMARY KEY,
        after text NOT NULL DEFAULT '',
        done bigint NOT NULL DEFAULT 0,
        begun_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE search_builds, search_sent, meilisearch_builds, indexed, told")
