"""`SearchEngine` on a Meilisearch server."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from meilisearch.errors import MeilisearchApiError

from hanse.database import Connection
from models.shared.ids import SpuId
from search.documents import Gone, OfferPatch, ProductDocument, SalesPatch
from search.engine import Held, NoSuchBuild, SearchUnavailable
from search.language import load_synonyms
from search.meilisearch.asking import nothing, questions, result_of
from search.meilisearch.indexing import index_settings, offers, taken_apart, whole
from search.meilisearch.sent import Sent, SentBefore
from search.meilisearch.speaking import Server, TaskFailed
from search.query import SearchQuery, SearchResult, Suggestion

LIVE = "products"
_KEY = "spu_id"
_THERE_ALREADY = frozenset({"index_already_exists"})
_NOT_THERE = frozenset({"index_not_found"})
_NOT_UNDERSTOOD = frozenset({"invalid_search_filter", "invalid_search_facets"})
_AT_ONCE = 1_000

Sending = tuple[list[int], dict[SpuId, SentBefore]]
"""The tasks that the server took, and what was sent with them."""


class MeilisearchEngine:
    """Every write waits until the server has done it. The order of writes is kept by `Sent`."""

    def __init__(self, url: str, key: str, sent: Sent, *, live: str = LIVE) -> None:
        """`live` is the uid of the index that is read; builds are named after it."""
        self._server = Server(url, key)
        self._live = live
        self._sent = sent
        self._synonyms = load_synonyms()

    @property
    def name(self) -> str:
        """`meilisearch`."""
        return "meilisearch"

    async def prepare(self) -> None:
        """Make the live index, and give it the settings of this version where they differ."""
        await self._make(self._live)

    async def _make(self, uid: str) -> None:
        made = await self._server.ask(lambda client: client.create_index(uid, {"primaryKey": _KEY}))
        await self._server.done([made.task_uid], but=_THERE_ALREADY)
        wanted = index_settings(self._synonyms)
        found = await self._server.ask(lambda client: client.index(uid).get_settings())
        if any(found.get(name) != value for name, value in wanted.items()):
            set_ = await self._server.ask(lambda client: client.index(uid).update_settings(wanted))
            await self._server.done([set_.task_uid])

    # ---- writing -----------------------------------------------------------------------------------------------------

    async def put(self, documents: Sequence[ProductDocument], *, index: str | None = None) -> None:
        """Hold these documents, whole; their offers too, unless newer ones were patched in."""
        latest = {one.spu_id: one for one in sorted(documents, key=lambda one: one.revision)}

        async def send(uid: str, before: Mapping[SpuId, SentBefore]) -> Sending:
            sent: dict[SpuId, SentBefore] = {}
            bodies: list[dict[str, Any]] = []
            for spu_id, document in latest.items():
                held = before[spu_id]
                if document.revision > held.revision:
                    newer = held.gone or document.revision > held.offers_revision
                    bodies.append(whole(document) | (offers(document) if newer else {}))
                    offered = document.revision if newer else held.offers_revision
                    sent[spu_id] = SentBefore(document.revision, offered, gone=False)
            return await self._update(uid, bodies), sent

        await self._write(index, latest, send)

    async def remove(self, products: Sequence[Gone], *, index: str | None = None) -> None:
        """Find these products no longer; what was sent remembers the revision."""
        latest = {one.spu_id: one for one in sorted(products, key=lambda one: one.revision)}

        async def send(uid: str, before: Mapping[SpuId, SentBefore]) -> Sending:
            newer = [one for one in latest.values() if one.revision > before[one.spu_id].revision]
            sent = {one.spu_id: SentBefore(one.revision, -1, gone=True) for one in newer}
            there = [one.spu_id for one in newer if not before[one.spu_id].gone]
            if not there:
                return [], sent
            told = await self._server.ask(lambda client: client.index(uid).delete_documents(filter=_among(there)))
            return [told.task_uid], sent

        await self._write(index, latest, send)

    async def patch_offers(self, patches: Sequence[OfferPatch]) -> None:
        """Change prices and availability of what is held."""
        latest = {one.spu_id: one for one in sorted(patches, key=lambda one: one.revision)}

        async def send(uid: str, before: Mapping[SpuId, SentBefore]) -> Sending:
            newer = [
                one
                for one in latest.values()
                if not before[one.spu_id].gone and one.revision > before[one.spu_id].offers_revision
            ]
            sent = {one.spu_id: SentBefore(before[one.spu_id].revision, one.revision, gone=False) for one in newer}
            return await self._update(uid, [offers(one) for one in newer]), sent

        await self._write(None, latest, send)

    async def patch_sales(self, patches: Sequence[SalesPatch]) -> None:
        """Change how products rank by sales."""
        latest = {one.spu_id: one for one in patches}

        async def send(uid: str, before: Mapping[SpuId, SentBefore]) -> Sending:
            held = [one.model_dump(mode="json") for one in latest.values() if not before[one.spu_id].gone]
            return await self._update(uid, held), {}

        await self._write(None, latest, send)

    async def _write(
        self,
        index: str | None,
        products: Mapping[SpuId, object],
        send: Callable[[str, Mapping[SpuId, SentBefore]], Awaitable[Sending]],
    ) -> None:
        if not products:
            return
        async with self._sent.writing() as tx:
            name = await self._name(tx, index)
            tasks, sent = await send(self._uid(name), await self._sent.locked(tx, name, list(products)))
            await self._sent.note(tx, name, sent)
        try:
            await self._server.done(tasks)
        except TaskFailed:
            await self._sent.take_back(name, sent)
            raise

    async def _update(self, uid: str, bodies: Sequence[Mapping[str, Any]]) -> list[int]:
        """Fields that are not sent stay."""
        if not bodies:
            return []
        told = await self._server.ask(lambda client: client.index(uid).update_documents(list(bodies), _KEY))
        return [told.task_uid]

    async def _name(self, tx: Connection, index: str | None) -> str:
        """Empty for the live index, the build's name for one that nobody reads."""
        if index is None:
            return ""
        state = await self._sent.state(tx, index)
        if state == "live":
            return ""
        if state != "building":
            raise NoSuchBuild(index)
        return index

    def _uid(self, name: str) -> str:
        """A build may be called anything, an index not."""
        return f"{self._live}_{hashlib.sha256(name.encode()).hexdigest()[:24]}" if name else self._live

    # ---- reading -----------------------------------------------------------------------------------------------------

    async def search(self, query: SearchQuery) -> SearchResult:
        """The hits for a question: one multi-search."""
        asked = questions(query, self._live)
        try:
            answer: dict[str, Any] = await self._server.ask(lambda client: client.multi_search(asked))
        except MeilisearchApiError as fault:
            if fault.code in _NOT_UNDERSTOOD:
                return nothing(query)
            if fault.code == "index_not_found":
                raise SearchUnavailable("the index is not there yet; a worker of queue `search` makes it") from fault
            raise
        return result_of(query, answer["results"])

    async def suggest(self, typed: str, *, limit: int = 10) -> Sequence[Suggestion]:
        """Brands and categories whose name begins so, then products."""
        if not typed.strip() or limit < 1:
            return ()
        brands, categories, products = await asyncio.gather(
            self._facets_beginning("brand", typed),
            self._facets_beginning("category", typed),
            self._titles(typed, limit),
        )
        named = [Suggestion(text=name, kind="brand", id=one) for name, one in brands[:2]]
        named += [Suggestion(text=name, kind="category", id=one) for name, one in categories[:3]]
        return (*named, *products)[:limit]

    async def _facets_beginning(self, facet: str, typed: str) -> list[tuple[str, str]]:
        found = await self._server.ask(lambda client: client.index(self._live).facet_search(facet, typed))
        return [taken_apart(one["value"]) for one in found["facetHits"]]

    async def _titles(self, typed: str, limit: int) -> list[Suggestion]:
        what = {"limit": limit, "attributesToRetrieve": ["spu_id", "title"], "matchingStrategy": "all"}
        found = await self._server.ask(lambda client: client.index(self._live).search(typed, what))
        return [Suggestion(text=hit["title"], kind="product", id=hit["spu_id"]) for hit in found["hits"]]

    async def held(self, *, after: SpuId | None, limit: int, index: str | None = None) -> Sequence[Held]:
        """What the index holds, asked of the server itself for the products that were sent; in the order of their ids."""
        async with self._sent.writing() as tx:
            name = await self._name(tx, index)
        found: list[Held] = []
        last = after or ""
        while len(found) < limit and (page := await self._sent.page(name, last, min(limit, _AT_ONCE))):
            found += await self._revisions(self._uid(name), page)
            last = page[-1]
        return tuple(found[:limit])

    async def _revisions(self, uid: str, spu_ids: Sequence[SpuId]) -> list[Held]:
        what = {"fields": [_KEY, "revision"], "filter": _among(spu_ids), "limit": len(spu_ids)}
        answer = await self._server.ask(lambda client: client.index(uid).get_documents(what))
        there = [Held(spu_id=SpuId(one.spu_id), revision=one.revision) for one in answer.results]
        return sorted(there, key=lambda one: one.spu_id)

    # ---- builds ------------------------------------------------------------------------------------------------------

    async def begin_build(self, build: str) -> None:
        """Make an empty index beside the live one."""
        async with self._sent.swapping() as tx:
            if await self._sent.state(tx, build) is not None:
                return
            await self._make(self._uid(build))
            await self._sent.begun(tx, build)

    async def swap_in(self, build: str) -> None:
        """Exchange the two indexes in one task of the server, then delete the one from before.

        A swap that the server took before a process died is found among its tasks and not asked for again: doing it twice
        would undo it.
        """
        async with self._sent.swapping() as tx:
            state = await self._sent.state(tx, build)
            if state is None:
                raise NoSuchBuild(build)
            if state == "building":
                task = await self._swap_asked(build)
                if task is None:
                    pair: list[Mapping[str, list[str] | bool]] = [{"indexes": [self._live, self._uid(build)]}]
                    told = await self._server.ask(lambda client: client.swap_indexes(pair))
                    task = told.task_uid
                await self._server.done([task])
                await self._sent.swapped(tx, build)
        await self._delete(self._uid(build))

    async def _swap_asked(self, build: str) -> int | None:
        what = {"types": ["indexSwap"], "statuses": ["enqueued", "processing", "succeeded"], "limit": _AT_ONCE}
        tasks = await self._server.ask(lambda client: client.get_tasks(dict(what)))
        for task in tasks.results:
            swaps = (task.details or {}).get("swaps", [])
            if any(self._uid(build) in swap["indexes"] for swap in swaps):
                return int(task.uid)
        return None

    async def drop_build(self, build: str) -> None:
        """Remove a build that was given up."""
        async with self._sent.swapping() as tx:
            there = await self._sent.dropped(tx, build)
        if there:
            await self._delete(self._uid(build))

    async def _delete(self, uid: str) -> None:
        told = await self._server.ask(lambda client: client.delete_index(uid))
        await self._server.done([told.task_uid], but=_NOT_THERE)


def _among(spu_ids: Sequence[SpuId]) -> str:
    """These products, as a filter."""
    listed = ", ".join(f'"{spu_id}"' for spu_id in spu_ids)
    return f"{_KEY} IN [{listed}]"
