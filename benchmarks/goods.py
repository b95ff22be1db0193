"""What there is to buy on the throw-away stack, and who buys it."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from redis.asyncio import Redis

from api.credentials.passwords import PasswordHasher
from cli.demo_data.people import BUYER, ensure_people
from hanse.database import Database
from hanse.settings import Settings
from models.inventory.types import CountLine, WarehouseDetails
from models.products.lines import ImportLine, NumberedLine
from models.products.types import Merchant, ProductFilter
from models.shared.ids import AddressId, CategoryId, MerchantId, SkuId, UserId, WarehouseId
from models.users.rules import parse_contact
from models.users.types import PostalAddress
from stores.inventory import InventoryStore
from stores.products import BulkStore, ProductStore, TaxonomyStore
from stores.users import UsersStore

_UNITS = 1_000_000
_SCARCE = 4
"""SKUs of which there are few: one for each rush."""
_COUNTED_AT_ONCE = 500
_HOME = PostalAddress(
    recipient="林小海",
    phone="+8613800138000",
    region="Shanghai",
    city="Shanghai",
    line="外滩路 1 号",
    postal_code="200002",
)


@dataclass(frozen=True)
class Stocking:
    """How large the shop is."""

    products: int = 1_000
    skus_each: int = 1
    few: int = 500
    """Units of each scarce SKU."""
    leaving: int = 1
    """SKUs whose warehouse lets parcels out by itself."""
    buyers: int = 1


@dataclass(frozen=True)
class Goods:
    """What was put there. No SKU is in two of the lists."""

    spu_ids: list[str]
    sku_ids: list[str]
    """Their parcels leave when told: a `Fulfillment` waits, and an order costs what it costs until it is handed over."""
    leaving: list[str]
    scarce: list[str]
    people: list[tuple[str, str]]
    """Contact and address of each buyer; every password is the demo buyer's."""


async def stock_up(settings: Settings, stocking: Stocking) -> Goods:
    """One merchant, products, two warehouses, buyers with an address each; tables as after a night's vacuum."""
    now = datetime.now(UTC)
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            return await stack.enter_async_context(Database(settings.dsn(name)))

        merchant = Merchant(
            merchant_id=MerchantId.mint(now, secrets.token_bytes(10)),
            code="bench",
            name="Bench",
            city="Shanghai",
            region="Shanghai",
            version=1,
        )
        products, inventory = await database("products"), await database("inventory")
        await _fill_catalogue(products, merchant, now, stocking)
        spus, skus = await _found(products)
        scarce, leaving = skus[:_SCARCE], skus[_SCARCE : _SCARCE + stocking.leaving]
        ordinary = skus[_SCARCE + stocking.leaving :]
        store = InventoryStore(inventory)
        manual = [(sku, _UNITS) for sku in ordinary] + [(sku, stocking.few) for sku in scarce]
        await _fill_warehouse(store, "manual", merchant.merchant_id, manual, now)
        await _fill_warehouse(store, "automatic", merchant.merchant_id, [(sku, _UNITS) for sku in leaving], now)
        for filled in (products, inventory):
            async with filled.reader() as connection:
                await connection.execute("VACUUM ANALYZE")
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        users = UsersStore.on(
            await database("users"),
            redis,
            access_token_lifetime=settings.access_token_lifetime,
            session_lifetime=settings.refresh_token_lifetime,
        )
        people = await _people(users, stocking.buyers, now)
        return Goods(spus, list(ordinary), list(leaving), list(scarce), people)


async def _people(users: UsersStore, buyers: int, now: datetime) -> list[tuple[str, str]]:
    first = await ensure_people(users, now)
    passwords = PasswordHasher()
    try:
        hashed = await passwords.hash(BUYER[1])  # one for all of them: it costs 30 ms
    finally:
        passwords.close()
    found = [(BUYER[0], str(first.address_id))]
    for number in range(1, buyers):
        contact = f"buyer{number}@bench.example"
        user_id = UserId.mint(now, secrets.token_bytes(10))
        account = await users.roles.ensure_operator(user_id, parse_contact(contact), hashed, f"Buyer {number}", [], now)
        address = AddressId.mint(now, secrets.token_bytes(10))
        home = _HOME.model_copy(update={"postal_code": f"{200000 + number}"})
        await users.addresses.add(address, account.id, home, default=True, now=now)
        found.append((contact, str(address)))
    return found


async def _found(products: Database) -> tuple[list[str], list[SkuId]]:
    async with products.reader() as connection:
        spus = await connection.fetch("SELECT id FROM spus ORDER BY id LIMIT 1000")
        skus = await connection.fetch("SELECT id FROM skus ORDER BY id")
    return [row["id"] for row in spus], [SkuId(row["id"]) for row in skus]


def _lines(merchant: Merchant, stocking: Stocking) -> Iterator[NumberedLine]:
    for number in range(stocking.products * stocking.skus_each):
        product, variant = divmod(number, stocking.skus_each)
        line = ImportLine.model_validate(
            {
                "merchant_code": merchant.code,
                "spu_code": f"p{product}",
                "sku_code": f"p{product}-{variant + 1}",
                "title": f"商品 {product} Product number {product}",
                "description": "一段说明文字，长短适中。A description of ordinary length, in two languages.",
                "category_code": "all",
                "weight_g": 250,
                "price": f"{10 + product % 990}.00",
                "published": True,
                **({"options": {"Size": f"{variant + 1}"}} if stocking.skus_each > 1 else {}),
            }
        )
        yield NumberedLine(line=number + 2, value=line)


async def _fill_catalogue(db: Database, merchant: Merchant, now: datetime, stocking: Stocking) -> None:
    taxonomy = TaxonomyStore(db)
    await taxonomy.create_merchant(merchant)
    await taxonomy.create_category(CategoryId.mint(now, secrets.token_bytes(10)), code="all", name="All")
    async for done in BulkStore(db).import_lines(_lines(merchant, stocking), now=now, decided_by="bench"):
        if done.faults:
            raise RuntimeError(f"the catalogue of the benchmark is wrong: {done.faults[0]}")
    if not await ProductStore(db).browse(ProductFilter(), now, limit=1):
        raise RuntimeError("the catalogue of the benchmark shows nothing")


async def _fill_warehouse(
    store: InventoryStore,
    outbound: Literal["automatic", "manual"],
    merchant_id: MerchantId,
    units: Sequence[tuple[SkuId, int]],
    now: datetime,
) -> None:
    details = WarehouseDetails(
        code=outbound, name="Bench", merchant_id=merchant_id, region="Shanghai", city="Shanghai", outbound=outbound
    )
    await store.add_warehouse(WarehouseId.mint(now, secrets.token_bytes(10)), details, now)
    counted = [
        (number, CountLine(warehouse_code=outbound, sku_id=sku, on_hand=many))
        for number, (sku, many) in enumerate(units, 2)
    ]
    for start in range(0, len(counted), _COUNTED_AT_ONCE):
        part = counted[start : start + _COUNTED_AT_ONCE]
        await store.count_list(part, key=f"bench-{outbound}-{start}", actor="bench", now=now)
