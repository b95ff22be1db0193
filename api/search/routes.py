"""Search, suggestions and rankings; no log-in needed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.problems import refusals
from api.edge.wired import Wired
from api.products.showing import ShelfRoute
from api.showcase.questions import Asked, Found, Ranking, Suggestions, ranking_called
from models.search.errors import (
    FacetUnknown,
    FilterMalformed,
    RankingUnknown,
    SearchAway,
    SearchTextTooLong,
    SortUnknown,
)
from models.search.rankings import MOST_RANKED
from models.shared.ids import CategoryId

router = APIRouter(prefix="/v1", tags=["search"], route_class=ShelfRoute)


@router.get(
    "/search",
    summary="Search products",
    responses=refusals(SearchTextTooLong, FacetUnknown, SortUnknown, FilterMalformed, SearchAway),
)
async def search(asked: Annotated[Asked, Query()], shop: Wired) -> Found:
    """Products that fit the words and the filters, page by page, with counts by facet; a page beyond the end is empty.

    While the search engine is away, questions of words, category, one brand or one merchant are answered from titles
    (`degraded`), others with 503.
    """
    return await shop.finder.find(asked)


@router.get("/search/suggest", summary="Suggest while typing", responses=refusals(SearchTextTooLong))
async def suggest(
    shop: Wired,
    q: Annotated[str, Query(description="What was typed so far; nothing suggests nothing.")] = "",
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Suggestions:
    """What begins with what was typed: words of titles, brands, categories; by pinyin and its initials, too."""
    return await shop.finder.suggest(q, limit)


@router.get(
    "/rankings/{name}", summary="A ranking of products", response_model=Ranking, responses=refusals(RankingUnknown)
)
async def show_ranking(
    name: str,
    shop: Wired,
    category_id: CategoryId | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RANKED)] = 20,
) -> Response:
    """What sells best (`best_sellers_24h`, `best_sellers_7d`), is looked at most (`most_viewed`) or is `newest`; in the whole shop
    or below a category."""
    return await shop.rankings.show(ranking_called(name), category_id, limit)
