"""Telling the search engine how well products sell, as the rankings count it."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from temporalio import activity

from models.search.messages import SalesTold
from search.documents import SalesPatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from models.shared.ids import SpuId
    from models.shared.time import Clock
    from search.engine import SearchEngine
    from stores.search import RankingStore

_AT_ONCE = 1_000
_log = logging.getLogger(__name__)


def sales_of(rankings: "RankingStore", clock: "Clock") -> "Callable[[Sequence[SpuId]], Awaitable[Mapping[SpuId, int]]]":
    """The sales that a document of the index holds. Without Redis none are known: the next full telling puts that right."""

    async def ask(spu_ids: "Sequence[SpuId]") -> "Mapping[SpuId, int]":
        try:
            async with asyncio.timeout(1):
                return await rankings.sales_of(spu_ids, clock())
        except (OSError, TimeoutError, RedisError) as fault:
            _log.warning("documents are written without sales: %r", fault)
            return {}

    return ask


class RankingsActivities:
    """What changed since it was last told; what was told and not written down is told again."""

    def __init__(self, rankings: "RankingStore", engine: "SearchEngine") -> None:
        self._rankings = rankings
        self._engine = engine

    @activity.defn(name="rankings.tell_sales")
    async def tell_sales(self) -> SalesTold:
        """The engine knows the units sold in the last seven days of every product whose number changed."""
        now = datetime.now(UTC)
        sold, told = await self._rankings.all_sales(now), await self._rankings.told()
        changed = {spu_id: sold.get(spu_id, 0) for spu_id in sold.keys() | told.keys()}
        changed = {spu_id: units for spu_id, units in changed.items() if units != told.get(spu_id, 0)}
        products = list(changed.items())
        for start in range(0, len(products), _AT_ONCE):
            batch = products[start : start + _AT_ONCE]
            await self._engine.patch_sales([SalesPatch(spu_id=spu_id, sales=units) for spu_id, units in batch])
            await self._rankings.note_told(dict(batch))
            activity.heartbeat()
        return SalesTold(products=len(changed))
