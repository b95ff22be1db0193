"""What operators change: products, SKUs, prices, publication, pictures of products.

Every edit is one transaction that locks the product's row first, so edits of one product happen one after another, and
refuses a version that is no longer the current one (`StaleVersion`). What it returns tells what changed: nothing changed
means nothing to tell others.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from hanse.database import Connection, Database
from models.products.errors import BrandUnknown, CategoryUnknown, CodeTaken, MediaUnknown, MerchantUnknown, OptionsTaken
from models.products.rules import check_attributes, gtin, options_key, options_text, publish, unpublish
from models.products.types import (
    AttributeDefinition,
    CatalogueChange,
    Edited,
    ProductDraft,
    SkuDraft,
)
from models.shared import Money
from models.shared.ids import CategoryId, MediaId, MerchantId, SkuId, SpuId
from stores.products.rows import (
    PRICE_IN_FORCE,
    check_version,
    product_unknown,
    read_product,
    sku_unknown,
    to_publication,
)


class CatalogueStore:
    """Edits of products. `version` is the product's, as the operator read it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create_product(
        self, spu_id: SpuId, merchant_id: MerchantId, code: str, draft: ProductDraft, now: datetime
    ) -> Edited:
        """A new, unpublished product without SKUs. One code names one product of a merchant: `CodeTaken`."""
        try:
            async with self._db.transaction() as tx:
                await _check_draft(tx, draft)
                await tx.execute(
                    """
                    INSERT INTO spus (id, merchant_id, code, title, description, category_id, brand_id, attributes,
                                      created_at, updated_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
                    """,
                    spu_id,
                    merchant_id,
                    code,
                    draft.title,
                    draft.description,
                    draft.category_id,
                    draft.brand_id,
                    draft.attributes,
                    now,
                )
                product = await read_product(tx, spu_id, now)
        except asyncpg.UniqueViolationError as error:
            raise CodeTaken(
                f"The merchant already has a product {code}; choose another code.", code_taken=code
            ) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise MerchantUnknown(f"There is no merchant {merchant_id}; list the merchants first.") from error
        change = CatalogueChange(kind="product_created", spu_id=spu_id, effective_at=now)
        return Edited(product=product, changes=(change,))

    async def change_product(self, spu_id: SpuId, version: int, draft: ProductDraft, now: datetime) -> Edited:
        """Set everything a product says about itself. Its attributes are checked against its (new) category."""
        async with self._db.transaction() as tx:
            await _lock(tx, spu_id, version)
            await _check_draft(tx, draft)
            done = await tx.execute(
                """
                UPDATE spus SET title = $2, description = $3, category_id = $4, brand_id = $5, attributes = $6
                WHERE id = $1 AND (title, description, category_id, attributes) IS DISTINCT FROM ($2, $3, $4, $6::jsonb)
                   OR id = $1 AND brand_id IS DISTINCT FROM $5
                """,
                spu_id,
                draft.title,
                draft.description,
                draft.category_id,
                draft.brand_id,
                draft.attributes,
            )
            change = CatalogueChange(kind="product_changed", spu_id=spu_id, effective_at=now)
            return await _finish(tx, spu_id, now, [change] if done == "UPDATE 1" else [])

    async def create_sku(
        self, spu_id: SpuId, version: int, sku_id: SkuId, code: str, draft: SkuDraft, now: datetime
    ) -> Edited:
        """A new SKU, without a price. Its options differ from its siblings' (`OptionsTaken`), its code from all of the merchant's."""
        async with self._db.transaction() as tx, _sku_refusals(code, draft):
            merchant_id = await _keep_merchant(tx, spu_id)
            await _lock(tx, spu_id, version)
            await tx.execute(
                """
                INSERT INTO skus (id, spu_id, merchant_id, code, options, options_key, barcode, weight_g, max_per_order,
                                  listed, media_id, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                sku_id,
                spu_id,
                merchant_id,
                code,
                *_sku_columns(draft),
                now,
            )
            change = CatalogueChange(kind="sku_created", spu_id=spu_id, sku_id=sku_id, effective_at=now)
            return await _finish(tx, spu_id, now, [change])

    async def change_sku(self, sku_id: SkuId, version: int, draft: SkuDraft, now: datetime) -> Edited:
        """Set everything a SKU says about itself; `OptionsTaken` if a sibling has these options."""
        async with self._db.transaction() as tx, _sku_refusals("", draft):
            spu_id = await _lock_by_sku(tx, sku_id, version)
            columns = _sku_columns(draft)
            done = await tx.execute(
                """
                UPDATE skus SET options = $2, options_key = $3, barcode = $4, weight_g = $5, max_per_order = $6,
                                listed = $7, media_id = $8
                WHERE id = $1 AND (options::text, barcode, weight_g, max_per_order, listed, media_id)
                      IS DISTINCT FROM ($9, $4, $5, $6, $7, $8)
                """,
                sku_id,
                *columns,
                json.dumps(draft.options),
            )
            change = CatalogueChange(kind="sku_changed", spu_id=spu_id, sku_id=sku_id, effective_at=now)
            return await _finish(tx, spu_id, now, [change] if done == "UPDATE 1" else [])

    async def set_price(
        self,
        sku_id: SkuId,
        version: int,
        price: Money,
        *,
        decided_by: str,
        now: datetime,
        effective_at: datetime | None = None,
    ) -> Edited:
        """Decide a price from now or from a later time on; appended to the history, never written over it.

        A past `effective_at` means now. A price that will be in force then anyway changes nothing. To call off a scheduled
        price, decide the old price for the same time: of two decisions for one moment the later wins.
        """
        async with self._db.transaction() as tx:
            spu_id = await _lock_by_sku(tx, sku_id, version)
            newest = await tx.fetchval("SELECT max(decided_at) FROM prices WHERE sku_id = $1", sku_id)
            decided_at = max(now, newest or now)  # a clock that lags must not hide this decision behind the one before
            at = max(effective_at or decided_at, decided_at)
            current = await tx.fetchrow(
                f"SELECT price.minor, price.currency FROM skus k JOIN {PRICE_IN_FORCE} WHERE k.id = $1", sku_id, at
            )
            if current is not None and (current["minor"], current["currency"]) == (price.minor, price.currency):
                return await _finish(tx, spu_id, now, [])
            await tx.execute(
                """
                INSERT INTO prices (sku_id, minor, currency, effective_at, decided_at, decided_by)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                sku_id,
                price.minor,
                price.currency,
                at,
                decided_at,
                decided_by,
            )
            change = CatalogueChange(kind="price_changed", spu_id=spu_id, sku_id=sku_id, effective_at=at)
            return await _finish(tx, spu_id, now, [change])

    async def publish(self, spu_id: SpuId, version: int, now: datetime, at: datetime | None = None) -> Edited:
        """Show the product from now or from `at` on (`models.products.rules.publish`)."""
        return await self._show(spu_id, version, now, at or now, shown=True)

    async def unpublish(self, spu_id: SpuId, version: int, now: datetime, at: datetime | None = None) -> Edited:
        """Hide the product from now or from `at` on (`models.products.rules.unpublish`)."""
        return await self._show(spu_id, version, now, at or now, shown=False)

    async def _show(self, spu_id: SpuId, version: int, now: datetime, at: datetime, *, shown: bool) -> Edited:
        async with self._db.transaction() as tx:
            before = to_publication(await _lock(tx, spu_id, version))
            after = publish(before, at, now) if shown else unpublish(before, at, now)
            if after == before:
                return await _finish(tx, spu_id, now, [])
            await tx.execute(
                "UPDATE spus SET published_since = $2, published_until = $3 WHERE id = $1",
                spu_id,
                after.since,
                after.until,
            )
            change = CatalogueChange(
                kind="product_published" if shown else "product_unpublished", spu_id=spu_id, effective_at=max(at, now)
            )
            return await _finish(tx, spu_id, now, [change])

    async def set_media(self, spu_id: SpuId, version: int, media_ids: Sequence[MediaId], now: datetime) -> Edited:
        """The pictures of a product, in this order; `MediaUnknown` if one was never uploaded."""
        try:
            async with self._db.transaction() as tx:
                await _lock(tx, spu_id, version)
                before = await tx.fetch("SELECT media_id FROM spu_media WHERE spu_id = $1 ORDER BY position", spu_id)
                if [row["media_id"] for row in before] == list(media_ids):
                    return await _finish(tx, spu_id, now, [])
                await tx.execute("DELETE FROM spu_media WHERE spu_id = $1", spu_id)
                await tx.execute(
                    """
                    INSERT INTO spu_media (spu_id, position, media_id)
                    SELECT $1, position, id FROM unnest($2::text[]) WITH ORDINALITY AS wanted (id, position)
                    """,
                    spu_id,
                    list(media_ids),
                )
                change = CatalogueChange(kind="product_changed", spu_id=spu_id, effective_at=now)
                return await _finish(tx, spu_id, now, [change])
        except asyncpg.ForeignKeyViolationError as error:
            raise MediaUnknown("One of the pictures is not there; upload it first and use the id it gets.") from error


async def _lock(tx: Connection, spu_id: SpuId, version: int) -> Any:
    row = await tx.fetchrow("SELECT * FROM spus WHERE id = $1 FOR NO KEY UPDATE", spu_id)
    if row is None:
        raise product_unknown(spu_id)
    check_version(row["version"], version)
    return row


async def _lock_by_sku(tx: Connection, sku_id: SkuId, version: int) -> SpuId:
    spu_id = await tx.fetchval("SELECT spu_id FROM skus WHERE id = $1", sku_id)
    if spu_id is None:
        raise sku_unknown(sku_id)
    await _lock(tx, SpuId(spu_id), version)
    return SpuId(spu_id)


async def _keep_merchant(tx: Connection, spu_id: SpuId) -> str:
    """Take the merchant's row before the product's, as an import does, so that the two cannot deadlock."""
    merchant_id = await tx.fetchval(
        "SELECT m.id FROM merchants m JOIN spus s ON s.merchant_id = m.id WHERE s.id = $1 FOR KEY SHARE OF m", spu_id
    )
    if merchant_id is None:
        raise product_unknown(spu_id)
    return str(merchant_id)


async def _finish(tx: Connection, spu_id: SpuId, now: datetime, changes: Sequence[CatalogueChange]) -> Edited:
    if changes:
        await tx.execute("UPDATE spus SET version = version + 1, updated_at = $2 WHERE id = $1", spu_id, now)
    return Edited(product=await read_product(tx, spu_id, now), changes=tuple(changes))


async def definitions_of(tx: Connection, category_id: CategoryId) -> list[AttributeDefinition]:
    """The attributes that hold for a category: its own and its ancestors', the nearest definition of a code winning."""
    rows = await tx.fetch(
        """
        SELECT a.attributes FROM categories c JOIN categories a ON a.id = ANY(c.path)
        WHERE c.id = $1 ORDER BY cardinality(a.path)
        """,
        category_id,
    )
    if not rows:
        raise CategoryUnknown(
            f"There is no category {category_id}; list the categories first.", category_id=category_id
        )
    found = [AttributeDefinition.model_validate(one) for row in rows for one in row["attributes"]]
    return list({definition.code: definition for definition in found}.values())


async def _check_draft(tx: Connection, draft: ProductDraft) -> None:
    check_attributes(await definitions_of(tx, draft.category_id), draft.attributes)
    if draft.brand_id and not await tx.fetchval("SELECT true FROM brands WHERE id = $1", draft.brand_id):
        raise BrandUnknown(f"There is no brand {draft.brand_id}; list the brands first.", brand_id=draft.brand_id)


def _sku_columns(draft: SkuDraft) -> tuple[Any, ...]:
    return (
        draft.options,
        options_key(draft.options),
        gtin(draft.barcode) if draft.barcode else None,
        draft.weight_g,
        draft.max_per_order,
        draft.listed,
        draft.image_id,
    )


@asynccontextmanager
async def _sku_refusals(code: str, draft: SkuDraft) -> AsyncIterator[None]:
    """What the constraints of `skus` mean in words."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "skus_spu_options":
            raise OptionsTaken(
                f"Another SKU of the product already has the options {options_text(draft.options) or '(none)'}; change one of"
                " them."
            ) from error
        raise CodeTaken(f"The merchant already has a SKU {code}; choose another code.", code_taken=code) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise MediaUnknown(f"There is no picture {draft.image_id}; upload it first.") from error
