"""What buyers and checkout ask of the catalogue."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

import asyncpg

from hanse.database import Database, containing
from models.products.rules import options_text
from models.products.types import PricePoint, Product, ProductCard, ProductFilter, SellableSku, Showing
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, Id, MerchantId, SkuId, SpuId
from stores.products.rows import PRICE_IN_FORCE, media_url, product_unknown, read_product, read_products, sku_unknown

_PUBLISHED = "(s.published_since <= $2 AND (s.published_until IS NULL OR $2 < s.published_until))"
"""The SQL of `models.products.rules.is_published`, with now as `$2`."""
_IDS_AT_ONCE = 10_000
_IMAGE = """
    (SELECT m.small_name FROM spu_media sm JOIN media m ON m.id = sm.media_id
     WHERE sm.spu_id = s.id ORDER BY sm.position LIMIT 1)
"""
_CARDS = f"""
    SELECT s.id, s.merchant_id, s.title, s.category_id, s.brand_id, lowest.minor, lowest.currency, {_IMAGE} AS image
    FROM spus s
    JOIN LATERAL (
        SELECT price.minor, price.currency FROM skus k JOIN {PRICE_IN_FORCE}
        WHERE k.spu_id = s.id AND k.listed ORDER BY price.minor LIMIT 1
    ) lowest ON true
"""


class ProductStore:
    """Reads of the catalogue; nothing here changes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def sellable(self, sku_ids: Sequence[SkuId], now: datetime) -> dict[SkuId, SellableSku]:
        """What an order needs to know of these SKUs at `now`, in one round trip and one snapshot.

        Unknown SKUs and SKUs without a price in force are absent. Unpublished ones are there, marked so: the caller refuses
        them by name.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT k.id, k.spu_id, k.merchant_id, s.title, k.options, k.weight_g, k.max_per_order,
                       price.minor, price.currency, c.path, s.brand_id, s.version,
                       COALESCE((SELECT m.small_name FROM media m WHERE m.id = k.media_id), {_IMAGE}) AS image,
                       COALESCE(k.listed AND {_PUBLISHED}, false) AS is_published
                FROM skus k
                JOIN spus s ON s.id = k.spu_id
                JOIN categories c ON c.id = s.category_id
                JOIN {PRICE_IN_FORCE}
                WHERE k.id = ANY($1)
                """,
                list(sku_ids),
                now,
            )
        return {
            SkuId(row["id"]): SellableSku(
                sku_id=SkuId(row["id"]),
                spu_id=SpuId(row["spu_id"]),
                merchant_id=MerchantId(row["merchant_id"]),
                title=row["title"],
                options=options_text(row["options"]),
                image_url=media_url(row["image"]) if row["image"] else None,
                price=Money(minor=row["minor"], currency=row["currency"]),
                weight_g=row["weight_g"],
                is_published=row["is_published"],
                category_ids=tuple(CategoryId(step) for step in row["path"]),
                brand_id=BrandId(row["brand_id"]) if row["brand_id"] else None,
                max_per_order=row["max_per_order"],
                version=row["version"],
            )
            for row in rows
        }

    async def browse(
        self, narrowed: ProductFilter, now: datetime, *, limit: int, after: SpuId | None = None
    ) -> list[ProductCard]:
        """Published products with a priced, listed SKU, newest first; `after` is the last product of the page before."""
        pattern = containing(narrowed.text)
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                {_CARDS}
                WHERE {_PUBLISHED}
                  AND ($3::text IS NULL OR s.id < $3)
                  AND ($4::text IS NULL OR s.category_id IN (SELECT id FROM categories WHERE path @> ARRAY[$4]))
                  AND ($5::text IS NULL OR s.brand_id = $5)
                  AND ($6::text IS NULL OR s.merchant_id = $6)
                  AND ($7::text IS NULL OR s.title ILIKE $7)
                ORDER BY s.id DESC LIMIT $1
                """,
                limit,
                now,
                after,
                narrowed.category_id,
                narrowed.brand_id,
                narrowed.merchant_id,
                pattern,
            )
        return [_as_card(row) for row in rows]

    async def cards(self, spu_ids: Sequence[SpuId], now: datetime) -> dict[SpuId, ProductCard]:
        """Those of these products that buyers see and can pay for, as they stand in lists."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(f"{_CARDS} WHERE {_PUBLISHED} AND s.id = ANY($1)", list(spu_ids), now)
        return {card.spu_id: card for card in map(_as_card, rows)}

    async def categories_of(self, spu_ids: Collection[SpuId]) -> dict[SpuId, tuple[CategoryId, ...]]:
        """The category of each product and what is above it, root first; unknown ids are absent."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT s.id, c.path FROM spus s JOIN categories c ON c.id = s.category_id WHERE s.id = ANY($1)",
                list(spu_ids),
            )
        return {SpuId(row["id"]): tuple(CategoryId(step) for step in row["path"]) for row in rows}

    async def showing(self, spu_ids: Sequence[SpuId], now: datetime) -> dict[SpuId, Showing]:
        """What buyers see of these products at `now`, and until when that holds if nobody edits them. Unknown ids are absent."""
        async with self._db.reader() as connection:
            found = await read_products(connection, spu_ids, now)
            rows = await connection.fetch(
                """
                SELECT k.spu_id, min(p.effective_at) AS at FROM skus k JOIN prices p ON p.sku_id = k.id
                WHERE k.spu_id = ANY($1) AND p.effective_at > $2 GROUP BY k.spu_id
                """,
                list(found),
                now,
            )
        prices_change = {row["spu_id"]: row["at"] for row in rows}
        return {
            spu_id: Showing(
                product=_as_shown(product) if product.is_published else None,
                until=min(
                    (
                        at
                        for at in (prices_change.get(spu_id), product.publication.since, product.publication.until)
                        if at is not None and at > now
                    ),
                    default=None,
                ),
            )
            for spu_id, product in found.items()
        }

    async def walk_ids(self) -> AsyncIterator[list[str]]:
        """The ids of all products, published or not, by pages; one that is created meanwhile may be missing."""
        after = ""
        while True:
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    "SELECT id FROM spus WHERE id > $1 ORDER BY id LIMIT $2", after, _IDS_AT_ONCE
                )
            if not rows:
                return
            yield [row["id"] for row in rows]
            after = rows[-1]["id"]

    async def existing(self, spu_ids: Collection[str]) -> set[str]:
        """Which of these ids name a product, published or not."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT id FROM spus WHERE id = ANY($1)", list(spu_ids))
        return {row["id"] for row in rows}

    async def published(self, spu_id: SpuId, now: datetime) -> Product:
        """A product as buyers see it: only listed SKUs. `ProductUnknown` for an unpublished one too."""
        product = await self.product(spu_id, now)
        if not product.is_published:
            raise product_unknown(spu_id)
        return _as_shown(product)

    async def product(self, spu_id: SpuId, now: datetime) -> Product:
        """A product as the shop keeps it, published or not; `ProductUnknown` if there is none."""
        async with self._db.reader() as connection:
            return await read_product(connection, spu_id, now)

    async def page_of_products(
        self, now: datetime, *, limit: int, after: SpuId | None = None, merchant_id: MerchantId | None = None
    ) -> list[Product]:
        """Products as the shop keeps them, published or not, newest first: the operators' list, and a rebuild's walk."""
        async with self._db.reader() as connection:
            ids = await connection.fetch(
                """
                SELECT id FROM spus WHERE ($2::text IS NULL OR id < $2) AND ($3::text IS NULL OR merchant_id = $3)
                ORDER BY id DESC LIMIT $1
                """,
                limit,
                after,
                merchant_id,
            )
            wanted = [SpuId(row["id"]) for row in ids]
            found = await read_products(connection, wanted, now)
        return [found[spu_id] for spu_id in wanted if spu_id in found]

    async def product_of(self, sku_id: SkuId) -> SpuId:
        """The product that a SKU belongs to; `SkuUnknown` if there is none."""
        async with self._db.reader() as connection:
            found = await connection.fetchval("SELECT spu_id FROM skus WHERE id = $1", sku_id)
        if found is None:
            raise sku_unknown(sku_id)
        return SpuId(found)

    async def unknown(self, named: Sequence[Id]) -> tuple[Id, ...]:
        """Which of these ids of SKUs, products, categories, brands and merchants name nothing; in the order asked."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT id FROM skus WHERE id = ANY($1) UNION ALL SELECT id FROM spus WHERE id = ANY($1)
                UNION ALL SELECT id FROM categories WHERE id = ANY($1) UNION ALL SELECT id FROM brands WHERE id = ANY($1)
                UNION ALL SELECT id FROM merchants WHERE id = ANY($1)
                """,
                list(named),
            )
        known = {row["id"] for row in rows}
        return tuple(dict.fromkeys(one for one in named if one not in known))

    async def price_history(self, sku_id: SkuId, *, until: datetime | None = None) -> list[PricePoint]:
        """The last hundred decisions about the price of a SKU, newest effect first; empty for an unknown SKU.

        Without `until` those that are still to come are there too: for operators only.
        """
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT minor, currency, effective_at, decided_at, decided_by FROM prices
                WHERE sku_id = $1 AND ($2::timestamptz IS NULL OR effective_at <= $2)
                ORDER BY effective_at DESC, id DESC LIMIT 100
                """,
                sku_id,
                until,
            )
        return [
            PricePoint(
                price=Money(minor=row["minor"], currency=row["currency"]),
                effective_at=row["effective_at"],
                decided_at=row["decided_at"],
                decided_by=row["decided_by"],
            )
            for row in rows
        ]


def _as_card(row: asyncpg.Record) -> ProductCard:
    return ProductCard(
        spu_id=SpuId(row["id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        title=row["title"],
        category_id=CategoryId(row["category_id"]),
        brand_id=BrandId(row["brand_id"]) if row["brand_id"] else None,
        image_url=media_url(row["image"]) if row["image"] else None,
        price_from=Money(minor=row["minor"], currency=row["currency"]),
    )


def _as_shown(product: Product) -> Product:
    return product.model_copy(update={"skus": tuple(sku for sku in product.skus if sku.listed)})
