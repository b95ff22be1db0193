"""The throw-away stack under the benchmarks: real servers with real durability, our processes, the two floors, goods to buy."""

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
from redis.asyncio import Redis
from temporalio.client import Client

from benchmarks.empty import QUEUE
from benchmarks.jobs import Shop
from benchmarks.wire import Wire
from cli.children import api_part, carrier_sandbox_part, payment_sandbox_part, polled_since, worker_part
from cli.demo_data.people import BUYER, ensure_people
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from hanse.stack.part import Part
from hanse.stack.ports import Ports
from models.inventory.types import CountLine, WarehouseDetails
from models.orders.messages import Placement
from models.products.lines import ImportLine, NumberedLine
from models.products.types import Merchant, ProductFilter
from models.shared.ids import CategoryId, MerchantId, SkuId, WarehouseId
from stores.inventory import InventoryStore
from stores.migrations import migrate, migrate_database
from stores.products import BulkStore, ProductStore, TaxonomyStore
from stores.users import UsersStore

_PRODUCTS = 1_000
_UNITS = 1_000_000
_TOKEN_LIFETIME = "PT12H"
OURS = ("api", "worker")
SERVERS = ("temporal", "postgres", "redis", "kafka")


@dataclass(frozen=True)
class Ground:
    """A running stack."""

    stack: EmbeddedStack
    shop: Shop
    shelves_dsn: tuple[str, str]
    """Two databases for reservations: one for the floor, one for ours."""

    @property
    def settings(self) -> Settings:
        """As its processes see them."""
        return self.stack.settings

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time used so far by each part, all its processes together."""
        return {name: sum(map(_cpu, self._processes(name))) for name in self.stack.supervisor.parts}

    def memory_mb(self, name: str) -> float:
        """Resident memory of a part."""
        return sum(process.memory_info().rss for process in self._processes(name)) / 1e6

    def _processes(self, name: str) -> list[psutil.Process]:
        known = self.stack.supervisor.parts[name].process
        if known is None:
            return []
        process = psutil.Process(known.pid)
        return [process, *process.children(recursive=True)]

    async def place_store_calls(self, placement: Placement) -> None:
        """Start api and worker again with this placement."""
        self.stack.endpoints["placement"] = placement
        for name in reversed(OURS):
            await self.stack.supervisor.stop(name)
        for describe in (api_part, worker_part):
            await self.stack.start(describe(self.settings, self.stack.environment()))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


_STANDING_STILL = {"HANSE_SANDBOX_CARRIER_JOURNEY_SECONDS": "0"}
"""No parcel moves by itself: what is measured is what orders cost, at the moment they do."""


@asynccontextmanager
async def open_ground(folder: Path) -> AsyncIterator[Ground]:
    """Servers, migrations, goods, our processes, the floors."""
    stack = EmbeddedStack(folder, settings={"access_token_lifetime": _TOKEN_LIFETIME, "placement": "inline"})
    async with stack as settings:
        await migrate(settings)
        shelves = (await _shelves(settings, "bench_floor"), await _shelves(settings, "bench_ours"))
        address, spu_ids, sku_ids = await _stock_up(settings)
        bare_port = Ports.free().api
        for describe in (api_part, worker_part, payment_sandbox_part, carrier_sandbox_part):
            await stack.start(describe(settings, {**stack.environment(), **_STANDING_STILL}))
        await stack.start(_bare_part(bare_port))
        await stack.start(_empty_part(settings))
        shop = Shop(
            temporal_address=settings.temporal_address,
            temporal_namespace=settings.temporal_namespace,
            redis_url=settings.redis_url,
            api_url=settings.api_url,
            bare_url=f"http://127.0.0.1:{bare_port}",
            sandbox_url=settings.sandbox_payment_url,
            orders_dsn=settings.dsn("orders"),
            token=await log_in(settings.api_url),
            address_id=address,
            spu_ids=spu_ids,
            sku_ids=sku_ids[1:],
            sku_that_leaves=sku_ids[0],
        )
        yield Ground(stack, shop, shelves)


async def log_in(api_url: str) -> str:
    """An access token of the demo buyer."""
    wire = Wire(api_url)
    try:
        told = await wire.call("POST", "/v1/users/login", body={"contact": BUYER[0], "password": BUYER[1]})
    finally:
        await wire.close()
    return str(told["access_token"])


async def _shelves(settings: Settings, name: str) -> str:
    dsn = settings.dsn("inventory").replace("hanse_inventory", name)
    await migrate_database(dsn, "inventory")
    return dsn


def _bare_part(port: int) -> Part:
    async def ready() -> bool:
        return await Wire(f"http://127.0.0.1:{port}").call("GET", "/bare") is not None

    return Part(name="bare", command=[sys.executable, "-m", "benchmarks.bare", str(port)], ready=ready, port=port)


def _empty_part(settings: Settings) -> Part:
    async def ready() -> bool:
        client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
        return await polled_since(client, QUEUE, datetime.fromtimestamp(0, UTC))

    where = (settings.temporal_address, settings.temporal_namespace)
    return Part(name="empty-worker", command=[sys.executable, "-m", "benchmarks.empty", *where], ready=ready)


async def _stock_up(settings: Settings) -> tuple[str, list[str], list[str]]:
    """One merchant, many products of one SKU, in a warehouse that lets parcels out only when told: a `Fulfillment` then waits,
    and an order costs what it costs until it is handed to fulfillment. The first SKU alone is in a warehouse that lets out
    by itself. Answers with address, products and SKUs."""
    now = datetime.now(UTC)
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name)).open()
            stack.push_async_callback(opened.close)
            return opened

        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        users = UsersStore.on(
            await database("users"),
            redis,
            access_token_lifetime=settings.access_token_lifetime,
            session_lifetime=settings.refresh_token_lifetime,
        )
        merchant = Merchant(
            merchant_id=MerchantId.mint(now, secrets.token_bytes(10)),
            code="bench",
            name="Bench",
            city="Shanghai",
            region="Shanghai",
            version=1,
        )
        products = await database("products")
        await _fill_catalogue(products, merchant, now)
        found = await ProductStore(products).page_of_products(now, limit=_PRODUCTS, merchant_id=merchant.merchant_id)
        skus = [sku.sku_id for product in found for sku in product.skus]
        inventory = InventoryStore(await database("inventory"))
        await _fill_warehouse(inventory, "manual", merchant.merchant_id, skus[1:], now)
        await _fill_warehouse(inventory, "automatic", merchant.merchant_id, skus[:1], now)
        for database_name in ("products", "inventory"):
            async with (await database(database_name)).reader() as connection:
                await connection.execute("VACUUM ANALYZE")
        people = await ensure_people(users, now)
        return people.address_id, [product.spu_id for product in found], list(skus)


async def _fill_catalogue(db: Database, merchant: Merchant, now: datetime) -> None:
    taxonomy = TaxonomyStore(db)
    await taxonomy.create_merchant(merchant)
    await taxonomy.create_category(CategoryId.mint(now, secrets.token_bytes(10)), code="all", name="All")
    lines = [
        ImportLine.model_validate(
            {
                "merchant_code": merchant.code,
                "spu_code": f"p{number}",
                "sku_code": f"p{number}-1",
                "title": f"商品 {number} Product number {number}",
                "description": "一段说明文字，长短适中。A description of ordinary length, in two languages.",
                "category_code": "all",
                "weight_g": 250,
                "price": f"{10 + number % 990}.00",
                "published": True,
            }
        )
        for number in range(_PRODUCTS)
    ]
    numbered = [NumberedLine(line=number, value=line) for number, line in enumerate(lines, start=2)]
    async for done in BulkStore(db).import_lines(numbered, now=now, decided_by="bench"):
        if done.faults:
            raise RuntimeError(f"the catalogue of the benchmark is wrong: {done.faults[0]}")
    if not await ProductStore(db).browse(ProductFilter(), now, limit=1):
        raise RuntimeError("the catalogue of the benchmark shows nothing")


async def _fill_warehouse(
    store: InventoryStore,
    outbound: Literal["automatic", "manual"],
    merchant_id: MerchantId,
    skus: list[SkuId],
    now: datetime,
) -> None:
    details = WarehouseDetails(
        code=outbound, name="Bench", merchant_id=merchant_id, region="Shanghai", city="Shanghai", outbound=outbound
    )
    await store.add_warehouse(WarehouseId.mint(now, secrets.token_bytes(10)), details, now)
    counted = [
        (number, CountLine(warehouse_code=outbound, sku_id=sku, on_hand=_UNITS)) for number, sku in enumerate(skus, 2)
    ]
    await store.count_list(counted, key=f"bench-{outbound}", actor="bench", now=now)
