"""Why an order cost what it did, years later: every offer that counted, in the words that were in force then."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.orders.seeing import visible_order
from api.spoken import Spoken
from models.orders.types import QuotedLine
from models.promotions.offers import Offer, Scope
from models.promotions.types import Source
from models.shared import Money
from models.shared.ids import CouponId, OrderId
from models.shared.money import total
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/orders", tags=["orders"])


class ExplainedOffer(Spoken):
    """A rule or a coupon as it was when it counted, and what it saved over all lines."""

    rule_id: str
    rule_version: int
    label: str
    source: Source
    coupon_id: CouponId | None
    saved: Money
    offer: Offer
    scope: Scope


class Receipt(Spoken):
    """What was bought, line by line with every reduction, and the offers behind the reductions."""

    order_id: OrderId
    lines: tuple[QuotedLine, ...]
    goods: Money
    discount: Money
    shipping: Money
    total: Money
    points: int
    offers: tuple[ExplainedOffer, ...]


@router.get(
    "/{order_id}/receipt", summary="Why an order cost what it did", responses=refusals(NotAuthenticated, NotFound)
)
async def receipt(order_id: OrderId, who: CurrentUser, shop: Wired) -> Receipt:
    """Rules are kept in every version for ever, and an order names the versions that counted: whatever became of a rule since,
    the receipt says what it said then."""
    order = await visible_order(shop, order_id, who)
    offers = await shop.pricing.offers_of_order(order.lines)
    cuts = [cut for line in order.lines for cut in line.adjustments]
    return Receipt(
        order_id=order.order_id,
        lines=order.lines,
        goods=order.goods,
        discount=order.discount,
        shipping=order.shipping,
        total=order.total,
        points=order.points,
        offers=tuple(
            ExplainedOffer(
                rule_id=each.rule_id,
                rule_version=each.rule_version,
                label=each.label,
                source=each.source,
                coupon_id=each.coupon_id,
                saved=total(
                    [cut.amount for cut in cuts if (cut.rule_id, cut.coupon_id) == (each.rule_id, each.coupon_id)],
                    order.total.currency,
                ),
                offer=each.offer,
                scope=each.scope,
            )
            for each in offers
        ),
    )
