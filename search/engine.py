"""What every search engine promises, whichever it is. The contract tests run on each.

Three kinds of answer exist and never mix: a value, a refusal that is the caller's (none here: an odd query finds nothing),
and `SearchUnavailable`, a fault of the world that is worth asking again.
"""

from collections.abc import Sequence
from typing import Protocol

from models.shared import Frozen
from models.shared.ids import SpuId
from search.documents import Gone, OfferPatch, ProductDocument, Revision, SalesPatch
from search.query import SearchQuery, SearchResult, Suggestion


class SearchUnavailable(Exception):
    """The engine is away or did not answer in time."""


class NoSuchBuild(LookupError):
    """A write or a swap names a build that was never begun, or that was dropped: a mistake of the caller."""


class Held(Frozen):
    """What an index has of a product."""

    spu_id: SpuId
    revision: Revision


class SearchEngine(Protocol):
    """An index of products. Every write is idempotent and lasting when it returns, and visible to searches within a second.

    `index` names the index a write goes to: None is the one that searches read; a build is one that nobody reads yet, and the live
    one once it was swapped in. A build that was never begun is NoSuchBuild.
    A write whose revision is not higher than the one held changes nothing. Patches of offers have a revision of their own, that of
    the offers held (a document's offers have the document's): a document that was read before such a patch and comes after it still
    brings its title, and leaves the newer prices. `held` tells the document's. Faults: SearchUnavailable.
    """

    @property
    def name(self) -> str:
        """`embedded` or `meilisearch`."""
        ...

    async def prepare(self) -> None:
        """Make the index and its settings what this version of the shop needs. Repeating it does nothing."""
        ...

    async def put(self, documents: Sequence[ProductDocument], *, index: str | None = None) -> None:
        """Hold these documents, whole; at most 1,000."""
        ...

    async def remove(self, products: Sequence[Gone], *, index: str | None = None) -> None:
        """Find these products no longer; the revision is remembered, so an older document does not bring them back."""
        ...

    async def patch_offers(self, patches: Sequence[OfferPatch]) -> None:
        """Change prices and availability; a product that is not held, or gone, stays so."""
        ...

    async def patch_sales(self, patches: Sequence[SalesPatch]) -> None:
        """Change how products rank by sales; a product that is not held stays so."""
        ...

    async def search(self, query: SearchQuery) -> SearchResult:
        """The hits for a question, in any language it is asked in."""
        ...

    async def suggest(self, typed: str, *, limit: int = 10) -> Sequence[Suggestion]:
        """What begins with what was typed: titles' words, brands, categories; by pinyin and its initials too."""
        ...

    async def held(self, *, after: SpuId | None, limit: int, index: str | None = None) -> Sequence[Held]:
        """What is held, ordered by product id, those that are gone left out: for comparing index and catalogue."""
        ...

    async def begin_build(self, build: str) -> None:
        """Make an empty index named `build` with the settings of this version. One that exists is kept: a rebuild goes on."""
        ...

    async def swap_in(self, build: str) -> None:
        """From now on searches and writes meet the build; the index before it is dropped. Atomic: no search sees neither or both.

        Repeating it after it was done does nothing.
        """
        ...

    async def drop_build(self, build: str) -> None:
        """Remove a build that was given up; one that is not there, or that is read by now, stays as it is."""
        ...
