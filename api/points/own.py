"""A buyer's own points."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.points.schemas import as_the_buyer_sees
from models.points.types import PointsAccount, PointsEntry
from models.shared.ids import PointsEntryId
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/points", tags=["points"])


@router.get("", summary="Your points", responses=refusals(NotAuthenticated))
async def show_points(who: CurrentUser, shop: Wired) -> PointsAccount:
    """How many you can spend right now, in lots by when they expire; the next to expire is spent first."""
    return await shop.points.account(who.user_id, shop.clock())


@router.get("/entries", summary="Your points ledger", responses=refusals(NotAuthenticated, InvalidRequest))
async def list_entries(who: CurrentUser, shop: Wired, limit: Limit = 20, cursor: Cursor = None) -> Page[PointsEntry]:
    """Every change of your points, newest first, with the balance after it. Expired points are written off within a day;
    until then they count in no balance shown or spent."""
    entries = await shop.points.entries(who.user_id, before=read_cursor(cursor, PointsEntryId), limit=limit + 1)
    return page(entries, limit, lambda entry: entry.entry_id, as_the_buyer_sees)
