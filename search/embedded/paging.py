"""One page of what a question finds, and how much there is in all."""

from dataclasses import dataclass
from typing import Any

from hanse.database import Connection
from models.shared import Money
from search.embedded.asking import Question
from search.embedded.facets import Facets, counted_over, read, without_filter
from search.embedded.filtering import Narrowing, Parameters, Wanted, where
from search.embedded.highlighting import highlighted
from search.embedded.ranking import score
from search.embedded.tables import LIVE
from search.query import MAX_WINDOW, Hit, SearchQuery, Sort

_PAGE = """
WITH hits AS MATERIALIZED (
    SELECT spu_id, {rank} AS rank, published_at{for_facets} FROM {{items}} WHERE {conditions}
), page AS (
    SELECT spu_id, rank, published_at FROM hits
    ORDER BY rank {direction}, published_at DESC, spu_id LIMIT {limit} OFFSET {offset})
SELECT row_number() OVER (ORDER BY page.rank {direction}, page.published_at DESC, page.spu_id) AS place,
       (SELECT count(*) FROM hits) AS total, i.spu_id, i.price_from, i.price_to, i.in_stock, i.sales, d.shown
FROM page JOIN {{items}} AS i USING (spu_id) JOIN {{documents}} AS d USING (spu_id)
{and_facets}ORDER BY place
"""
_AND_FACETS = """UNION ALL
SELECT NULL, (SELECT count(*) FROM hits), NULL, NULL, NULL, NULL, NULL,
       (SELECT jsonb_agg(jsonb_build_array(facet, value, label, products)) FROM ({counted}) AS counted)
"""
"""The last row: all hits, and what the facets count."""
_BROWSED = """
SELECT spu_id, price_from, price_to, in_stock, sales, shown FROM {{items}} AS i JOIN {{documents}} USING (spu_id)
WHERE {conditions} ORDER BY {rank} {direction}, published_at DESC, spu_id LIMIT {limit} OFFSET {offset}
"""
_HOW_MANY = """
SELECT count(*) FROM {{items}} WHERE {conditions}
"""
"""Without a limit: for one, the planner walks an index of all products and unpacks the words of each."""
_HOW_MANY_UNASKED = """
SELECT count(*) FROM (SELECT FROM {{items}} WHERE {conditions} LIMIT {most}) AS found
"""
_ORDERS = {
    Sort.PRICE_UP: ("price_from", "ASC"),
    Sort.PRICE_DOWN: ("price_to", "DESC"),
    Sort.SALES: ("sales", "DESC"),
    Sort.NEWEST: ("published_at", "DESC"),
}


@dataclass(frozen=True)
class Page:
    """The hits of a page, how many there are in all, and the facets that could be counted on the way."""

    hits: tuple[Hit, ...]
    total: int
    facets: Facets


async def page(tx: Connection, query: SearchQuery, asked: Question, narrowed: Narrowing) -> Page:
    """The page that the query asks for."""
    parameters = Parameters()
    conditions = where(wanted(asked), narrowed, parameters)
    limit = parameters.add(max(0, min(query.limit, MAX_WINDOW - query.offset)), "int")
    offset = parameters.add(min(query.offset, MAX_WINDOW), "int")
    rank, direction = _ORDERS.get(query.sort, ("sales", "DESC"))
    if query.sort is Sort.RELEVANCE and asked.terms:
        rank = score(asked, parameters)
    facets = without_filter(query.facets, narrowed) if asked.terms else []
    for_facets = ", facets, variants, in_stock" if facets else ""
    and_facets = _AND_FACETS.format(counted=counted_over("hits", facets, parameters)) if facets else ""
    template = _PAGE if asked.terms else _BROWSED
    written = {"rank": rank, "direction": direction, "conditions": conditions, "limit": limit, "offset": offset}
    statement = template.format(**written, for_facets=for_facets, and_facets=and_facets)
    rows = await tx.fetch(LIVE.sql(statement), *parameters.values)
    counted = rows.pop()["shown"] if facets else None
    total = rows[0]["total"] if rows and asked.terms else await how_many(tx, asked, narrowed)
    hits = tuple(_hit(row, asked) for row in rows)
    return Page(hits, total, dict.fromkeys(facets, ()) | read(counted or ()))


def wanted(asked: Question) -> Wanted:
    """What the question finds."""
    return Wanted(asked.matches, asked.described, asked.normal)


async def how_many(tx: Connection, asked: Question, narrowed: Narrowing) -> int:
    """How many there are. Where no text was asked, no more are counted than can be read."""
    parameters = Parameters()
    conditions = where(wanted(asked), narrowed, parameters)
    template = _HOW_MANY if asked.terms else _HOW_MANY_UNASKED
    statement = template.format(conditions=conditions, most=MAX_WINDOW + 1)
    total: int = await tx.fetchval(LIVE.sql(statement), *parameters.values)
    return total


def _hit(row: Any, asked: Question) -> Hit:
    shown = row["shown"]
    return Hit(
        spu_id=row["spu_id"],
        title=shown["title"],
        highlighted=highlighted(shown["title"], asked),
        merchant_id=shown["merchant_id"],
        merchant_name=shown["merchant_name"],
        brand_id=shown["brand_id"],
        brand_name=shown["brand_name"],
        category_id=shown["category_id"],
        image_url=shown["image_url"],
        price_from=Money(minor=row["price_from"], currency=shown["currency"]),
        price_to=Money(minor=row["price_to"], currency=shown["currency"]),
        in_stock=row["in_stock"],
        sales=row["sales"],
    )
