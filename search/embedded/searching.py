"""From a question to a page of hits: as it was asked, else corrected, else with some of its words missing."""

from hanse.database import Connection, Database
from search.embedded.asking import Question
from search.embedded.connecting import looking
from search.embedded.correcting import corrected
from search.embedded.facets import count_facets
from search.embedded.filtering import Narrowing, narrowing
from search.embedded.paging import Page, how_many, page, wanted
from search.embedded.stemming import Stemmer
from search.embedded.understanding import understood
from search.language import Synonyms
from search.query import MAX_WINDOW, Correction, SearchQuery, SearchResult

_LITTLE = 3
"""Who finds fewer than this may have meant something else."""
_SO_MUCH_MORE = 5
"""How many times as much another text must find, if what was asked finds something."""


class Searcher:
    """The reading half of the engine."""

    def __init__(self, database: Database, stemmer: Stemmer, synonyms: Synonyms) -> None:
        self._database = database
        self._stemmer = stemmer
        self._synonyms = synonyms

    async def search(self, query: SearchQuery) -> SearchResult:
        """One page, its facets, and the correction that was needed to fill it. All of one moment's index."""
        async with looking(self._database) as tx:
            asked = await understood(tx, query.text, self._synonyms, self._stemmer)
            narrowed = await narrowing(tx, query.filters)
            found, asked, correction = await self._best(tx, query, asked, narrowed)
            left = [name for name in query.facets if name not in found.facets]
            facets = found.facets | await count_facets(tx, left, wanted(asked), narrowed)
        return SearchResult(
            hits=found.hits,
            total=min(found.total, MAX_WINDOW),
            total_is_exact=found.total <= MAX_WINDOW,
            facets={name: facets[name] for name in query.facets},
            correction=correction,
        )

    async def _best(
        self, tx: Connection, query: SearchQuery, asked: Question, narrowed: Narrowing
    ) -> tuple[Page, Question, Correction | None]:
        found = await page(tx, query, asked, narrowed)
        if found.total >= _LITTLE or not asked.terms:
            return found, asked, None
        wider = asked.in_descriptions()
        if wider.described:
            there = await page(tx, query, wider, narrowed)
            if there.total > found.total:
                found, asked = there, wider
        if found.total >= _LITTLE:
            return found, asked, None
        other = await corrected(tx, asked, self._synonyms) if query.correct else None
        if other is not None:
            instead = await understood(tx, other, self._synonyms, self._stemmer)
            there = await page(tx, query, instead, narrowed)
            if there.total >= max(1, found.total * _SO_MUCH_MORE):
                return there, instead, Correction(asked=query.text, used=other)
        for less in asked.relaxed():
            if await how_many(tx, less, narrowed) >= _LITTLE:
                return await page(tx, query, less, narrowed), less, None
        return found, asked, None
