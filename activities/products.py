"""Telling the world what changed in the catalogue."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from temporalio import activity

from models.search.messages import Followed, TellProducts
from models.shared.events import Event

if TYPE_CHECKING:
    from activities.announcing import Publishes
    from activities.documents import CatalogueReader
    from stores.products import InStepStore


_PRODUCTS_AT_ONCE = 64
"""Kafka's client packs what waits at the same time into one request."""


class ProductsActivities:
    """There is no undo: what was told happened."""

    def __init__(self, catalogue: "CatalogueReader", in_step: "InStepStore", publisher: "Publishes") -> None:
        self._catalogue = catalogue
        self._in_step = in_step
        self._publisher = publisher

    @activity.defn(name="products.tell_changes")
    async def tell_changes(self, ask: TellProducts) -> Followed:
        """Kafka has what changed of the scope since it was last told, when this returns: each event under one id, told once or
        several times, and first told in the order in which it happened to the product."""
        details = activity.info().heartbeat_details
        done, after = (details[0], details[1]) if len(details) == 2 else (0, "")
        async for page in self._catalogue.pages(ask.scope, after):
            more = True
            while more:
                reading = await self._catalogue.read(page)
                telling = await self._in_step.tell(
                    reading.products, reading.revision, reading.available, self._catalogue.now()
                )
                if telling.batch.events:
                    await self._publish(telling.batch.events)
                    await self._in_step.told(telling.revisions)
                more = telling.left_over
            done += len(page)
            if ask.scope.warehouse_id is None and page:
                activity.heartbeat(done, page[-1])
            else:
                activity.heartbeat()
        return Followed(products=done)

    async def _publish(self, events: Iterable[Event]) -> None:
        """Products side by side, the events of each in their order."""
        turn = asyncio.Semaphore(_PRODUCTS_AT_ONCE)

        async def one(of_product: list[Event]) -> None:
            async with turn:
                await self._publisher.publish(of_product)

        try:
            async with asyncio.TaskGroup() as group:
                for _, of_product in groupby(sorted(events, key=lambda event: event.key), key=lambda event: event.key):
                    group.create_task(one(list(of_product)))
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None  # one of them says why
