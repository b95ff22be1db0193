"""Selling ahead of stock: which levels do, what operators say about it, and who waits for goods."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.audit import Audit
from api.edge.identity import operator
from api.edge.paging import Limit, Page, Paged, page, read_cursor, row_number
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.inventory.crossings import tell_served, tell_turned
from api.inventory.reservations import StockOperator
from models.inventory.ahead import AheadSale, AheadSetting, ClaimSearch
from models.inventory.types import Claim
from models.shared.ids import SkuId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing

ahead = APIRouter(prefix="/v1/inventory", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)
_LEVEL = "/levels/{warehouse_id}/{sku_id}/selling-ahead"


@ahead.get(
    _LEVEL, dependencies=[operator("stock")], summary="How a level sells ahead", responses=refusals(*_WHO, NotFound)
)
async def show_ahead_sale(warehouse_id: WarehouseId, sku_id: SkuId, response: Response, shop: Wired) -> AheadSale:
    """Its policy, how many units wait for goods and how many count against the limit; the ETag is what an edit must name."""
    found = await shop.inventory.ahead_sale(warehouse_id, sku_id)
    set_etag(response, found.version)
    return found


@ahead.put(
    _LEVEL,
    summary="Decide how a level sells ahead",
    responses=refusals(*_WHO, NotFound, InvalidRequest, IfMatchMissing, StaleVersion, ServiceBusy),
)
async def set_ahead_sale(
    warehouse_id: WarehouseId,
    sku_id: SkuId,
    ask: AheadSetting,
    who: StockOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> AheadSale:
    """`never`; `backorder`: up to `limit` units may wait for goods, promised `within_days`; `preorder`: up to `limit` units are
    sold before `release_at` and ship from then on. Claims that stand keep their place; another release date moves them."""
    details = ask.model_dump(mode="json", exclude_none=True)
    async with trail.action(who, "inventory.set_selling_ahead", f"{warehouse_id}/{sku_id}", **details):
        found, served = await shop.inventory.set_ahead_sale(
            warehouse_id, sku_id, ask, version, f"operator:{who.user_id}", shop.clock()
        )
    await tell_served(shop, served)
    await tell_turned(shop, (sku_id,))
    set_etag(response, found.version)
    return found


class _Looking(Paged, ClaimSearch):
    """The filters, as query parameters beside those of paging."""

    limit: Limit = 50


@ahead.get(
    "/claims",
    dependencies=[operator("stock")],
    summary="Who waits for goods",
    responses=refusals(*_WHO, InvalidRequest),
)
async def list_claims(asked: Annotated[_Looking, Query()], shop: Wired) -> Page[Claim]:
    """What orders bought ahead of stock, in the order of the queue; with `state=open`, those whose goods have not come."""
    found = await shop.inventory.claims(asked, after=read_cursor(asked.cursor, row_number) or 0, limit=asked.limit + 1)
    return page(found, asked.limit, lambda claim: claim.number, lambda claim: claim)
