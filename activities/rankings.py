"""Telling the search engine how well products sell, as the rankings count it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio import activity

from models.search.messages import SalesTold
from search.documents import SalesPatch

if TYPE_CHECKING:
    from search.engine import SearchEngine
    from stores.search import RankingStore

_AT_ONCE = 1_000


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
