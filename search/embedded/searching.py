"""From a question to a page of hits."""

import math
from collections.abc import Mapping
from typing import Any

from hanse.database import Connection, Database
from models.shared import Money
from search.embedded.asking import Question, plain_words, question, words_asked
from search.embedded.connecting import looking
from search.embedded.facets import count_facets
from search.embedded.filtering import Narrowing, Parameters, Wanted, narrowing, where
from search.embedded.highlighting import highlighted
from search.embedded.ranking import score
from search.embedded.stemming import Stemmer
from search.embedded.tables import LIVE
from search.language import Synonyms
from search.query import MAX_WINDOW, Hit, SearchQuery, SearchResult, Sort

_PAGE = """
WITH page AS (
    SELECT spu_id, rank, published_at, count(*) OVER () AS total
    FROM (SELECT spu_id, {rank} AS rank, published_at FROM {{items}} WHERE {conditions} OFFSET 0) AS found
    ORDER BY rank {direction}, published_at DESC, spu_id LIMIT {limit} OFFSET {offset})
SELECT page.spu_id, page.total, i.price_from, i.price_to, i.in_stock, i.sales, d.shown
FROM page JOIN {{items}} AS i USING (spu_id) JOIN {{documents}} AS d USING (spu_id)
ORDER BY page.rank {direction}, page.published_at DESC, page.spu_id
"""
_BROWSED = """
SELECT spu_id, price_from, price_to, in_stock, sales, shown FROM {{items}} AS i JOIN {{documents}} USING (spu_id)
WHERE {conditions} ORDER BY {rank} {direction}, published_at DESC, spu_id LIMIT {limit} OFFSET {offset}
"""
_HOW_MANY = """
SELECT count(*) FROM (SELECT FROM {{items}} WHERE {conditions} LIMIT {most}) AS found
"""
_KNOWN_WORDS = """
SELECT word, products FROM {vocabulary} WHERE word = ANY($1)
"""
_NAMED = """
SELECT id FROM {facet_values} WHERE facet IN ('brand', 'category') AND names && $1 AND products > 0
"""
_ORDERS = {
    Sort.PRICE_UP: ("price_from", "ASC"),
    Sort.PRICE_DOWN: ("price_to", "DESC"),
    Sort.SALES: ("sales", "DESC"),
    Sort.NEWEST: ("published_at", "DESC"),
}
_LONGEST_NAME = 4
"""Words of a brand's or a category's name."""


class Searcher:
    """The reading half of the engine."""

    def __init__(self, database: Database, stemmer: Stemmer, synonyms: Synonyms) -> None:
        self._database = database
        self._stemmer = stemmer
        self._synonyms = synonyms

    async def search(self, query: SearchQuery) -> SearchResult:
        """One page, its facets, and the correction that was needed to fill it. All of one moment's index."""
        async with looking(self._database) as tx:
            asked = await self.understood(tx, query.text)
            narrowed = await narrowing(tx, query.filters)
            hits, total = await self._page(tx, query, asked, narrowed)
            wanted = Wanted(asked.matches, asked.normal)
            facets = await count_facets(tx, query.facets, wanted, narrowed)
        return SearchResult(hits=hits, total=min(total, MAX_WINDOW), total_is_exact=total <= MAX_WINDOW, facets=facets)

    async def understood(self, tx: Connection, text: str) -> Question:
        """The text as a question."""
        normal, words = words_asked(text)
        stems = await self._stemmer.stems(tx, plain_words(words, self._synonyms))
        return question(normal, words, self._synonyms, stems)

    async def _page(
        self, tx: Connection, query: SearchQuery, asked: Question, narrowed: Narrowing
    ) -> tuple[tuple[Hit, ...], int]:
        parameters = Parameters()
        conditions = where(Wanted(asked.matches, asked.normal), narrowed, parameters)
        limit = parameters.add(max(0, min(query.limit, MAX_WINDOW - query.offset)), "int")
        offset = parameters.add(min(query.offset, MAX_WINDOW), "int")
        parts = {"conditions": conditions, "limit": limit, "offset": offset}
        rank, direction = _ORDERS.get(query.sort, ("sales", "DESC"))
        if query.sort is Sort.RELEVANCE and asked.terms:
            rank = score(asked, await self._rarity(tx, asked), await self._named(tx, asked), parameters)
        template = _PAGE if asked.terms else _BROWSED
        statement = template.format(rank=rank, direction=direction, **parts)
        rows = await tx.fetch(LIVE.sql(statement), *parameters.values)
        total = rows[0]["total"] if rows and asked.terms else await self._how_many(tx, asked, narrowed)
        return tuple(_hit(row, asked) for row in rows), total

    async def _how_many(self, tx: Connection, asked: Question, narrowed: Narrowing) -> int:
        parameters = Parameters()
        conditions = where(Wanted(asked.matches, asked.normal), narrowed, parameters)
        statement = _HOW_MANY.format(conditions=conditions, most=MAX_WINDOW + 1)
        total: int = await tx.fetchval(LIVE.sql(statement), *parameters.values)
        return total

    async def _rarity(self, tx: Connection, asked: Question) -> Mapping[str, float]:
        """How much each term tells: a word that few products have, more."""
        words = [word.text for word in asked.words]
        known = {row["word"]: row["products"] for row in await tx.fetch(LIVE.sql(_KNOWN_WORDS), words)}
        return {term.text: 1 + 3 / math.log(math.e + known.get(term.text, 0)) for term in asked.terms}

    async def _named(self, tx: Connection, asked: Question) -> list[int]:
        """The brands and categories that the question names."""
        texts = [word.text for word in asked.words]
        spans = [
            texts[start:end]
            for start in range(len(texts))
            for end in range(start + 1, min(start + _LONGEST_NAME, len(texts)) + 1)
        ]
        names = {joined for span in spans for joined in ("".join(span), " ".join(span))} | {asked.normal}
        return [row["id"] for row in await tx.fetch(LIVE.sql(_NAMED), list(names))]


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
