"""Which levels are split over rows, because crowds buy from them, and what operators say about it."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.inventory.reservations import StockOperator
from models.inventory.hot import SplitSetting, StockSplit
from models.shared.ids import SkuId, WarehouseId
from models.shared.refusals import NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing

splitting = APIRouter(prefix="/v1/inventory/levels/{warehouse_id}/{sku_id}/splitting", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)


@splitting.get(
    "", dependencies=[operator("stock")], summary="How a level is split", responses=refusals(*_WHO, NotFound)
)
async def show_splitting(warehouse_id: WarehouseId, sku_id: SkuId, response: Response, shop: Wired) -> StockSplit:
    """Over how many rows, since when, and who decides; its ETag is what an edit must name."""
    found = await shop.inventory.splitting(warehouse_id, sku_id)
    set_etag(response, found.version)
    return found


@splitting.put(
    "", summary="Decide how a level is split", responses=refusals(*_WHO, NotFound, IfMatchMissing, StaleVersion)
)
async def set_splitting(
    warehouse_id: WarehouseId,
    sku_id: SkuId,
    ask: SplitSetting,
    who: StockOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> StockSplit:
    """`always` before a sale that thousands will come to, `never` to keep one row, `automatic` to leave it to the load. Sales go on."""
    async with trail.action(who, "inventory.set_splitting", f"{warehouse_id}/{sku_id}", **ask.model_dump(mode="json")):
        found = await shop.inventory.set_splitting(warehouse_id, sku_id, ask, version, shop.clock())
    set_etag(response, found.version)
    return found
