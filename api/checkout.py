"""Placing an order, and what may still be done to it: every route here speaks with the order's `Checkout`."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.edge.admission import Admitting
from api.edge.audit import Audit
from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.identity import CurrentUser, operator
from api.edge.origin import ComesFrom
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy, ShopFull
from api.edge.sagas import Fulfilled, ask_running, ask_starting, ask_until_heard
from api.edge.wired import Wired
from api.orders.asking import order_of, over_for, process_of, starting, update_id_of
from api.parcels import have_all_ended, sign_off_as_buyer
from api.spoken import Spoken
from api.wiring import Services
from models.inventory.errors import SoldOut
from models.ops.errors import BuyerBlocked
from models.orders.errors import (
    AddressNotFound,
    BasketTooLarge,
    CurrencyMixed,
    HoldExpired,
    NothingToDecide,
    NotPrepared,
    OrderAlreadyPlaced,
    OrderAlreadyShipped,
    OrderNotOpen,
    ParcelsUnderWay,
    PriceChanged,
    QuantityAboveLimit,
    SkuUnpublished,
    UnknownSku,
)
from models.orders.messages import (
    Basket,
    CancelAnswer,
    CancelOrder,
    CommitDecision,
    ConfirmReceipt,
    DecideCommit,
    OrderRef,
    Placed,
    PlaceOrder,
    Prepared,
    checkout_id,
)
from models.orders.types import CancelReason, OrderStatus
from models.points.errors import PointsAboveShare, PointsNotEnough
from models.promotions.errors import (
    CouponAlreadyUsed,
    CouponLocked,
    CouponNotApplicable,
    CouponNotFound,
    CouponNotValid,
    PromotionUsedUp,
    PurchaseLimitReached,
)
from models.shared import Money, Refusal
from models.shared.ids import OrderId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity, Permission
from workflows.checkout import Checkout

r19 = idempotent_router(tags=["orders"])
"""Served bare, as R19 writes them, and under /v1."""

v1 = idempotent_router(prefix="/v1", tags=["orders"])

_BASKET = (UnknownSku, SkuUnpublished, QuantityAboveLimit, CurrencyMixed, BasketTooLarge, AddressNotFound, SoldOut)
_SPENDING = (
    CouponNotFound,
    CouponAlreadyUsed,
    CouponLocked,
    CouponNotValid,
    CouponNotApplicable,
    PointsNotEnough,
    PointsAboveShare,
    PromotionUsedUp,
    PurchaseLimitReached,
)
_PLACING = (NotAuthenticated, BuyerBlocked, *_BASKET, *_SPENDING, OrderAlreadyPlaced, ShopFull, ServiceBusy)
_TOO_LATE = HoldExpired(
    "Nothing came of this request, which was not asked again in time. Ask under a new Idempotency-Key."
)
_STANDING = (NotAuthenticated, NotFound, OrderNotOpen, ServiceBusy)


class PlaceRequest(Spoken):
    """Either the `order_id` of an earlier `prepare`, or a basket. `expected_total` guards against a changed price."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "basket": {
                        "lines": [{"sku_id": "sku_01jd8x4q2r7m9v3k5t6w8y0zab", "quantity": 2}],
                        "address_id": "adr_01jd8x4q2r7m9v3k5t6w8y0zab",
                    },
                    "expected_total": {"minor": 36800, "currency": "CNY"},
                },
                {"order_id": "ord_01jd8x4q2r7m9v3k5t6w8y0zab"},
            ]
        }
    )

    order_id: OrderId | None = None
    basket: Basket | None = None
    expected_total: Money | None = None


class CancelRequest(Spoken):
    """Why, in a few words; kept with the order."""

    why: Annotated[str, Field(max_length=500)] = ""


class CommitDecisionRequest(Spoken):
    """What to do about stock that cannot be committed."""

    decision: CommitDecision


@r19.post("/orders/prepare", summary="Check a basket and hold its stock", responses=refusals(*_PLACING, HoldExpired))
async def prepare(
    basket: Basket, who: CurrentUser, origin: ComesFrom, errand: Once, shop: Wired, door: Admitting
) -> Prepared:
    """The quote, with the stock held for a few minutes. Place it with the `order_id` of the answer before the hold ends."""
    order_id = order_of(errand)
    start = starting(shop, order_id, who.user_id, basket, origin)
    async with door.place(begun=errand.again):
        answer: Prepared = await ask_starting(
            shop.temporal,
            Checkout.prepare,
            basket,
            start,
            update_id_of("prepare", errand),
            checkout_id(order_id),
            _TOO_LATE,
        )
    return answer


@r19.post(
    "/orders",
    status_code=201,
    summary="Place an order",
    responses=refusals(*_PLACING, PriceChanged, NotPrepared, HoldExpired),
)
async def place(
    ask: PlaceRequest, who: CurrentUser, origin: ComesFrom, errand: Once, shop: Wired, door: Admitting
) -> Placed:
    """The order, waiting for its payment until `payment_due_at`. Prices, stock and address are checked on the server."""
    wish = PlaceOrder(asked_by=who.user_id, basket=ask.basket, expected_total=ask.expected_total)
    if ask.order_id is not None:
        return await _place_prepared(shop, ask.order_id, wish, errand)
    order_id = order_of(errand)
    start = starting(shop, order_id, who.user_id, ask.basket, origin, ask.expected_total)
    async with door.place(begun=errand.again):
        answer: Placed = await ask_starting(
            shop.temporal, Checkout.place, wish, start, update_id_of("place", errand), checkout_id(order_id), _TOO_LATE
        )
    return answer


async def _place_prepared(shop: Services, order_id: OrderId, wish: PlaceOrder, errand: Errand) -> Placed:
    """Another's order, one that never was and one whose hold ended are answered alike."""
    over = HoldExpired("The hold on this order has expired; prepare it again.")
    try:
        placed: Placed = await ask_running(
            process_of(shop, order_id), Checkout.place, wish, update_id_of("place", errand), over
        )
    except Refusal as refusal:
        raise over if refusal.code == NotFound.code else refusal from None
    return placed


@r19.post("/orders/{order_id}/cancel", summary="Cancel an order", responses=refusals(*_STANDING, OrderAlreadyShipped))
async def cancel(order_id: OrderId, ask: CancelRequest, who: CurrentUser, errand: Once, shop: Wired) -> CancelAnswer:
    """Before payment at once; after it by refund; not once a parcel was handed to a carrier. Stock and money go back."""
    if Permission.ORDERS in who.permissions:
        wish = CancelOrder(by=CancelReason.BY_OPERATOR, actor=f"operator:{who.user_id}", why=ask.why)
    else:
        wish = CancelOrder(by=CancelReason.BY_USER, actor="buyer", why=ask.why, asked_by=who.user_id)
    fulfilled = Fulfilled(errand.first_seen_at, lambda: _cancelled(shop, order_id, wish))
    over, update_id = await over_for(shop, order_id, who), update_id_of("cancel", errand)
    answer: CancelAnswer = await ask_running(
        process_of(shop, order_id), Checkout.cancel, wish, update_id, over, fulfilled
    )
    return answer


async def _cancelled(shop: Services, order_id: OrderId, wish: CancelOrder) -> CancelAnswer | None:
    """Whether the order was cancelled by the one who asked, although the answer was lost."""
    order = await shop.orders.order(order_id)
    if order.status is not OrderStatus.CANCELLED or order.cancel_reason is not wish.by:
        return None
    refunding = order.total if order.paid_at is not None and order.total.minor else None
    return CancelAnswer(order_id=order_id, status=order.status, refunding=refunding)


@v1.post("/orders/{order_id}/confirm", summary="Confirm receipt", responses=refusals(*_STANDING, ParcelsUnderWay))
async def confirm(order_id: OrderId, who: CurrentUser, errand: Once, shop: Wired) -> OrderRef:
    """Every parcel has arrived and all is well: the order completes now rather than after the completion period. Parcels
    still on their way according to their carriers are signed off with it."""
    await shop.orders.order_of(order_id, who.user_id)
    await sign_off_as_buyer(order_id, errand, shop)
    wish = ConfirmReceipt(asked_by=who.user_id)
    fulfilled = Fulfilled(errand.first_seen_at, lambda: _completed(shop, order_id))
    over, update_id = await over_for(shop, order_id, who), update_id_of("confirm", errand)

    async def is_ahead(refusal: Refusal) -> bool:
        return refusal.code == ParcelsUnderWay.code and await have_all_ended(order_id, shop)

    answer: OrderRef = await ask_until_heard(
        lambda: ask_running(process_of(shop, order_id), Checkout.confirm_receipt, wish, update_id, over, fulfilled),
        is_ahead,
    )
    return answer


async def _completed(shop: Services, order_id: OrderId) -> OrderRef | None:
    """Whether the order is complete, although the answer was lost."""
    order = await shop.orders.order(order_id)
    return OrderRef(order_id=order_id) if order.status is OrderStatus.COMPLETED else None


@v1.post(
    "/orders/{order_id}/decide-commit",
    summary="Decide about failed stock",
    responses=refusals(*_STANDING, PermissionMissing, NothingToDecide),
)
async def decide_commit(
    order_id: OrderId,
    ask: CommitDecisionRequest,
    who: Annotated[Identity, operator("orders", "stock")],
    errand: Once,
    shop: Wired,
    trail: Audit,
) -> OrderRef:
    """For operators: a paid order's stock cannot be committed; try again, or refund."""
    wish = DecideCommit(decision=ask.decision, actor=f"operator:{who.user_id}")
    over, update_id = OrderNotOpen(f"Order {order_id} is over."), update_id_of("decide_commit", errand)
    async with trail.action(who, "orders.decide_commit", order_id, decision=ask.decision.value):
        answer: OrderRef = await ask_running(process_of(shop, order_id), Checkout.decide_commit, wish, update_id, over)
    return answer
