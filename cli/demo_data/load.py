"""Puts the demo shop where it belongs: catalogue, pictures, stock, offers, people. Every step may be repeated."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis

from cli.demo_data.goods import BRANDS, CATEGORIES, MERCHANTS, Good, read_goods
from cli.demo_data.offers import CODES, Offers, Shelf
from cli.demo_data.people import BUYER, OPERATOR, ensure_people
from cli.demo_data.pictures import picture
from cli.panel import DemoShop
from hanse.blobs import open_blobs
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.part import StackError
from models.inventory.types import WarehouseDetails
from models.products.lines import NumberedLine
from models.products.types import Brand, Category, Merchant, Product
from models.reviews.starter_words import starter_words
from models.shared.ids import AddressId, BrandId, CategoryId, MediaId, MerchantId, SkuId, WarehouseId, WordId
from stores.fulfillment import FulfillmentStore
from stores.inventory import InventoryStore
from stores.products import BulkStore, CatalogueStore, MediaStore, ProductStore, TaxonomyStore
from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore
from stores.reviews import WordStore
from stores.users import UsersStore

_AT_ONCE = 8
_OPENING = datetime(2026, 1, 1, tzinfo=UTC)
"""Demo warehouses' ids are derived from this, so that a repeated load finds them again."""
_UNITS = (120, 40)
"""What the first and the second warehouse of a merchant open with, of each SKU."""


@dataclass(frozen=True)
class _Shop:
    products: ProductStore
    taxonomy: TaxonomyStore
    catalogue: CatalogueStore
    media: MediaStore
    bulk: BulkStore
    inventory: InventoryStore
    users: UsersStore
    offers: Offers
    words: WordStore


async def load(settings: Settings) -> DemoShop:
    """Fill a shop with demo data; what is there already, changed or not, stays as it is. Never in production.

    Six merchants with two warehouses each, some seventy products with pictures, promotions and coupons, a buyer and an operator.
    """
    if settings.environment == "production":
        raise StackError("the demo accounts' passwords are public: demo data is never loaded in production")
    now = datetime.now(UTC)
    async with _open(settings) as shop:
        people, products = await asyncio.gather(ensure_people(shop.users, now), _ensure_catalogue(shop, now))
        shelf = Shelf.of(await shop.taxonomy.categories(), products)
        await asyncio.gather(
            _ensure_pictures(shop, products, now),
            _ensure_stock(shop, products, now),
            shop.offers.ensure(shelf, people.operator_id, now),
            shop.words.fill_once(
                [(WordId.derive(_OPENING, word.text), word) for word in starter_words()], people.operator_id, now
            ),
        )
    accounts = [(who, " / ".join(login)) for who, login in (("buyer", BUYER), ("operator", OPERATOR))]
    order_command = _order_command(settings, products, people.address_id)
    return DemoShop(accounts=accounts, coupon_codes=f"{CODES[0]} … {CODES[-1]}", order_command=order_command)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[_Shop]:
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name), max_size=_AT_ONCE).open()
            stack.push_async_callback(opened.close)
            return opened

        products, promotions = await database("products"), await database("promotions")
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        yield _Shop(
            products=ProductStore(products),
            taxonomy=TaxonomyStore(products),
            catalogue=CatalogueStore(products),
            media=MediaStore(products, open_blobs(settings, "media")),
            bulk=BulkStore(products),
            inventory=InventoryStore(await database("inventory")),
            users=UsersStore.on(
                await database("users"),
                redis,
                access_token_lifetime=settings.access_token_lifetime,
                session_lifetime=settings.refresh_token_lifetime,
            ),
            offers=Offers(
                promotions=PromotionStore(promotions),
                coupons=CouponStore(promotions),
                limits=PurchaseLimitStore(promotions),
                rates=FulfillmentStore(await database("orders")),
            ),
            words=WordStore(await database("reviews")),
        )


async def _ensure_catalogue(shop: _Shop, now: datetime) -> list[Product]:
    """The demo products as they are now; goods of a merchant who has products already are left alone."""
    merchants = await _ensure_taxonomy(shop.taxonomy, now)
    goods = read_goods()
    before = {product.code for product in await _products_of(shop, merchants, now)}
    lines = [line for good in goods if good.code not in before for line in good.lines()]
    numbered = [NumberedLine(line=number, value=line) for number, line in enumerate(lines, start=2)]
    async for done in shop.bulk.import_lines(numbered, now=now, decided_by="demo"):
        if done.faults:
            raise RuntimeError(f"the demo catalogue is wrong: {done.faults[0]}")
    codes = {good.code for good in goods}
    return [product for product in await _products_of(shop, merchants, now) if product.code in codes]


async def _products_of(shop: _Shop, merchants: Sequence[Merchant], now: datetime) -> list[Product]:
    pages = await asyncio.gather(
        *(shop.products.page_of_products(now, limit=100, merchant_id=one.merchant_id) for one in merchants)
    )
    return [product for page in pages for product in page]


async def _ensure_taxonomy(taxonomy: TaxonomyStore, now: datetime) -> list[Merchant]:
    merchants = {merchant.code: merchant for merchant in await taxonomy.merchants()}
    for code, name, city, region in MERCHANTS:
        if code not in merchants:
            merchant_id = MerchantId.mint(now, secrets.token_bytes(10))
            merchants[code] = await taxonomy.create_merchant(
                Merchant(merchant_id=merchant_id, code=code, name=name, city=city, region=region, version=1)
            )
    brands = {brand.code for brand in await taxonomy.brands()}
    for code, name in BRANDS:
        if code not in brands:
            brand_id = BrandId.mint(now, secrets.token_bytes(10))
            await taxonomy.create_brand(Brand(brand_id=brand_id, code=code, name=name, version=1))
    categories: dict[str, Category] = {category.code: category for category in await taxonomy.categories()}
    for position, (code, name, parent, attributes) in enumerate(CATEGORIES):
        if code not in categories:
            categories[code] = await taxonomy.create_category(
                CategoryId.mint(now, secrets.token_bytes(10)),
                code=code,
                name=name,
                parent_id=categories[parent].category_id if parent else None,
                position=position,
                attributes=attributes,
            )
    return [merchants[code] for code, *_ in MERCHANTS]


async def _ensure_pictures(shop: _Shop, products: Sequence[Product], now: datetime) -> None:
    """Every demo product without a picture gets its own."""
    goods = {good.code: good for good in read_goods()}
    turn = asyncio.Semaphore(_AT_ONCE)

    async def hang(product: Product, good: Good) -> None:
        async with turn:
            main, accent = good.colours.split()
            drawn = await asyncio.to_thread(picture, good.shape, good.label, main, accent)
            kept = await shop.media.keep(drawn, MediaId.mint(now, secrets.token_bytes(10)), now)
            await shop.catalogue.set_media(product.spu_id, product.version, [kept.media_id], now)

    await asyncio.gather(*(hang(product, goods[product.code]) for product in products if not product.media))


async def _ensure_stock(shop: _Shop, products: Sequence[Product], now: datetime) -> None:
    """Two warehouses a merchant, at home and in Guangzhou, with opening stock; the key of each receipt makes it happen once."""
    merchants = {one.merchant_id: one for one in await shop.taxonomy.merchants()}
    turn = asyncio.Semaphore(_AT_ONCE)

    async def open_with(warehouse_id: WarehouseId, sku_id: SkuId, units: int) -> None:
        async with turn:
            key = f"demo/{warehouse_id}/{sku_id}"
            await shop.inventory.receive(
                warehouse_id, sku_id, units, key=key, actor="demo", now=now, note="opening stock"
            )

    receipts = []
    for merchant_id in sorted({product.merchant_id for product in products}):
        merchant = merchants[merchant_id]
        places = ((merchant.city, merchant.region), ("Guangzhou", "Guangdong"))
        for number, ((city, region), units) in enumerate(zip(places, _UNITS, strict=True), start=1):
            code = f"{merchant.code[:28]}-{number}"
            details = WarehouseDetails(
                code=code,
                merchant_id=merchant_id,
                name=f"{merchant.name} · {city}",
                region=region,
                city=city,
                outbound="automatic",
            )
            warehouse_id = WarehouseId.derive(_OPENING, merchant_id, code)
            await shop.inventory.add_warehouse(warehouse_id, details, now)
            own = [product for product in products if product.merchant_id == merchant_id]
            receipts += [(warehouse_id, sku.sku_id, units) for product in own for sku in product.skus]
    await asyncio.gather(*(open_with(*receipt) for receipt in receipts))


def _order_command(settings: Settings, products: Sequence[Product], address: AddressId) -> str:
    sku_id = min((sku for product in products for sku in product.skus), key=lambda sku: sku.sku_id).sku_id
    login = json.dumps({"contact": BUYER[0], "password": BUYER[1]})
    order = json.dumps({"basket": {"lines": [{"sku_id": sku_id, "quantity": 1}], "address_id": address}})
    body, api = "-H 'content-type: application/json' -d", settings.api_url
    take = 'import json,sys;print(json.load(sys.stdin)["access_token"])'
    return (
        f"TOKEN=$(curl -s {api}/v1/users/login {body} '{login}' | python3 -c '{take}') &&"
        f' curl -s {api}/orders -H "authorization: Bearer $TOKEN" -H "idempotency-key: demo-$(date +%s%N)" {body} \'{order}\''
    )
