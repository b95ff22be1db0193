"""A question as Meilisearch takes it, and its answer as ours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SpuId
from search.meilisearch.indexing import END_MARK, MARK, taken_apart
from search.query import MAX_WINDOW, FacetValue, Filters, Fragment, Hit, SearchQuery, SearchResult, Sort

_ORDERS = {
    Sort.PRICE_UP: ["price_from:asc", "published_at:desc"],
    Sort.PRICE_DOWN: ["price_to:desc", "published_at:desc"],
    Sort.SALES: ["sales:desc", "published_at:desc"],
    Sort.NEWEST: ["published_at:desc"],
}
_NO_HITS = {"hitsPerPage": 0, "page": 1}
_LABELLED = {"brand", "category", "merchant"}
_HIGHEST = 2**53
"""Numbers beyond this are no longer exact in JSON."""


def questions(query: SearchQuery, index: str) -> list[dict[str, Any]]:
    """One multi-search: the page with every filter, then for each facet with a filter of its own a count without it.

    A page is asked by its number where that is possible, since then the server counts exactly; else the count is a question more.
    """
    parts = _conditions(query.filters)
    asked = [name for name in dict.fromkeys(query.facets) if _is_facet(name)]
    page: dict[str, Any] = {
        "indexUid": index,
        "q": query.text,
        "filter": [condition for conditions in parts.values() for condition in conditions],
        "facets": [name for name in asked if name not in parts],
        "attributesToHighlight": ["title"],
        "highlightPreTag": MARK,
        "highlightPostTag": END_MARK,
        "matchingStrategy": "last",
    }
    if query.sort in _ORDERS:
        page["sort"] = _ORDERS[query.sort]
    elif not query.text.strip():
        page["sort"] = _ORDERS[Sort.SALES]
    counts = [_count(query, index, parts, name) for name in asked if name in parts]
    if query.limit == 0 or query.offset >= MAX_WINDOW:
        return [page | _NO_HITS, *counts]
    if query.offset % query.limit == 0:
        return [page | {"hitsPerPage": query.limit, "page": query.offset // query.limit + 1}, *counts]
    return [page | _NO_HITS, *counts, page | {"facets": [], "offset": query.offset, "limit": query.limit}]


def _count(query: SearchQuery, index: str, parts: Mapping[str, list[str]], facet: str) -> dict[str, Any]:
    others = [one for name, conditions in parts.items() if name != facet for one in conditions]
    return {
        "indexUid": index,
        "q": query.text,
        "filter": others,
        "facets": [facet],
        "matchingStrategy": "last",
    } | _NO_HITS


def _conditions(filters: Filters) -> dict[str, list[str]]:
    """By the facet whose own filter it is. Every condition holds; values stand in quotes, so nothing in them is read as syntax."""
    found: dict[str, list[str]] = {}
    if filters.category_id is not None:
        found["category"] = [f"category_ids = {_quoted(filters.category_id)}"]
    if filters.brand_ids:
        found["brand"] = [_among("brand_id", filters.brand_ids)]
    if filters.merchant_ids:
        found["merchant"] = [_among("merchant_id", filters.merchant_ids)]
    if filters.price_from is not None or filters.price_to is not None:
        least = min(filters.price_from or 0, _HIGHEST)
        most = _HIGHEST if filters.price_to is None else min(filters.price_to, _HIGHEST)
        found["price"] = [f"prices {least} TO {most}"]  # of an array: some element lies between them
    if filters.in_stock:
        found["in_stock"] = ["in_stock = true"]
    for code, values in filters.attributes.items():
        if values:
            found[f"attribute.{code}"] = [_among(f"attribute.{code}", values)]
    for label, values in filters.options.items():
        if values:
            found[f"option.{label}"] = [_among(f"option.{label}", values)]
    return found


def _among(field: str, values: Iterable[str]) -> str:
    return f"{_quoted(field)} IN [{', '.join(_quoted(value) for value in values)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_facet(name: str) -> bool:
    kind, dot, rest = name.partition(".")
    if not dot:
        return name in {*_LABELLED, "in_stock"}
    return kind in ("attribute", "option") and bool(rest.strip()) and rest.isprintable() and "*" not in rest


def nothing(query: SearchQuery) -> SearchResult:
    """The answer to a question whose filters nobody can understand."""
    return SearchResult(hits=(), total=0, total_is_exact=True, facets=dict.fromkeys(query.facets, ()))


def result_of(query: SearchQuery, answers: Sequence[Mapping[str, Any]]) -> SearchResult:
    """The answer to `questions`."""
    page = answers[0]
    hits = tuple(_hit(one) for one in (page["hits"] or answers[-1]["hits"]))
    facets: dict[str, tuple[FacetValue, ...]] = dict.fromkeys(query.facets, ())
    for answer in answers:
        for name, distribution in (answer.get("facetDistribution") or {}).items():
            if name in facets:
                facets[name] = _values(name, distribution)
    total = int(page["totalHits"])
    return SearchResult(hits=hits, total=total, total_is_exact=total < MAX_WINDOW, facets=facets)


def _values(name: str, distribution: Mapping[str, int]) -> tuple[FacetValue, ...]:
    found = []
    for value, count in distribution.items():
        label, one = taken_apart(value) if name in _LABELLED else (value, value)
        found.append(FacetValue(value=one, label=label, count=count))
    return tuple(sorted(found, key=lambda each: (-each.count, each.label, each.value)))


def _hit(one: Mapping[str, Any]) -> Hit:
    return Hit(
        spu_id=SpuId(one["spu_id"]),
        title=one["title"],
        highlighted=tuple(_fragments(one.get("_formatted", {}).get("title", one["title"]))),
        merchant_id=MerchantId(one["merchant_id"]),
        merchant_name=one["merchant_name"],
        brand_id=BrandId(one["brand_id"]) if one.get("brand_id") else None,
        brand_name=one.get("brand_name"),
        category_id=CategoryId(one["category_id"]),
        image_url=one.get("image_url"),
        price_from=Money(minor=one["price_from"], currency=one["currency"]),
        price_to=Money(minor=one["price_to"], currency=one["currency"]),
        in_stock=one["in_stock"],
        sales=one["sales"],
    )


def _fragments(marked: str) -> Iterable[Fragment]:
    for place, piece in enumerate(marked.split(MARK)):
        hit, _, rest = piece.partition(END_MARK) if place else ("", "", piece)
        if hit:
            yield Fragment(text=hit, hit=True)
        if rest:
            yield Fragment(text=rest, hit=False)
