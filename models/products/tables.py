"""The schema of database `products`, in its written form; the migration creates it and a test compares the two."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from models.shared.columns import counting, moment, whole, words


class ProductsTable(SQLModel):
    """The base of this database's tables."""

    metadata = MetaData()


class MerchantTable(ProductsTable, table=True):
    """Sellers. A batch import locks its merchants' rows, which keeps out every insert of their products meanwhile."""

    __tablename__ = "merchants"

    id: str = words(key=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = words()
    city: str = words()
    region: str = words()
    version: int = whole(default=1)


class BrandTable(ProductsTable, table=True):
    """Makers' names."""

    __tablename__ = "brands"

    id: str = words(key=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = words()
    version: int = whole(default=1)


class CategoryTable(ProductsTable, table=True):
    """The category tree: `path` is the ids from the root to the row itself, kept by the store under the tree lock."""

    __tablename__ = "categories"
    __table_args__ = (
        CheckConstraint("path[cardinality(path)] = id", name="categories_path_ends_here"),
        CheckConstraint("cardinality(path) BETWEEN 1 AND 8", name="categories_depth"),
        Index("categories_parent", "parent_id"),
        Index("categories_path", "path", postgresql_using="gin"),
    )

    id: str = words(key=True)
    parent_id: str | None = words(ForeignKey("categories.id"), nullable=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = words()
    position: int = whole()
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    attributes: list[Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'[]'")))
    version: int = whole(default=1)


class MediaTable(ProductsTable, table=True):
    """Pictures; the bytes lie in the blob storage under the names given here."""

    __tablename__ = "media"

    id: str = words(key=True)
    source_sha256: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = words()
    small_name: str = words()
    width: int = whole()
    height: int = whole()
    created_at: datetime = moment()


class SpuTable(ProductsTable, table=True):
    """Products. `version` counts the edits of the product and of everything that belongs to it."""

    __tablename__ = "spus"
    __table_args__ = (
        UniqueConstraint("merchant_id", "code", name="spus_merchant_code"),
        UniqueConstraint("id", "merchant_id", name="spus_id_merchant"),
        CheckConstraint(
            "published_until IS NULL OR (published_since IS NOT NULL AND published_since < published_until)",
            name="spus_window",
        ),
        Index("spus_category", "category_id", "id"),
        Index("spus_brand", "brand_id", "id"),
        Index("spus_merchant", "merchant_id", "id"),
    )

    id: str = words(key=True)
    merchant_id: str = words(ForeignKey("merchants.id"))
    code: str = words()
    title: str = words()
    description: str = words()
    category_id: str = words(ForeignKey("categories.id"))
    brand_id: str | None = words(ForeignKey("brands.id"), nullable=True)
    attributes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    published_since: datetime | None = moment(nullable=True)
    published_until: datetime | None = moment(nullable=True)
    version: int = whole(default=1)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class SkuTable(ProductsTable, table=True):
    """Variants. `options` is json, not jsonb, because the order in which options are shown is kept. Their
    uniqueness is checked at the end of a statement, so one import may pass options on from SKU to SKU."""

    __tablename__ = "skus"
    __table_args__ = (
        ForeignKeyConstraint(["spu_id", "merchant_id"], ["spus.id", "spus.merchant_id"], name="skus_spu"),
        UniqueConstraint("merchant_id", "code", name="skus_merchant_code"),
        UniqueConstraint("spu_id", "options_key", name="skus_spu_options", deferrable=True),
        CheckConstraint("weight_g BETWEEN 0 AND 1000000", name="skus_weight"),
        CheckConstraint("max_per_order BETWEEN 1 AND 999", name="skus_max_per_order"),
        CheckConstraint("barcode ~ '^([0-9]{8}|[0-9]{12,14})$'", name="skus_barcode"),
    )

    id: str = words(key=True)
    spu_id: str = words()
    merchant_id: str = words(ForeignKey("merchants.id"))
    code: str = words()
    options: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    options_key: str = words()
    barcode: str | None = words(nullable=True)
    weight_g: int = whole()
    max_per_order: int = whole(default=999)
    listed: bool = Field(default=True, nullable=False, sa_column_kwargs={"server_default": text("true")})
    media_id: str | None = words(ForeignKey("media.id"), nullable=True)
    created_at: datetime = moment()


class PriceTable(ProductsTable, table=True):
    """Every decision about a price, append-only (a trigger refuses update and delete); the newest effective one is in force."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("minor >= 0", name="prices_minor"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="prices_currency"),
        CheckConstraint("effective_at >= decided_at", name="prices_not_backdated"),
        Index("prices_in_force", "sku_id", text("effective_at DESC"), text("id DESC")),
    )

    id: int = counting()
    sku_id: str = words(ForeignKey("skus.id"))
    minor: int = whole()
    currency: str = words()
    effective_at: datetime = moment()
    decided_at: datetime = moment()
    decided_by: str = words()


class SpuMediaTable(ProductsTable, table=True):
    """The pictures of a product, in order; the first stands for it in lists."""

    __tablename__ = "spu_media"

    spu_id: str = words(ForeignKey("spus.id"), key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    media_id: str = words(ForeignKey("media.id"))
