"""Bringing the search index to what the catalogue says: product by product, whole, and where the two drifted apart."""

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import activity

from models.search.messages import (
    MAX_PRODUCTS,
    BeginBuild,
    BuildBegun,
    BuildRef,
    BuildStretch,
    CompareStretch,
    DriftRepaired,
    Followed,
    IndexProducts,
    RepairDrift,
    StretchBuilt,
    StretchCompared,
)
from models.shared.ids import SpuId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from activities.documents import CatalogueReader, Reading
    from activities.following import Following
    from search.engine import SearchEngine
    from stores.products import CatalogueCopies, InStepStore

_SOON = timedelta(seconds=5)
"""What changes by itself within this the run waits for; what lies further ahead has a process that starts then."""
_PAGE = MAX_PRODUCTS // 2


class SearchActivities:
    """Each reads the catalogue anew and writes what it finds under the reading's revision, so repeating one does no harm and
    an old reading never overwrites a newer one."""

    def __init__(
        self,
        catalogue: "CatalogueReader",
        engine: "SearchEngine",
        in_step: "InStepStore",
        following: "Following",
        copies: "CatalogueCopies",
    ) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._in_step = in_step
        self._following = following
        self._copies = copies
        self._prepared = False

    # ---- in step -----------------------------------------------------------------------------------------------------

    @activity.defn(name="search.index_products")
    async def index_products(self, ask: IndexProducts) -> Followed:
        """The index holds of the scope what the catalogue said after this was asked, and no cache an older copy.

        A long scope goes on where it stopped.
        """
        await self._prepare()
        done, after = _heartbeat()
        soonest: datetime | None = None
        heard = True
        async for page in self._catalogue.pages(ask.scope, after):
            reading = await self._write(page, offers_only=ask.offers_only)
            again_at = await self._wake(reading)
            soonest = min((at for at in (soonest, again_at) if at is not None), default=None)
            done += len(page)
            heard = await self._copies.forget_products(page) and heard
            if ask.scope.warehouse_id is None and page:
                activity.heartbeat(done, page[-1])
            else:
                activity.heartbeat()
        if not heard:
            raise ConnectionError(
                "the index follows, but Redis is silent: copies of what changed may still be shown there"
            )
        return Followed(products=done, again_at=soonest)

    async def _write(self, spu_ids: "Sequence[SpuId]", *, offers_only: bool = False) -> "Reading":
        """Put what was read into the index, and first into every build: when a build is swapped in between the two, the
        second write meets it and finds it done. A build that begins after the list was asked reads these products later."""
        reading = await self._catalogue.read(spu_ids)
        for build in await self._in_step.builds():
            await self._engine.put(reading.documents, index=build)
            await self._engine.remove(reading.gone, index=build)
            await self._in_step.note_given(reading.digests, reading.revision, build=build)
        if offers_only:
            await self._engine.patch_offers(reading.patches)
        else:
            await self._engine.put(reading.documents)
        await self._engine.remove(reading.gone)
        await self._in_step.note_given(reading.digests, reading.revision, offers_only=offers_only)
        return reading

    async def _prepare(self) -> None:
        """Once a process: the engine may have been away when it started."""
        if not self._prepared:
            await self._engine.prepare()
            self._prepared = True

    async def _wake(self, reading: "Reading") -> "datetime | None":
        """Have the products looked at when something about them changes by itself; answers the soonest that is very near."""
        now, near = self._catalogue.now(), []
        for product in reading.products.values():
            if product.changes_at is not None:
                if product.changes_at - now <= _SOON:
                    near.append(product.changes_at)
                else:
                    await self._following.wake(product.spu_id, product.changes_at, now)
        return min(near, default=None)

    # ---- rebuilding --------------------------------------------------------------------------------------------------

    @activity.defn(name="search.begin_build")
    async def begin_build(self, ask: BeginBuild) -> BuildBegun:
        """An empty index beside the one that is read, or the one that was begun before. From now on both are written to."""
        await self._prepare()
        begun = await self._in_step.begin_build(ask.name, self._catalogue.now())
        await self._engine.begin_build(begun.build)
        return begun

    @activity.defn(name="search.build_stretch")
    async def build_stretch(self, ask: BuildStretch) -> StretchBuilt:
        """Put the next products into the build, page by page; each page that is done is remembered, so that a stretch that is
        broken off is not done again."""
        after, done = await self._in_step.build_reached(ask.build)
        until = done + ask.most
        while done < until:
            page = await self._catalogue.page(after, min(_PAGE, until - done))
            if not page:
                return StretchBuilt(done=done, complete=True)
            reading = await self._catalogue.read(page)
            await self._engine.put(reading.documents, index=ask.build)
            await self._in_step.note_given(reading.digests, reading.revision, build=ask.build)
            await self._wake(reading)
            after, done = page[-1], done + len(page)
            await self._in_step.note_built(ask.build, page[-1], done)
            activity.heartbeat(done)
        return StretchBuilt(done=done, complete=False)

    @activity.defn(name="search.check_build")
    async def check_build(self, ask: BuildRef) -> StretchCompared:
        """Hold the build against what the index that is read was given meanwhile, and write anew what the build has not: for
        writes that were lost between the two."""
        done, after = _heartbeat()
        wrong: list[SpuId] = []
        while page := await self._catalogue.page(after, _PAGE):
            given = await self._in_step.given(page)
            held = await self._held_between(_id(after), page[-1], index=ask.build)
            behind = [
                spu_id
                for spu_id, known in given.items()
                if (known.digest is None and held.get(spu_id, known.revision) < known.revision)
                or (known.digest is not None and held.get(spu_id, 0) < known.revision)
            ]
            if behind:
                await self._write(behind)
            wrong += behind
            after, done = page[-1], done + len(page)
            activity.heartbeat(done, after)
        return StretchCompared(compared=done, drifted=tuple(wrong[:MAX_PRODUCTS]), after=None)

    @activity.defn(name="search.swap_build")
    async def swap_build(self, ask: BuildRef) -> None:
        """Searches meet the build from now on; the index before it is dropped. Repeating it does nothing."""
        await self._engine.swap_in(ask.build)
        await self._in_step.build_is_index(ask.build)

    @activity.defn(name="search.drop_build")
    async def drop_build(self, ask: BuildRef) -> None:
        """The build was given up: it is written to no more, and removed."""
        await self._in_step.end_build(ask.build)
        await self._engine.drop_build(ask.build)

    # ---- drift -------------------------------------------------------------------------------------------------------

    @activity.defn(name="search.compare_stretch")
    async def compare_stretch(self, ask: CompareStretch) -> StretchCompared:
        """Hold the next products against what the index was given and what it holds. Changes nothing; what is just being
        changed looks like drift, so whoever is told looks again."""
        after, done = ask.after or "", 0
        drifted: list[SpuId] = []
        while done < ask.most and len(drifted) < _PAGE:
            page = await self._catalogue.page(after, _PAGE)
            last = len(page) < _PAGE
            drifted += await self._drifted(_id(after), page, to_the_end=last)
            done += len(page)
            if last:
                return StretchCompared(compared=done, drifted=tuple(drifted[:MAX_PRODUCTS]), after=None)
            after = page[-1]
            activity.heartbeat(done)
        return StretchCompared(compared=done, drifted=tuple(drifted[:MAX_PRODUCTS]), after=_id(after))

    async def _drifted(self, after: SpuId | None, page: "Sequence[SpuId]", *, to_the_end: bool = False) -> list[SpuId]:
        """Which products of the page, or of those that the index holds in its place, are not as the catalogue says."""
        reading = await self._catalogue.read(page)
        held = await self._held_between(after, None if to_the_end else page[-1])
        given, digests = await self._in_step.given(page), reading.digests
        wrong = [spu_id for spu_id in held if spu_id not in digests]
        for spu_id in page:
            known = given.get(spu_id)
            index_has = held.get(spu_id)
            if (digests.get(spu_id) is None) != (index_has is None) or (
                index_has is not None
                and (known is None or known.digest != digests.get(spu_id) or index_has < known.whole)
            ):
                wrong.append(spu_id)
        return sorted(wrong)

    async def _held_between(
        self, after: SpuId | None, last: SpuId | None, *, index: str | None = None
    ) -> dict[SpuId, int]:
        """What the index holds behind `after`, up to `last` or to the end."""
        found: dict[SpuId, int] = {}
        while True:
            held = await self._engine.held(after=after, limit=MAX_PRODUCTS, index=index)
            found |= {one.spu_id: one.revision for one in held if last is None or one.spu_id <= last}
            if len(held) < MAX_PRODUCTS or (last is not None and held[-1].spu_id >= last):
                return found
            after = held[-1].spu_id

    @activity.defn(name="search.repair_drift")
    async def repair_drift(self, ask: RepairDrift) -> DriftRepaired:
        """Look at these again; those that still differ are written anew. Answers how many."""
        wrong = [spu_id for spu_id in ask.products if await self._drifted(_before(spu_id), [spu_id])]
        if wrong:
            await self._write(wrong)
        return DriftRepaired(repaired=len(wrong))


def _heartbeat() -> tuple[int, str]:
    """How far the try before this one came."""
    details = activity.info().heartbeat_details
    return (details[0], details[1]) if len(details) == 2 else (0, "")


def _id(after: str) -> SpuId | None:
    return SpuId(after) if after else None


def _before(spu_id: SpuId) -> SpuId | None:
    """The id that stands directly before this one."""
    return SpuId.from_number(spu_id.number - 1) if spu_id.number else None
