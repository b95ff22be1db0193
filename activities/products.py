"""Telling the world what changed in the catalogue."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.search.messages import Followed, TellProducts

if TYPE_CHECKING:
    from activities.announcing import Publishes
    from activities.documents import CatalogueReader
    from stores.products import InStepStore


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
                    await self._publisher.publish(telling.batch.events)
                    await self._in_step.told(telling.revisions)
                more = telling.left_over
            done += len(page)
            if ask.scope.warehouse_id is None and page:
                activity.heartbeat(done, page[-1])
            else:
                activity.heartbeat()
        return Followed(products=done)
