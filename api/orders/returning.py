"""What a return would bring, before anybody decides about it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.orders.seeing import visible_order
from api.spoken import Spoken
from models.orders.types import LineRequest, ReturnProposal
from models.shared.ids import OrderId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/orders", tags=["orders"])


class ReturnRequest(Spoken):
    """Units of the order, and whether their shipping goes back too."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku_id": "sku_01jd8x4q2r7m9v3k5t6w8y0zab", "quantity": 1}]}]}
    )

    lines: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=100)]
    shipping: bool = True


@router.post(
    "/{order_id}/refund-proposal",
    summary="What a return would bring",
    responses=refusals(NotAuthenticated, NotFound, InvalidRequest),
)
async def propose(order_id: OrderId, ask: ReturnRequest, who: CurrentUser, shop: Wired) -> ReturnProposal:
    """What was really paid for these units, every discount counted in; less what promotions gave to the units that are kept
    and they no longer earn (`clawbacks`); and the spent points that come back. Nothing is decided or held by asking."""
    order = await visible_order(shop, order_id, who)
    offers = await shop.pricing.offers_of_order(order.lines)
    return await shop.orders.propose_return(order_id, ask.lines, offers, shipping=ask.shipping)
