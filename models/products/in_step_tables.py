"""What database `products` keeps to hold search index and listeners in step with the catalogue."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.products.tables import ProductsTable


class ToldTable(ProductsTable, table=True):
    """What others know of each product (`models.products.telling.Told`), as of `revision`.

    `telling` is what is being told of it right now, kept until Kafka has it: whoever tells next tells that first, under the
    same ids. It is no queue: a product has one place for it, and only a running `CatalogSync` looks there.
    """

    __tablename__ = "told"

    spu_id: str = Field(sa_column=Column(Text, ForeignKey("spus.id", name="told_product"), primary_key=True))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    state: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    telling: list[Any] | None = Field(sa_column=Column(JSONB))


class IndexedTable(ProductsTable, table=True):
    """What the index was last given of each product: the revision, and a digest of the document; no digest for one that is
    not to be found. The drift check compares it with the catalogue and with what the index holds. `build` is empty for the
    index that searches read; `whole` is the revision of the last document that was given whole, not as a patch of its offers."""

    __tablename__ = "indexed"

    build: str = Field(sa_column=Column(Text, primary_key=True))
    spu_id: str = Field(sa_column=Column(Text, ForeignKey("spus.id", name="indexed_product"), primary_key=True))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    whole: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str | None = Field(sa_column=Column(Text))


class SearchSentTable(ProductsTable, table=True):
    """What was sent to Meilisearch of each product, by index (empty: the live one); empty where the embedded engine is chosen.
    `search/meilisearch/sent.py` says what for."""

    __tablename__ = "search_sent"

    index: str = Field(sa_column=Column(Text, primary_key=True))
    spu_id: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    offers_revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    gone: bool = Field(nullable=False)


class MeilisearchBuildTable(ProductsTable, table=True):
    """The builds of the Meilisearch engine: `building`, `live`, or `replaced` by a later one."""

    __tablename__ = "meilisearch_builds"
    __table_args__ = (CheckConstraint("state IN ('building', 'live', 'replaced')", name="meilisearch_builds_state"),)

    name: str = Field(sa_column=Column(Text, primary_key=True))
    state: str = Field(sa_column=Column(Text, nullable=False))


class SearchBuildTable(ProductsTable, table=True):
    """An index that is being built beside the one that is read: what changes meanwhile is written to both. `after` is the
    last product that was put into it, so that a rebuild goes on where it stopped."""

    __tablename__ = "search_builds"

    name: str = Field(sa_column=Column(Text, primary_key=True))
    after: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    done: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    begun_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
