"""How a merchant's orders are spread over its warehouses."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.inventory.reservations import StockOperator
from api.inventory.schemas import AllocationRequest
from models.inventory.allocation import MerchantAllocation
from models.shared.ids import MerchantId
from models.shared.refusals import NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing

router = APIRouter(prefix="/v1/inventory/merchants", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)


@router.get(
    "/{merchant_id}/allocation",
    dependencies=[operator("stock")],
    summary="A merchant's allocation strategy",
    responses=refusals(*_WHO, NotFound),
)
async def show_allocation(merchant_id: MerchantId, response: Response, shop: Wired) -> MerchantAllocation:
    """The strategy, `nearest` if nobody chose; its ETag is what an edit must name."""
    found = await shop.inventory.allocation(merchant_id)
    set_etag(response, found.version)
    return found


@router.put(
    "/{merchant_id}/allocation",
    summary="Choose a merchant's allocation strategy",
    responses=refusals(*_WHO, NotFound, IfMatchMissing, StaleVersion),
)
async def choose_allocation(
    merchant_id: MerchantId,
    ask: AllocationRequest,
    who: StockOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> MerchantAllocation:
    """From the next reservation on; what is held already stays where it is held."""
    async with trail.action(who, "inventory.choose_allocation", merchant_id, strategy=ask.strategy):
        chosen = await shop.inventory.choose_allocation(
            merchant_id, ask.strategy, version, f"operator:{who.user_id}", shop.clock()
        )
    set_etag(response, chosen.version)
    return chosen
