"""Rankings as buyers see them: places from Redis, products from the database, the whole from the caches."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping
from datetime import timedelta

from redis.exceptions import RedisError

from api.showcase.questions import RankedProduct, Ranking
from api.showcase.shelf import Shelf
from api.showcase.shown import Shown
from hanse.caching import Kind, Loaded
from models.products.types import ProductCard, ProductFilter
from models.search.rankings import Ranked, RankingName
from models.shared.ids import CategoryId
from models.shared.time import Clock
from stores.products import ProductStore
from stores.products.copies import LIST
from stores.search import RankingStore

_RANKING = Kind("ranking", LIST.epoch, fresh=timedelta(seconds=15), stale=timedelta(seconds=15))
_SPARE = 3
"""So many times the places are asked for: some of those products are not published any more."""
_PATIENCE_SECONDS = 0.5


class Rankings:
    """Built once per process."""

    def __init__(self, counts: RankingStore, products: ProductStore, shelf: Shelf, clock: Clock) -> None:
        self._counts = counts
        self._products = products
        self._shelf = shelf
        self._clock = clock

    async def show(self, name: RankingName, category_id: CategoryId | None, limit: int) -> Shown:
        """The first places of a ranking, at most half a minute old."""

        async def load(_wanted: Collection[str]) -> Mapping[str, Loaded]:
            return {ident: Loaded((await self._read(name, category_id, limit)).model_dump_json().encode())}

        ident = hashlib.blake2b(f"{name}:{category_id}:{limit}".encode(), digest_size=12).hexdigest()
        return await self._shelf.whole(_RANKING, ident, "/v1/rankings/{name}", load)

    async def _read(self, name: RankingName, category_id: CategoryId | None, limit: int) -> Ranking:
        now = self._clock()
        if name is RankingName.NEWEST:
            narrowed = ProductFilter(category_id=category_id)
            cards = await self._products.browse(narrowed, now, limit=limit)
            return Ranking(name=name, items=tuple(_place(card, None) for card in cards), counted_since=now)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                begun = await self._counts.begun()
                ranked: list[Ranked] = await self._counts.top(name, category_id, now, limit * _SPARE)
        except (RedisError, OSError, TimeoutError):  # the places are there and nowhere else; a page does without
            return Ranking(name=name, items=(), counted_since=None)
        cards_of = await self._products.cards([one.spu_id for one in ranked], now)
        shown = [_place(cards_of[one.spu_id], one.amount) for one in ranked if one.spu_id in cards_of]
        return Ranking(name=name, items=tuple(shown[:limit]), counted_since=begun)


def _place(card: ProductCard, amount: int | None) -> RankedProduct:
    return RankedProduct(**dict(card), amount=amount)
