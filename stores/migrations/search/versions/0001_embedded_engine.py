"""The embedded search engine: what it holds of products, its vocabulary, its facets, what it suggests, and its builds.

A build is a set of the same tables with another ending (`CREATE TABLE … LIKE`); the live set has none.
"""

from alembic import op

revision = "0001_embedded_engine"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE EXTENSION IF NOT EXISTS pg_trgm;

        CREATE TABLE items (
            spu_id text COLLATE "C" PRIMARY KEY,
            revision bigint NOT NULL,
            offers_revision bigint NOT NULL,
            gone boolean NOT NULL,
            -- What is only looked up by its index lies apart; what every candidate is ranked by lies in the row, uncompressed.
            words tsvector STORAGE EXTERNAL NOT NULL,
            described tsvector STORAGE EXTERNAL NOT NULL,
            ranked tsvector STORAGE MAIN NOT NULL,
            title text STORAGE MAIN NOT NULL,
            facets int[] STORAGE MAIN NOT NULL,
            variants int[] STORAGE MAIN NOT NULL,
            codes text[] STORAGE MAIN NOT NULL,
            prices bigint[] STORAGE MAIN NOT NULL,
            price_from bigint NOT NULL,
            price_to bigint NOT NULL,
            in_stock boolean NOT NULL,
            sales int NOT NULL,
            published_at timestamptz NOT NULL
        ) WITH (fillfactor = 80, toast_tuple_target = 1600);
        CREATE INDEX items_words ON items USING gin (words) WITH (fastupdate = off);
        CREATE INDEX items_described ON items USING gin (described) WITH (fastupdate = off);
        CREATE INDEX items_facets ON items USING gin (facets) WITH (fastupdate = off);
        CREATE INDEX items_variants ON items USING gin (variants) WITH (fastupdate = off);
        CREATE INDEX items_codes ON items USING gin (codes) WITH (fastupdate = off);
        CREATE INDEX items_sales ON items (sales DESC, published_at DESC, spu_id) WHERE NOT gone;
        CREATE INDEX items_newest ON items (published_at DESC, spu_id) WHERE NOT gone;
        CREATE INDEX items_price_from ON items (price_from, published_at DESC, spu_id) WHERE NOT gone;
        CREATE INDEX items_price_to ON items (price_to DESC, published_at DESC, spu_id) WHERE NOT gone;

        CREATE TABLE documents (
            spu_id text COLLATE "C" PRIMARY KEY,
            shown jsonb NOT NULL,
            vocabulary text[] NOT NULL,
            names text[] NOT NULL
        ) WITH (fillfactor = 90);

        CREATE TABLE facet_values (
            id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            facet text COLLATE "C" NOT NULL,
            value text COLLATE "C" NOT NULL,
            label text NOT NULL,
            names text[] NOT NULL,
            products int NOT NULL DEFAULT 0,
            UNIQUE (facet, value)
        ) WITH (fillfactor = 80);
        CREATE INDEX facet_values_names ON facet_values USING gin (names) WHERE facet IN ('brand', 'category');

        CREATE TABLE vocabulary (
            word text COLLATE "C" PRIMARY KEY,
            spelling text COLLATE "C" NOT NULL,
            initials text COLLATE "C" NOT NULL,
            sound text COLLATE "C" NOT NULL,
            products int NOT NULL,
            names int NOT NULL
        ) WITH (fillfactor = 80);
        CREATE INDEX vocabulary_spelling ON vocabulary (spelling) INCLUDE (word);
        CREATE INDEX vocabulary_initials ON vocabulary (initials) INCLUDE (word);
        CREATE INDEX vocabulary_sound ON vocabulary (sound);
        CREATE INDEX vocabulary_sounds_like ON vocabulary USING gin (sound gin_trgm_ops) WITH (fastupdate = off);

        CREATE TABLE suggestions (
            kind text COLLATE "C" NOT NULL,
            ref text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            text text NOT NULL,
            weight int NOT NULL,
            PRIMARY KEY (kind, ref, key)
        ) WITH (fillfactor = 80);
        CREATE INDEX suggestions_one ON suggestions (left(key, 1), weight DESC);
        CREATE INDEX suggestions_two ON suggestions (left(key, 2), weight DESC);
        CREATE INDEX suggestions_three ON suggestions (left(key, 3), weight DESC);
        CREATE INDEX suggestions_key ON suggestions (key);

        CREATE TABLE builds (
            name text COLLATE "C" PRIMARY KEY,
            ending text COLLATE "C" NOT NULL UNIQUE,
            state text COLLATE "C" NOT NULL CHECK (state IN ('building', 'live', 'replaced'))
        );
        CREATE UNIQUE INDEX builds_one_live ON builds (state) WHERE state = 'live';
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE items, documents, facet_values, vocabulary, suggestions, builds")
