"""A small catalogue for the tests of products: one merchant, a tree of two categories, one brand."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from hanse.blobs import LocalBlobs
from hanse.database import Database
from models.products.types import (
    AttributeDefinition,
    Brand,
    Category,
    Edited,
    Merchant,
    Product,
    ProductDraft,
    SkuDraft,
)
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MediaId, MerchantId, SkuId, SpuId
from stores.products import BulkStore, CatalogueStore, MediaStore, ProductStore, TaxonomyStore

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
YUAN = Money(minor=100)


@dataclass
class Catalogue:
    """The stores of one fresh database, and what is in it from the start."""

    db: Database
    products: ProductStore
    taxonomy: TaxonomyStore
    edits: CatalogueStore
    media: MediaStore
    bulk: BulkStore
    merchant: Merchant
    brand: Brand
    clothes: Category
    shirts: Category

    def draft(self, **changes: object) -> ProductDraft:
        told = {
            "title": "Linen shirt 亚麻衬衫",
            "category_id": self.shirts.category_id,
            "brand_id": self.brand.brand_id,
        }
        return ProductDraft.model_validate({**told, "attributes": {"fabric": "linen"}, **changes})

    async def product(self, code: str = "shirt", **changes: object) -> Product:
        spu_id = SpuId.derive(NOW, code)
        draft = self.draft(**changes)
        return (await self.edits.create_product(spu_id, self.merchant.merchant_id, code, draft, NOW)).product

    async def sku(self, product: Product, code: str, **options: str) -> Product:
        draft = SkuDraft(options=options, weight_g=300)
        sku_id = SkuId.derive(NOW, code)
        return (await self.edits.create_sku(product.spu_id, product.version, sku_id, code, draft, NOW)).product

    async def price(self, product: Product, price: Money, at: datetime | None = None, now: datetime = NOW) -> Edited:
        return await self.edits.set_price(
            product.skus[0].sku_id, product.version, price, decided_by="test", now=now, effective_at=at
        )

    async def on_sale(self, code: str = "shirt") -> Product:
        """A published product of one SKU at 199 yuan."""
        product = await self.sku(await self.product(code), f"{code}-m", Size="M")
        product = (await self.price(product, YUAN * 199)).product
        return (await self.edits.publish(product.spu_id, product.version, NOW)).product


async def open_catalogue(db: Database, folder: Path) -> Catalogue:
    taxonomy = TaxonomyStore(db)
    merchant = Merchant(
        merchant_id=MerchantId.derive(NOW, "m"),
        code="hansa",
        name="Hansa",
        city="Shanghai",
        region="Shanghai",
        version=1,
    )
    fabric = AttributeDefinition(code="fabric", label="Fabric", kind="enum", choices=("linen", "cotton"), required=True)
    length = AttributeDefinition(code="length", label="Length", kind="number", unit="cm")
    clothes = await taxonomy.create_category(
        CategoryId.derive(NOW, "clothes"), code="clothes", name="Clothes 服装", attributes=[fabric]
    )
    shirts = await taxonomy.create_category(
        CategoryId.derive(NOW, "shirts"),
        code="shirts",
        name="Shirts",
        parent_id=clothes.category_id,
        attributes=[length],
    )
    return Catalogue(
        db=db,
        products=ProductStore(db),
        taxonomy=taxonomy,
        edits=CatalogueStore(db),
        media=MediaStore(db, LocalBlobs(folder)),
        bulk=BulkStore(db),
        merchant=await taxonomy.create_merchant(merchant),
        brand=await taxonomy.create_brand(
            Brand(brand_id=BrandId.derive(NOW, "b"), code="alster", name="Alster", version=1)
        ),
        clothes=clothes,
        shirts=shirts,
    )


def picture(width: int = 40, height: int = 30, kind: str = "PNG", colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def media_id(name: str) -> MediaId:
    return MediaId.derive(NOW, name)
