"""The steps of sagas that make and move orders. Undo stands directly below do."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.aftersales.messages import Claimed, DropClaim, NarrowClaim, TakeClaim
from models.ops.lists import Origin, address_text
from models.orders.errors import AddressNotFound
from models.orders.events import OrderCancelled, OrderCompleted, OrderCreated, ReviewInvited
from models.orders.messages import (
    AdjustPrice,
    AdvanceOrder,
    DropReturn,
    NoteStep,
    OpenOrder,
    OrderRef,
    PaymentReceived,
    QuoteBasket,
    QuotedBasket,
    RefundRecorded,
    TakeReturn,
)
from models.orders.types import DeliveryAddress, LineRequest, Order, OrderStatus, ReturnProposal
from models.points.events import told
from models.promotions.messages import AwardPoints
from models.shared.done import Done
from models.shared.events import Event
from models.shared.ids import AddressId, UserId
from models.shared.refusals import NotFound
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from activities.pricing import Pricing
    from stores.lists import ListStore
    from stores.orders import OrderStore
    from stores.points import PointsStore
    from stores.users.addresses import Addresses


class OrderActivities:
    """Each is idempotent by the order id (or refund id). A change of state is announced right after it is committed."""

    def __init__(
        self,
        store: "OrderStore",
        pricing: "Pricing",
        addresses: "Addresses",
        lists: "ListStore",
        points: "PointsStore",
        announcer: "Announcer",
        clock: Clock,
    ) -> None:
        self._store = store
        self._pricing = pricing
        self._addresses = addresses
        self._lists = lists
        self._points = points
        self._announcer = announcer
        self._clock = clock

    @activity.defn(name="orders.quote_basket")
    async def quote_basket(self, ask: QuoteBasket) -> QuotedBasket:
        """What the basket costs now, sent to an address of this buyer's book, with promotions, coupons and points.

        Refusals: `address_not_found`, `buyer_blocked`, `unknown_sku`, `sku_unpublished`, `quantity_above_limit`,
        `currency_mixed`, `basket_too_large`, `points_above_share`, `points_not_enough`, and those of coupons:
        `coupon_not_found`, `coupon_already_used`, `coupon_locked`, `coupon_not_valid`, `coupon_not_applicable`.
        """
        address, now = await self._address(ask.user_id, ask.basket.address_id), self._clock()
        await self._lists.judge(_origin(ask, address), now)
        return await self._pricing.quote(
            ask.user_id,
            ask.basket.lines,
            address,
            now,
            coupons=ask.basket.coupons,
            points=ask.basket.points,
            order_id=ask.order_id,
        )

    async def _address(self, user_id: UserId, address_id: AddressId) -> DeliveryAddress:
        try:
            postal = (await self._addresses.get(user_id, address_id)).postal
        except NotFound:
            raise AddressNotFound(
                f"There is no address {address_id} in your address book. Choose or add one.", address_id=address_id
            ) from None
        return DeliveryAddress(**postal.model_dump())

    @activity.defn(name="orders.open_order")
    async def open_order(self, opening: OpenOrder) -> Done:
        """The order stands and waits for payment. Refusals: `order_conflict`, `order_discarded`."""
        order = await self._store.open_once(opening)
        return await self._announced(
            OrderCreated(
                occurred_at=order.placed_at,
                order_id=order.order_id,
                user_id=order.user_id,
                total=opening.quote.total,
                lines=_ordered(order),
            )
        )

    @activity.defn(name="orders.discard_order")
    async def discard_order(self, ref: OrderRef) -> Done:
        """Undo of open: cancelled if it was opened, never to be opened if it was not. Refusal: `illegal_transition` once paid."""
        order = await self._store.discard(ref.order_id, self._clock())
        return await self._announced(*(() if order is None else _told(order)))

    @activity.defn(name="orders.advance_order")
    async def advance_order(self, step: AdvanceOrder) -> Done:
        """The order ends, and whoever listens hears of it (that it is paid is part of `fulfillment.hand_over`). A completed one
        earns its buyer points: two promises, each kept once however often both are asked for. Refusal: `illegal_transition`."""
        order = await self._store.advance(step)
        earned = await self._earned(order) if order.status is OrderStatus.COMPLETED else ()
        return await self._announced(*_told(order), *earned)

    async def _earned(self, order: Order) -> tuple[Event, ...]:
        """On what was paid and has not gone back: the ledger knows what went back, and subtracts it itself, so that a refund at
        the same time is neither missed nor counted twice. Not a step of its own: that would cost every order an event (0005).
        """
        award = AwardPoints(
            order_id=order.order_id, user_id=order.user_id, paid=order.total, at=order.completed_at or self._clock()
        )
        return told(await self._points.award_once(award, self._pricing.points_terms))

    @activity.defn(name="orders.record_payment")
    async def record_payment(self, received: PaymentReceived) -> None:
        """The money is there, whatever becomes of the order. Refusal: `illegal_transition` on a cancelled order."""
        await self._store.record_payment(received)

    @activity.defn(name="orders.record_refund")
    async def record_refund(self, refund: RefundRecorded) -> None:
        """Money that was kept for the order went back, once per refund id.

        Refusals: `order_not_paid`, `refund_above_total`, `order_conflict`.
        """
        await self._store.record_refund(refund)

    @activity.defn(name="orders.take_return")
    async def take_return(self, ask: TakeReturn) -> ReturnProposal:
        """These units go back for what was really paid for them. Refusals: `invalid_request` for units that the order does
        not have (any more), `units_claimed`, `order_not_paid`, `order_conflict`."""
        order = await self._store.order(ask.order_id)
        return await self._store.take_return(ask, await self._pricing.offers_of_order(order.lines))

    @activity.defn(name="orders.drop_return")
    async def drop_return(self, ask: DropReturn) -> None:
        """Undo of take: these units can go back another time. Does nothing when nothing was taken."""
        await self._store.drop_return(ask)

    @activity.defn(name="orders.take_claim")
    async def take_claim(self, ask: TakeClaim) -> Claimed:
        """These units are one after-sale's; what they would bring. Refusals: `not_found` (another's order too),
        `aftersale_not_open`, `aftersale_window_over`, `claim_exceeds_left`, `aftersale_conflict`."""
        order = await self._store.order_of(ask.order_id, ask.user_id)
        return await self._store.take_claim(ask, await self._pricing.offers_of_order(order.lines))

    @activity.defn(name="orders.drop_claim")
    async def drop_claim(self, ask: DropClaim) -> None:
        """Undo of the claim: its units are free. Does nothing when nothing was claimed, or when they were paid back."""
        await self._store.drop_claim(ask)

    @activity.defn(name="orders.narrow_claim")
    async def narrow_claim(self, ask: NarrowClaim) -> ReturnProposal:
        """The after-sale is only about these units any more; what they bring. Refusal: `aftersale_conflict`."""
        order = await self._store.order(ask.order_id)
        return await self._store.narrow_claim(ask, await self._pricing.offers_of_order(order.lines))

    @activity.defn(name="orders.check_price")
    async def check_price(self, adjusting: AdjustPrice) -> None:
        """Whether the order may cost that, before its payment changes. Refusals: `stale_version`, `price_not_adjustable`."""
        await self._store.check_price(adjusting)

    @activity.defn(name="orders.adjust_price")
    async def adjust_price(self, adjusting: AdjustPrice) -> None:
        """The order costs what its payment asks by now. Refusal, which `check_price` would have given before:
        `price_not_adjustable`."""
        await self._store.adjust_price(adjusting)

    @activity.defn(name="orders.note_step")
    async def note_step(self, note: NoteStep) -> None:
        """Write a step into the order's timeline."""
        await self._store.note_step(note)

    async def _announced(self, *events: Event) -> Done:
        return Done(unannounced=await self._announcer.announce(*events))


def _origin(ask: QuoteBasket, to: DeliveryAddress) -> Origin:
    return Origin(
        user_id=ask.user_id,
        phone=to.phone,
        device=ask.origin.device,
        ip=ask.origin.ip,
        address=address_text(to.region, to.city, to.line),
    )


def _ordered(order: Order) -> tuple[LineRequest, ...]:
    return tuple(LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in order.lines)


def _told(order: Order) -> tuple[Event, ...]:
    """What is said about the end of an order; made of the order alone, so that it is always the same."""
    who = {"order_id": order.order_id, "user_id": order.user_id}
    match order.status:
        case OrderStatus.COMPLETED if order.completed_at:
            until = order.aftersale_until
            bought = tuple(dict.fromkeys(line.spu_id for line in order.lines))
            return (
                OrderCompleted(occurred_at=order.completed_at, total=order.total, aftersale_until=until, **who),
                ReviewInvited(occurred_at=order.completed_at, spu_ids=bought, **who),
            )
        case OrderStatus.CANCELLED if order.cancelled_at and order.cancel_reason:
            return (OrderCancelled(occurred_at=order.cancelled_at, reason=order.cancel_reason, **who),)
    return ()
