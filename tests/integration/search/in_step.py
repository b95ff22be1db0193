"""A catalogue, its stock, an index and a listener on real servers, and what keeps them in step."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from temporalio.client import Client
from temporalio.worker import Worker

from activities.documents import CatalogueReader
from activities.following import Following
from activities.products import ProductsActivities
from activities.search import SearchActivities
from hanse.caching import ReadThrough
from models.inventory.types import WarehouseDetails
from models.products.types import Product
from models.search.messages import Scope
from models.shared.events import Event
from models.shared.ids import WarehouseId
from search.documents import ProductDocument
from search.embedded import EmbeddedEngine
from search.query import SearchQuery
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, InStepStore, ListingStore
from tests.conftest import OpenDatabase
from tests.integration.inventory.over_http import Listener
from tests.integration.products.catalogue import NOW, Catalogue, open_catalogue
from workers.queues import steps_of, workflows_on
from workers.sandbox import runner
from workflows.options import TaskQueue


@dataclass
class Slow(Listener):
    """Hears events, unless it is to be away."""

    away: bool = False
    tries: int = 0

    async def publish(self, events: Iterable[Event]) -> None:
        self.tries += 1
        if self.away:
            raise ConnectionError("Kafka is away")
        await super().publish(events)


class Watched(EmbeddedEngine):
    """The engine; a test may have something happen right after a page was put into a build."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def put(self, documents: Sequence[ProductDocument], *, index: str | None = None) -> None:
        await super().put(documents, index=index)
        if index is not None and self.meanwhile is not None:
            now, self.meanwhile = self.meanwhile, None
            await now()


@dataclass
class InStep:
    """Everything, opened."""

    catalogue: Catalogue
    inventory: InventoryStore
    engine: Watched
    listing: ListingStore
    store: InStepStore
    reader: CatalogueReader
    following: Following
    client: Client
    copies: CatalogueCopies
    listener: Slow = field(default_factory=Slow)

    @property
    def activities(self) -> SearchActivities:
        return SearchActivities(self.reader, self.engine, self.store, self.following, self.copies)

    async def follow(self, product: Product) -> None:
        async with asyncio.timeout(20):
            await self.following.follow_and_wait(Scope(products=(product.spu_id,)))

    async def found(self, text: str = "") -> list[str]:
        """The titles of what is found, whether it can be had, and its lowest price in yuan."""
        hits = (await self.engine.search(SearchQuery(text=text, correct=False))).hits
        return [f"{hit.title} {hit.price_from.minor // 100}{'' if hit.in_stock else ' sold out'}" for hit in hits]

    async def shows(self, *expected: str, seconds: float = 10) -> None:
        """Wait until exactly this is found."""
        await eventually(self.found, list(expected), seconds)

    async def warehouse(self) -> WarehouseId:
        merchant_id = self.catalogue.merchant.merchant_id
        details = WarehouseDetails(code="sh-1", name="Shanghai", merchant_id=merchant_id, country="CN")
        return (await self.inventory.add_warehouse(WarehouseId.derive(NOW, "sh-1"), details, NOW)).warehouse_id


async def eventually(look: Callable[[], Awaitable[Any]], expected: object, seconds: float = 10) -> None:
    seen: object = None
    for _ in range(int(seconds / 0.02)):
        if (seen := await look()) == expected:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {expected!r}, there is {seen!r}")


@asynccontextmanager
async def opened(database: OpenDatabase, client: Client, redis_url: str, folder: Path) -> AsyncIterator[InStep]:
    """Workers on the queues of the sagas, of search and of the bus."""
    products = await database("products")
    inventory = InventoryStore(await database("inventory"))
    listing, store = ListingStore(products), InStepStore(products)
    reader = CatalogueReader(listing, inventory, lambda: datetime.now(UTC))
    redis = Redis.from_url(redis_url)
    engine = Watched(await database("search"))
    step = InStep(
        await open_catalogue(products, folder),
        inventory,
        engine,
        listing,
        store,
        reader,
        Following(client, listing),
        client,
        CatalogueCopies(ReadThrough(redis)),
    )
    telling = ProductsActivities(reader, store, step.listener)
    async with AsyncExitStack() as stack:
        for queue, activities in (
            (TaskQueue.CHECKOUT, []),
            (TaskQueue.SEARCH, steps_of(step.activities)),
            (TaskQueue.BUS, steps_of(telling)),
        ):
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows_on(queue),
                activities=activities,
                workflow_runner=runner(),
            )
            await stack.enter_async_context(worker)
        yield step
    await redis.aclose()
