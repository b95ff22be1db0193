"""The engine asked on behalf of a buyer, and what is done while it is away.

A question of words, category, one brand or one merchant falls back to the catalogue's own list, which says that it is
`degraded`; any other cannot be answered truthfully without the engine and gets 503 with Retry-After. Suggestions are left out: a
page works without them. After a silence the engine is left alone for two seconds.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter, Histogram

from api.showcase.questions import Asked, Found, Suggestions, looked_for
from models.products.types import ProductCard, ProductFilter
from models.search.errors import SearchAway
from models.shared.time import Clock
from search.engine import SearchEngine, SearchUnavailable
from search.query import MAX_WINDOW, Fragment, Hit, SearchQuery, Sort
from stores.products import ProductStore

_log = logging.getLogger(__name__)
_asked = Counter("hanse_search_requests", "Questions to the search engine by what became of them", ["kind", "outcome"])
_took = Histogram(
    "hanse_search_seconds",
    "How long the search engine took",
    ["kind"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 3),
)
_PATIENCE_SECONDS = 3.0
_SUGGEST_PATIENCE_SECONDS = 1.0
_REST_SECONDS = 2.0
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Finder:
    """Search as buyers meet it. Built once per process."""

    def __init__(self, engine: SearchEngine, products: ProductStore, clock: Clock) -> None:
        self._engine = engine
        self._products = products
        self._clock = clock
        self._resting_until = 0.0

    async def find(self, asked: Asked) -> Found:
        """A page of hits. A page beyond the end is empty. `SearchAway` when only the engine could tell."""
        query = asked.query()
        if query.offset >= MAX_WINDOW:
            query = query.model_copy(update={"offset": 0, "limit": 0})
        try:
            result = await self._ask("search", self._engine.search, query, _PATIENCE_SECONDS)
        except SearchUnavailable as away:
            if not _catalogue_can_tell(query):
                raise SearchAway("Search does not answer just now; ask again in two seconds.", retry_after=2) from away
            return await self._from_the_catalogue(query, asked)
        return Found.of(result, asked.page)

    async def suggest(self, typed: str, limit: int) -> Suggestions:
        """What begins with what was typed; nothing for nothing."""
        text = looked_for(typed)
        if not text:
            return Suggestions(items=())

        async def ask(typed: str) -> Suggestions:
            return Suggestions(items=tuple(await self._engine.suggest(typed, limit=limit)))

        try:
            return await self._ask("suggest", ask, text, _SUGGEST_PATIENCE_SECONDS)
        except SearchUnavailable:
            return Suggestions(items=(), degraded=True)

    async def _ask(
        self, kind: str, ask: Callable[[Question], Awaitable[Answer]], question: Question, patience: float
    ) -> Answer:
        loop = asyncio.get_running_loop()
        if loop.time() < self._resting_until:
            _asked.labels(kind, "resting").inc()
            raise SearchUnavailable("it did not answer a moment ago")
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(patience):
                answer = await ask(question)
        except (SearchUnavailable, TimeoutError) as silence:
            self._resting_until = loop.time() + _REST_SECONDS
            _asked.labels(kind, "away").inc()
            _log.warning("the search engine %s does not answer: %r", self._engine.name, silence)
            raise SearchUnavailable("it does not answer") from silence
        _asked.labels(kind, "answered").inc()
        _took.labels(kind).observe(time.perf_counter() - begun)
        return answer

    async def _from_the_catalogue(self, query: SearchQuery, asked: Asked) -> Found:
        filters = query.filters
        narrowed = ProductFilter(
            text=query.text[:100] or None,
            category_id=filters.category_id,
            brand_id=next(iter(filters.brand_ids), None),
            merchant_id=next(iter(filters.merchant_ids), None),
        )
        cards = await self._products.browse(narrowed, self._clock(), limit=asked.limit) if asked.page == 1 else []
        return Found(
            items=tuple(_as_hit(card) for card in cards),
            total=len(cards),
            total_is_exact=len(cards) < asked.limit,
            page=asked.page,
            facets={},
            correction=None,
            degraded=True,
        )


def _catalogue_can_tell(query: SearchQuery) -> bool:
    filters = query.filters
    more = (filters.price_from, filters.price_to, filters.in_stock, filters.attributes, filters.options)
    few = len(filters.brand_ids) <= 1 and len(filters.merchant_ids) <= 1
    return few and not any(more) and query.sort in (Sort.RELEVANCE, Sort.NEWEST)


def _as_hit(card: ProductCard) -> Hit:
    return Hit(
        spu_id=card.spu_id,
        title=card.title,
        highlighted=(Fragment(text=card.title, hit=False),),
        merchant_id=card.merchant_id,
        merchant_name="",
        brand_id=card.brand_id,
        brand_name=None,
        category_id=card.category_id,
        image_url=card.image_url,
        price_from=card.price_from,
        price_to=card.price_from,
        in_stock=True,
        sales=0,
    )
