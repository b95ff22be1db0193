"""From rows to values, and the statements that more than one of the product stores needs."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from hanse.database import Connection
from models.products.errors import ProductUnknown, SkuUnknown
from models.products.rules import is_published
from models.products.types import Category, Media, Product, Publication, Sku
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MediaId, MerchantId, SkuId, SpuId
from models.shared.refusals import StaleVersion

PRICE_IN_FORCE = """
    LATERAL (
        SELECT p.minor, p.currency FROM prices p WHERE p.sku_id = k.id AND p.effective_at <= $2
        ORDER BY p.effective_at DESC, p.id DESC LIMIT 1
    ) price ON true
"""
"""Joined to `skus k`: the price that holds at `$2`. Two prices for one moment: the later decision wins."""


def media_url(name: str) -> str:
    """Where a picture of that name is served."""
    return f"/media/{name}"


def to_media(row: asyncpg.Record) -> Media:
    """A row of `media`."""
    return Media(
        media_id=MediaId(row["id"]),
        url=media_url(row["name"]),
        small_url=media_url(row["small_name"]),
        width=row["width"],
        height=row["height"],
    )


def to_category(row: asyncpg.Record) -> Category:
    """A row of `categories`."""
    return Category(
        category_id=CategoryId(row["id"]),
        parent_id=CategoryId(row["parent_id"]) if row["parent_id"] else None,
        code=row["code"],
        name=row["name"],
        position=row["position"],
        path=tuple(CategoryId(step) for step in row["path"]),
        attributes=row["attributes"],
        version=row["version"],
    )


def to_publication(row: asyncpg.Record) -> Publication:
    """The window of a row of `spus`."""
    return Publication(since=row["published_since"], until=row["published_until"])


async def read_products(connection: Connection, spu_ids: Sequence[SpuId], now: datetime) -> dict[SpuId, Product]:
    """Whole products by id, as they are at `now`; unknown ids are absent. Three statements, however many products."""
    spus = await connection.fetch("SELECT * FROM spus WHERE id = ANY($1)", list(spu_ids))
    skus = await connection.fetch(
        f"""
        SELECT k.*, price.minor, price.currency FROM skus k LEFT JOIN {PRICE_IN_FORCE}
        WHERE k.spu_id = ANY($1) ORDER BY k.spu_id, k.created_at, length(k.code), k.code
        """,
        list(spu_ids),
        now,
    )
    pictures = await connection.fetch(
        """
        SELECT s.spu_id AS of, s.position, m.* FROM spu_media s JOIN media m ON m.id = s.media_id WHERE s.spu_id = ANY($1)
        UNION ALL
        SELECT k.id, 0, m.* FROM skus k JOIN media m ON m.id = k.media_id WHERE k.spu_id = ANY($1)
        ORDER BY 1, 2
        """,
        list(spu_ids),
    )
    media: dict[str, list[Media]] = {}
    for picture in pictures:
        media.setdefault(picture["of"], []).append(to_media(picture))
    variants: dict[str, list[Sku]] = {}
    for sku in skus:
        variants.setdefault(sku["spu_id"], []).append(_to_sku(sku, media.get(sku["id"], [])))
    return {
        SpuId(row["id"]): _to_product(row, variants.get(row["id"], []), media.get(row["id"], []), now) for row in spus
    }


async def read_product(connection: Connection, spu_id: SpuId, now: datetime) -> Product:
    """One whole product; `ProductUnknown` if there is none."""
    found = await read_products(connection, [spu_id], now)
    if spu_id not in found:
        raise product_unknown(spu_id)
    return found[spu_id]


def check_version(current: int, expected: int) -> None:
    """Refuse an edit of something that changed since it was read."""
    if current != expected:
        raise StaleVersion(
            f"It is at version {current} now, not {expected}; read it again and decide anew.", current_version=current
        )


def product_unknown(spu_id: SpuId) -> ProductUnknown:
    """The refusal for an id that names no product."""
    return ProductUnknown(f"There is no product {spu_id}; look it up in the list of products.", spu_id=spu_id)


def sku_unknown(sku_id: SkuId) -> SkuUnknown:
    """The refusal for an id that names no SKU."""
    return SkuUnknown(f"There is no SKU {sku_id}; look it up at its product.", sku_id=sku_id)


def _to_sku(row: asyncpg.Record, media: Sequence[Media]) -> Sku:
    return Sku(
        sku_id=SkuId(row["id"]),
        code=row["code"],
        options=row["options"],
        barcode=row["barcode"],
        weight_g=row["weight_g"],
        max_per_order=row["max_per_order"],
        listed=row["listed"],
        image=media[0] if media else None,
        price=None if row["minor"] is None else Money(minor=row["minor"], currency=row["currency"]),
    )


def _to_product(row: asyncpg.Record, skus: Sequence[Sku], media: Sequence[Media], now: datetime) -> Product:
    publication = to_publication(row)
    return Product(
        spu_id=SpuId(row["id"]),
        merchant_id=MerchantId(row["merchant_id"]),
        code=row["code"],
        title=row["title"],
        description=row["description"],
        category_id=CategoryId(row["category_id"]),
        brand_id=BrandId(row["brand_id"]) if row["brand_id"] else None,
        attributes=row["attributes"],
        publication=publication,
        is_published=is_published(publication, now),
        media=tuple(media),
        skus=tuple(skus),
        version=row["version"],
    )
