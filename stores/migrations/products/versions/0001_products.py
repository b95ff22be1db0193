"""Merchants, brands, the category tree, products with SKUs, prices, pictures."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = """
CREATE TABLE merchants (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    city text NOT NULL,
    region text NOT NULL,
    version bigint NOT NULL DEFAULT 1
);

CREATE TABLE brands (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    version bigint NOT NULL DEFAULT 1
);

CREATE TABLE categories (
    id text PRIMARY KEY,
    parent_id text REFERENCES categories (id),
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    position bigint NOT NULL,
    path text[] NOT NULL,
    attributes jsonb NOT NULL DEFAULT '[]',
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT categories_path_ends_here CHECK (path[cardinality(path)] = id),
    CONSTRAINT categories_depth CHECK (cardinality(path) BETWEEN 1 AND 8)
);

CREATE INDEX categories_parent ON categories (parent_id);

CREATE INDEX categories_path ON categories USING gin (path);

CREATE TABLE media (
    id text PRIMARY KEY,
    source_sha256 text NOT NULL UNIQUE,
    name text NOT NULL,
    small_name text NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE spus (
    id text PRIMARY KEY,
    merchant_id text NOT NULL REFERENCES merchants (id),
    code text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    category_id text NOT NULL REFERENCES categories (id),
    brand_id text REFERENCES brands (id),
    attributes jsonb NOT NULL DEFAULT '{}',
    published_since timestamptz,
    published_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT spus_merchant_code UNIQUE (merchant_id, code),
    CONSTRAINT spus_id_merchant UNIQUE (id, merchant_id),
    CONSTRAINT spus_window CHECK (
        published_until IS NULL OR (published_since IS NOT NULL AND published_since < published_until)
    )
);

CREATE INDEX spus_category ON spus (category_id, id);

CREATE INDEX spus_brand ON spus (brand_id, id);

CREATE INDEX spus_merchant ON spus (merchant_id, id);

CREATE TABLE skus (
    id text PRIMARY KEY,
    spu_id text NOT NULL,
    merchant_id text NOT NULL REFERENCES merchants (id),
    code text NOT NULL,
    options json NOT NULL,
    options_key text NOT NULL,
    barcode text,
    weight_g bigint NOT NULL,
    max_per_order bigint NOT NULL DEFAULT 999,
    listed boolean NOT NULL DEFAULT true,
    media_id text REFERENCES media (id),
    created_at timestamptz NOT NULL,
    CONSTRAINT skus_spu FOREIGN KEY (spu_id, merchant_id) REFERENCES spus (id, merchant_id),
    CONSTRAINT skus_merchant_code UNIQUE (merchant_id, code),
    CONSTRAINT skus_spu_options UNIQUE (spu_id, options_key) DEFERRABLE,
    CONSTRAINT skus_weight CHECK (weight_g BETWEEN 0 AND 1000000),
    CONSTRAINT skus_max_per_order CHECK (max_per_order BETWEEN 1 AND 999),
    CONSTRAINT skus_barcode CHECK (barcode ~ '^([0-9]{8}|[0-9]{12,14})$')
);

CREATE TABLE prices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id text NOT NULL REFERENCES skus (id),
    minor bigint NOT NULL,
    currency text NOT NULL,
    effective_at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    CONSTRAINT prices_minor CHECK (minor >= 0),
    CONSTRAINT prices_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT prices_not_backdated CHECK (effective_at >= decided_at)
);

CREATE INDEX prices_in_force ON prices (sku_id, effective_at DESC, id DESC);

CREATE FUNCTION prices_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'prices are append-only: add a new price instead';
END $$;

CREATE TRIGGER prices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prices
    FOR EACH STATEMENT EXECUTE FUNCTION prices_are_append_only();

CREATE TABLE spu_media (
    spu_id text NOT NULL REFERENCES spus (id),
    position bigint NOT NULL,
    media_id text NOT NULL REFERENCES media (id),
    PRIMARY KEY (spu_id, position)
);
"""


def upgrade() -> None:
    for statement in UP.strip().split("\n\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE spu_media, prices, skus, spus, media, categories, brands, merchants")
    op.execute("DROP FUNCTION prices_are_append_only")
