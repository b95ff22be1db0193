"""What runs now, for the storefront."""

from fastapi import APIRouter

from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.promotions.types import RunningPromotion
from models.shared.ids import PromotionId
from models.shared.refusals import InvalidRequest

router = APIRouter(prefix="/v1/promotions", tags=["promotions"])


@router.get("", summary="Promotions that run now", responses=refusals(InvalidRequest))
async def list_running(shop: Wired, limit: Limit = 50, cursor: Cursor = None) -> Page[RunningPromotion]:
    """Rules that count now and are not used up, newest first, with what they take off of what and until when.

    What they make of a basket, together, says its quote.
    """
    before = read_cursor(cursor, PromotionId)
    found = await shop.promotions.running(shop.clock(), limit=limit + 1, before=before)
    return page(found, limit, lambda running: running.promotion_id, lambda running: running)
