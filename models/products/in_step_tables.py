"""What database `products` keeps to hold search index and listeners in step with the catalogue."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlmodel import Field

from models.products.tables import ProductsTable
from models.shared.columns import moment, structure, whole, words


class ToldTable(ProductsTable, table=True):
    """What others know of each product (`models.products.telling.Told`), as of `revision`.

    `telling` is what is being told of it right now, kept until Kafka has it: whoever tells next tells that first, under the
    same ids. It is no queue: a product has one place for it, and only a running `CatalogSync` looks there.
    """

    __tablename__ = "told"

    spu_id: str = words(ForeignKey("spus.id", name="told_product"), key=True)
    revision: int = whole(default=0)
    state: dict[str, Any] | None = structure(nullable=True)
    telling: list[Any] | None = structure(nullable=True)


class IndexedTable(ProductsTable, table=True):
    """What the index was last given of each product: the revision, and a digest of the document; no digest for one that is
    not to be found. The drift check compares it with the catalogue and with what the index holds. `build` is empty for the
    index that searches read; `whole` is the revision of the last document that was given whole, not as a patch of its offers."""

    __tablename__ = "indexed"

    build: str = words(key=True)
    spu_id: str = words(ForeignKey("spus.id", name="indexed_product"), key=True)
    revision: int = whole()
    whole: int = whole()
    digest: str | None = words(nullable=True)


class SearchSentTable(ProductsTable, table=True):
    """What was sent to Meilisearch of each product, by index (empty: the live one); empty where the embedded engine is chosen.
    `search/meilisearch/sent.py` says what for."""

    __tablename__ = "search_sent"

    index: str = words(key=True)
    spu_id: str = words(key=True)
    revision: int = whole()
    offers_revision: int = whole()
    gone: bool = Field(nullable=False)


class MeilisearchBuildTable(ProductsTable, table=True):
    """The builds of the Meilisearch engine: `building`, `live`, or `replaced` by a later one."""

    __tablename__ = "meilisearch_builds"
    __table_args__ = (CheckConstraint("state IN ('building', 'live', 'replaced')", name="meilisearch_builds_state"),)

    name: str = words(key=True)
    state: str = words()


class SearchBuildTable(ProductsTable, table=True):
    """An index that is being built beside the one that is read: what changes meanwhile is written to both. `after` is the
    last product that was put into it, so that a rebuild goes on where it stopped."""

    __tablename__ = "search_builds"

    name: str = words(key=True)
    after: str = words(default="")
    done: int = whole(default=0)
    begun_at: datetime = moment()
