"""Operators have the search index built anew. Searches meet the old one until the new one is whole."""

from fastapi import APIRouter

from activities.following import Reindexing
from api.edge.audit import Audit
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import answer_of
from api.edge.wired import Wired
from api.products.editing import READ, CatalogueOperator
from models.search.messages import REINDEX_ID, ReindexProgress
from models.shared.refusals import NotFound

router = APIRouter(prefix="/v1/catalogue/reindex", tags=["catalogue"])


@router.put("", status_code=202, summary="Rebuild the search index", responses=refusals(*READ, ServiceBusy))
async def rebuild(who: CatalogueOperator, shop: Wired, trail: Audit) -> ReindexProgress:
    """Begin a rebuild, or go on with one that was broken off; one that goes on already is left alone. Its process in Temporal is
    `reindex`."""
    reindexing = Reindexing(shop.temporal)
    async with trail.action(who, "catalogue.reindex", REINDEX_ID):
        await answer_of(reindexing.begin())
    now = await answer_of(reindexing.progress())
    return now or ReindexProgress(doing="beginning", build=None, done=0, total=0)


@router.get("", summary="Where the rebuild stands", responses=refusals(*READ, NotFound, ServiceBusy))
async def show(_who: CatalogueOperator, shop: Wired) -> ReindexProgress:
    """Of the latest rebuild: what it is doing, and how many products it has done."""
    now = await answer_of(Reindexing(shop.temporal).progress())
    if now is None:
        raise NotFound("The index was never rebuilt.")
    return now


@router.delete("", status_code=202, summary="Give the rebuild up", responses=refusals(*READ, ServiceBusy))
async def give_up(who: CatalogueOperator, shop: Wired, trail: Audit) -> ReindexProgress:
    """End the rebuild and drop what it built; searches go on meeting the index they meet now."""
    async with trail.action(who, "catalogue.give_up_reindex", REINDEX_ID):
        handle = await answer_of(Reindexing(shop.temporal).begin(give_up=True))
        return await answer_of(handle.result())
