"""The search engine that needs nothing but PostgreSQL."""

from collections.abc import Sequence

from hanse.database import Database
from models.shared.ids import SpuId
from search.documents import Gone, OfferPatch, ProductDocument, SalesPatch
from search.embedded.building import Builder
from search.embedded.connecting import looking
from search.embedded.searching import Searcher
from search.embedded.stemming import Stemmer
from search.embedded.suggesting import suggestions
from search.embedded.writing import Writer
from search.engine import Held, SearchUnavailable
from search.language import load_synonyms
from search.query import SearchQuery, SearchResult, Suggestion

_HELD = """
SELECT spu_id, revision FROM {items} WHERE NOT gone AND ($1::text IS NULL OR spu_id > $1) ORDER BY spu_id LIMIT $2
"""


class EmbeddedEngine:
    """`SearchEngine` on the database `search`, whose schema `hanse migrate` makes."""

    def __init__(self, database: Database) -> None:
        stemmer = Stemmer()
        self._database = database
        self._writer = Writer(database, stemmer)
        self._searcher = Searcher(database, stemmer, load_synonyms())
        self._builder = Builder(database)

    @property
    def name(self) -> str:
        """`embedded`."""
        return "embedded"

    async def prepare(self) -> None:
        """See that the schema is there; migrations make it, so there is nothing else to do."""
        async with looking(self._database) as tx:
            if await tx.fetchval("SELECT to_regclass('items')") is None:
                raise SearchUnavailable("the database `search` has no tables yet; run `hanse migrate`")

    async def put(self, documents: Sequence[ProductDocument], *, index: str | None = None) -> None:
        """Hold these documents, whole."""
        if documents:
            await self._writer.put(documents, await self._builder.tables(index))

    async def remove(self, products: Sequence[Gone], *, index: str | None = None) -> None:
        """Find these products no longer, and remember when that was seen."""
        if products:
            await self._writer.remove(products, await self._builder.tables(index))

    async def patch_offers(self, patches: Sequence[OfferPatch]) -> None:
        """Change prices and availability of what is held."""
        if patches:
            await self._writer.patch_offers(patches)

    async def patch_sales(self, patches: Sequence[SalesPatch]) -> None:
        """Change how products rank by sales."""
        if patches:
            await self._writer.patch_sales(patches)

    async def search(self, query: SearchQuery) -> SearchResult:
        """The hits for a question."""
        return await self._searcher.search(query)

    async def suggest(self, typed: str, *, limit: int = 10) -> Sequence[Suggestion]:
        """What begins with what was typed."""
        return await suggestions(self._database, typed, limit)

    async def held(self, *, after: SpuId | None, limit: int, index: str | None = None) -> Sequence[Held]:
        """What is held, ordered by product id."""
        tables = await self._builder.tables(index)
        async with looking(self._database) as tx:
            rows = await tx.fetch(tables.sql(_HELD), after, limit)
        return tuple(Held(spu_id=SpuId(row["spu_id"]), revision=row["revision"]) for row in rows)

    async def begin_build(self, build: str) -> None:
        """Make an empty index beside the live one."""
        await self._builder.begin(build)

    async def swap_in(self, build: str) -> None:
        """Let searches and writes meet the build from now on."""
        await self._builder.swap_in(build)

    async def drop_build(self, build: str) -> None:
        """Remove a build that was given up."""
        await self._builder.drop(build)
