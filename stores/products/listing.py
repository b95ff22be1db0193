"""Reading products in bulk as they are to be shown and told, and finding which ones belong to a scope."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from hanse.database import Database
from models.products.rules import is_published
from models.products.telling import ListedProduct, ListedSku
from models.search.messages import Scope
from models.shared import Frozen, Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId
from stores.products.rows import media_url, to_publication

_LISTED = """
    SELECT s.id, s.version, s.title, s.description, s.merchant_id, m.name AS merchant_name, s.brand_id,
           b.name AS brand_name, c.path, s.attributes, s.published_since, s.published_until, s.updated_at,
           ARRAY(SELECT a.name FROM unnest(c.path) WITH ORDINALITY AS step (id, place)
                 JOIN categories a ON a.id = step.id ORDER BY place) AS category_names,
           (SELECT p.small_name FROM spu_media sm JOIN media p ON p.id = sm.media_id
            WHERE sm.spu_id = s.id ORDER BY sm.position LIMIT 1) AS image,
           k.skus, k.changes_at
    FROM spus s
    JOIN merchants m ON m.id = s.merchant_id
    JOIN categories c ON c.id = s.category_id
    LEFT JOIN brands b ON b.id = s.brand_id
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object(
                   'sku_id', k.id, 'code', k.code, 'options', k.options, 'barcode', k.barcode, 'listed', k.listed,
                   'minor', price.minor, 'currency', price.currency, 'since', price.effective_at
               ) ORDER BY k.created_at, length(k.code), k.code) AS skus,
               min(coming.at) AS changes_at
        FROM skus k
        LEFT JOIN LATERAL (
            SELECT p.minor, p.currency, p.effective_at FROM prices p
            WHERE p.sku_id = k.id AND p.effective_at <= $2 ORDER BY p.effective_at DESC, p.id DESC LIMIT 1
        ) price ON true
        LEFT JOIN LATERAL (
            SELECT p.effective_at AS at FROM prices p
            WHERE p.sku_id = k.id AND p.effective_at > $2 ORDER BY p.effective_at, p.id LIMIT 1
        ) coming ON true
        WHERE k.spu_id = s.id
    ) k
    WHERE s.id = ANY($1)
"""

_BELONGING = {
    "category_id": "s.category_id IN (SELECT id FROM categories WHERE path @> ARRAY[$3::text])",
    "brand_id": "s.brand_id = $3",
    "merchant_id": "s.merchant_id = $3",
    "touched_since": "s.updated_at >= $3",
}


class Listing(Frozen):
    """Products as they were read; an unknown id is absent."""

    revision: int
    """The database's clock before the reading began, in microseconds: all that was committed until then was seen."""
    products: dict[SpuId, ListedProduct]


class ListingStore:
    """Reads for the index, for listeners and for rebuilds; nothing here changes anything."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def revision(self) -> int:
        """The database's clock now, in microseconds. A statement of its own: one that reads products as well would look at
        the clock after it has decided what it sees."""
        async with self._db.reader() as connection:
            found: int = await connection.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            return found

    async def listing(self, spu_ids: Sequence[SpuId], now: datetime) -> Listing:
        """These products as they are at `now`, published or not, in two statements; meant for up to 1,000."""
        revision = await self.revision()
        async with self._db.reader() as connection:
            rows = await connection.fetch(_LISTED, list(spu_ids), now)
        return Listing(revision=revision, products={SpuId(row["id"]): _listed(row, now) for row in rows})

    async def page(self, after: str, limit: int) -> list[SpuId]:
        """The ids of all products in their order, those behind `after`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT id FROM spus WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
        return [SpuId(row["id"]) for row in rows]

    async def count(self) -> int:
        """How many products there are."""
        async with self._db.reader() as connection:
            found: int = await connection.fetchval("SELECT count(*) FROM spus")
            return found

    async def page_of_scope(self, scope: Scope, after: str, limit: int) -> list[SpuId]:
        """The products of a scope that names something of the catalogue, those behind `after`, in the order of their ids."""
        (name,) = scope.said
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT s.id FROM spus s WHERE s.id > $1 AND {_BELONGING[name]} ORDER BY s.id LIMIT $2",
                after,
                limit,
                getattr(scope, name),
            )
        return [SpuId(row["id"]) for row in rows]

    async def products_of(self, sku_ids: Sequence[SkuId]) -> list[SpuId]:
        """The products that these SKUs belong to, in the order of their ids; an unknown SKU belongs to none."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT spu_id FROM skus WHERE id = ANY($1) ORDER BY spu_id", list(sku_ids)
            )
        return [SpuId(row["spu_id"]) for row in rows]


def _listed(row: asyncpg.Record, now: datetime) -> ListedProduct:
    window = to_publication(row)
    coming = [row["changes_at"], *(at for at in (window.since, window.until) if at is not None and at > now)]
    return ListedProduct(
        spu_id=SpuId(row["id"]),
        version=row["version"],
        title=row["title"],
        description=row["description"],
        merchant_id=MerchantId(row["merchant_id"]),
        merchant_name=row["merchant_name"],
        brand_id=BrandId(row["brand_id"]) if row["brand_id"] else None,
        brand_name=row["brand_name"],
        category_ids=tuple(CategoryId(step) for step in row["path"]),
        category_names=tuple(row["category_names"]),
        attributes=row["attributes"],
        image_url=media_url(row["image"]) if row["image"] else None,
        publication=window,
        is_published=is_published(window, now),
        updated_at=row["updated_at"],
        skus=tuple(
            ListedSku(
                sku_id=sku["sku_id"],
                code=sku["code"],
                options=sku["options"],
                barcode=sku["barcode"],
                listed=sku["listed"],
                price=None if sku["minor"] is None else Money(minor=sku["minor"], currency=sku["currency"]),
                price_since=sku["since"],
            )
            for sku in row["skus"] or ()
        ),
        changes_at=min((at for at in coming if at is not None), default=None),
    )
