"""Search, suggestions and rankings over HTTP: what is found, what bad input gets, what happens while the engine is away."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from api.showcase.finding import Finder
from api.showcase.ranked import Rankings
from api.showcase.shelf import Shelf
from hanse.caching import ReadThrough
from models.search.rankings import Counted, Sale
from models.shared.ids import OrderId
from search.embedded import EmbeddedEngine
from search.engine import SearchUnavailable
from search.query import SearchQuery, SearchResult, Suggestion
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies
from stores.search import RankingStore
from tests.conftest import OpenDatabase
from tests.integration.products.catalogue import NOW, Catalogue, open_catalogue
from tests.integration.search.goods import product

TODAY = datetime.now(UTC)
"""Redis forgets old counts by its own clock."""
KNOWN_BAD = [
    ("q=" + "x" * 10_000, 422, "search_text_too_long"),
    ("sort=cheapest", 422, "sort_unknown"),
    ("facet=colour", 422, "facet_unknown"),
    ("attribute=linen", 422, "filter_malformed"),
    ("page=0", 422, "validation_failed"),
    ("limit=1000", 422, "validation_failed"),
    ("category_id=nonsense", 422, "validation_failed"),
    ("&".join(["brand_id=brd_01jd8x4q2r7m9v3k5t6w8y0zab"] * 21), 422, "validation_failed"),
]
ODD = [
    "",
    "   ",
    "!!!???",
    "😀🍵",
    "'; DROP TABLE items; --",
    "a\x01b\x1fc\u200b",
    "%_\\",
    "a OR 1=1) & | ! <->",
    "茶" * 200,
]


class Engine(EmbeddedEngine):
    """The embedded engine, which can be cut off."""

    away = False
    asked = 0

    async def search(self, query: SearchQuery) -> SearchResult:
        self.asked += 1
        if self.away:
            raise SearchUnavailable("cut off")
        return await super().search(query)

    async def suggest(self, typed: str, *, limit: int = 10) -> Sequence[Suggestion]:
        if self.away:
            raise SearchUnavailable("cut off")
        return await super().suggest(typed, limit=limit)


class Front:
    """The api over one catalogue, its index and its rankings."""

    def __init__(self, http: httpx.AsyncClient, engine: Engine, catalogue: Catalogue, rankings: RankingStore) -> None:
        self.http, self.engine, self.catalogue, self.rankings = http, engine, catalogue, rankings

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"/v1/{path}", params=params)


@pytest.fixture
async def front(database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI) -> AsyncIterator[Front]:
    catalogue = await open_catalogue(await database("products"), tmp_path)
    engine, clock = Engine(await database("search")), lambda: TODAY
    redis = Redis.from_url(redis_url)
    await redis.flushdb()
    copies, rankings = CatalogueCopies(ReadThrough(redis)), RankingStore(redis)
    shelf = Shelf(catalogue.products, catalogue.taxonomy, InventoryStore(await database("inventory")), copies, clock)
    api.state.services = SimpleNamespace(
        clock=clock,
        redis=redis,
        shelf=shelf,
        finder=Finder(engine, catalogue.products, clock),
        rankings=Rankings(rankings, catalogue.products, shelf, clock),
    )
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        yield Front(http, engine, catalogue, rankings)
    await redis.aclose()


async def test_words_find_products_with_marks_facets_and_pages(front: Front) -> None:
    await front.engine.put([product("a", "青瓷壶 Celadon teapot"), product("b", "玻璃壶 Glass teapot")])
    found = (await front.get("search", q="teapot", facet=["brand", "category"], limit=1)).json()
    assert (found["total"], len(found["items"]), found["degraded"]) == (2, 1, False)
    assert "".join(piece["text"] for piece in found["items"][0]["highlighted"]) == found["items"][0]["title"]
    assert any(piece["hit"] for piece in found["items"][0]["highlighted"])
    assert set(found["facets"]) == {"brand", "category"}
    beyond = (await front.get("search", q="teapot", page=400_000)).json()
    assert (beyond["items"], beyond["total"], beyond["page"]) == ([], 2, 400_000)
    suggested = (await front.get("search/suggest", q="tea")).json()["items"]
    assert any("teapot" in one["text"].lower() for one in suggested)


async def test_bad_input_is_refused_with_what_would_be_understood(front: Front) -> None:
    for query, status, code in KNOWN_BAD:
        answer = await front.http.get(f"/v1/search?{query}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), query[:40]
    unknown = (await front.get("search", sort="cheapest")).json()
    assert all(order in unknown["detail"] for order in ("relevance", "price_up", "newest"))
    assert (await front.get("search/suggest", q="x" * 201)).json()["code"] == "search_text_too_long"


async def test_odd_text_finds_something_or_nothing_but_breaks_nothing(front: Front) -> None:
    await front.engine.put([product("a", "Celadon teapot")])
    for text in ODD:
        for path in ("search", "search/suggest"):
            answer = await front.get(path, q=text)
            assert answer.status_code == 200, (path, text, answer.text)
    assert (await front.get("search", q="a\x01teapot\u200b")).json()["correction"] is None
    assert (await front.get("search", q="")).json()["total"] == 1
    assert (await front.get("search/suggest", q="  ")).json()["items"] == []


async def test_while_the_engine_is_away_titles_are_searched_and_what_only_it_knows_is_refused(front: Front) -> None:
    await front.catalogue.on_sale("shirt")
    front.engine.away = True
    found = (await front.get("search", q="linen")).json()
    assert found["degraded"] is True
    assert [item["title"] for item in found["items"]] == ["Linen shirt 亚麻衬衫"]
    refused = await front.get("search", q="linen", price_to=5000)
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "search_away", "2")
    assert (await front.get("search/suggest", q="lin")).json() == {"items": [], "degraded": True}
    assert front.engine.asked == 1, "after a silence the engine is left alone for a while"


async def test_rankings_show_what_sold_most_and_is_still_for_sale(front: Front) -> None:
    shirt, coat = await front.catalogue.on_sale("shirt"), await front.catalogue.on_sale("coat")
    hidden = await front.catalogue.product("hidden")
    categories = (front.catalogue.clothes.category_id, front.catalogue.shirts.category_id)
    for number, (one, units) in enumerate(((shirt, 1), (coat, 5), (hidden, 9), (shirt, 2))):
        counted = (Counted(spu_id=one.spu_id, category_ids=categories, amount=units),)
        sale = Sale(order_id=OrderId.derive(NOW, str(number)), paid_at=TODAY, counted=counted)
        assert await front.rankings.count_sale(sale) is True
        assert await front.rankings.count_sale(sale) is False, "an order counts once"
    await front.rankings.begin(TODAY)
    ranked = (await front.get("rankings/best_sellers_7d")).json()
    assert [(item["spu_id"], item["amount"]) for item in ranked["items"]] == [(coat.spu_id, 5), (shirt.spu_id, 3)]
    assert ranked["counted_since"] is not None
    below = (await front.get("rankings/best_sellers_24h", category_id=categories[1], limit=1)).json()
    assert [item["spu_id"] for item in below["items"]] == [coat.spu_id]
    newest = (await front.get("rankings/newest")).json()
    assert {item["spu_id"] for item in newest["items"]} == {shirt.spu_id, coat.spu_id}
    unknown = await front.get("rankings/richest")
    assert (unknown.status_code, "most_viewed" in unknown.json()["detail"]) == (404, True)
