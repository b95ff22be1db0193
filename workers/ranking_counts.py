"""What is counted for the rankings, by what the shop tells and by what its databases hold."""

import asyncio
import logging
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from bus.envelope import Envelope
from models.orders.events import OrderPaid
from models.products.events import ProductsViewed
from models.search.rankings import SALES_COUNT_FOR, Counted, Sale
from models.shared.time import Clock
from stores.orders import OrderStore
from stores.products import ProductStore
from stores.search import RankingStore

_log = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS = 10.0
_COUNT_AGAIN_EVERY = 360
"""Looks after which the sales of the databases are counted again: events that a broker lost are found so."""
_rebuilt = Counter("hanse_rankings_rebuilt", "Times the rankings were counted anew because Redis had lost them")
_found = Counter("hanse_ranking_sales_found", "Sales found in the database that no event had told of")
_age = Gauge("hanse_rankings_begun_timestamp_seconds", "Since when views are counted without a gap")


@dataclass(frozen=True)
class RankingCounts:
    """What is done about each event. Each counts once, however often it comes."""

    orders: OrderStore
    products: ProductStore
    rankings: RankingStore
    clock: Clock

    async def order_paid(self, envelope: Envelope) -> None:
        """Its lines are sold, at the moment it was paid; the order itself says of which products and categories."""
        event = envelope.event
        assert isinstance(event, OrderPaid)
        order = await self.orders.order(event.order_id)
        counted = tuple(
            Counted(spu_id=line.spu_id, category_ids=line.category_ids, amount=line.quantity) for line in order.lines
        )
        await self.rankings.count_sale(
            Sale(order_id=order.order_id, paid_at=order.paid_at or event.occurred_at, counted=counted)
        )

    async def products_viewed(self, envelope: Envelope) -> None:
        """They were looked at."""
        event = envelope.event
        assert isinstance(event, ProductsViewed)
        categories = await self.products.categories_of([view.spu_id for view in event.views])
        counted = [
            Counted(spu_id=view.spu_id, category_ids=categories[view.spu_id], amount=view.times)
            for view in event.views
            if view.spu_id in categories
        ]
        await self.rankings.count_views(event.batch, event.occurred_at, counted)

    async def see_to_it(self, stop: asyncio.Event) -> None:
        """Until told to stop: when Redis has lost the rankings, count the sales of the databases again."""
        looks = 0
        while not stop.is_set():
            try:
                lost = await self.rankings.begun() is None
                if lost or looks % _COUNT_AGAIN_EVERY == 0:
                    await self.count_from_the_databases(lost=lost)
                looks += 1
            except Exception:
                _log.exception("the rankings could not be looked after; again in %.0f s", _LOOK_EVERY_SECONDS)
            try:
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY_SECONDS)
            except TimeoutError:
                continue

    async def count_from_the_databases(self, *, lost: bool) -> int:
        """Every sale that still counts; those that are counted already are passed over. Answers how many were new."""
        now, new = self.clock(), 0
        async for page in self.orders.sales_since(now - SALES_COUNT_FOR):
            for sale in page:
                new += await self.rankings.count_sale(sale)
        await self.rankings.begin(now)
        begun = await self.rankings.begun()
        _age.set(begun.timestamp() if begun else 0)
        if lost:
            _rebuilt.inc()
            _log.info("rankings counted from the databases: %s sales; views begin now", new)
        else:
            _found.inc(new)
        return new
