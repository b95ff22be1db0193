"""The steps of sagas that make and move orders. Undo stands directly below do."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.orders.errors import AddressNotFound
from models.orders.events import OrderCancelled, OrderCompleted, OrderCreated, OrderPaid
from models.orders.messages import (
    AdvanceOrder,
    LinesPaid,
    NoteStep,
    OpenOrder,
    OrderRef,
    PaymentReceived,
    PriceLines,
    QuoteBasket,
    QuotedBasket,
    RefundRecorded,
)
from models.orders.quoting import paid_for, price_basket
from models.orders.types import DeliveryAddress, LineRequest, Order, OrderStatus
from models.shared.done import Done
from models.shared.events import Event
from models.shared.ids import AddressId, UserId
from models.shared.refusals import NotFound
from models.shared.time import Clock

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from stores.fulfillment.rates import Rates
    from stores.orders import OrderStore
    from stores.products import ProductStore
    from stores.users.addresses import Addresses


class OrderActivities:
    """Each is idempotent by the order id (or refund id). A change of state is announced right after it is committed."""

    def __init__(
        self,
        store: "OrderStore",
        products: "ProductStore",
        addresses: "Addresses",
        rates: "Rates",
        announcer: "Announcer",
        clock: Clock,
    ) -> None:
        self._store = store
        self._products = products
        self._addresses = addresses
        self._rates = rates
        self._announcer = announcer
        self._clock = clock

    @activity.defn(name="orders.quote_basket")
    async def quote_basket(self, ask: QuoteBasket) -> QuotedBasket:
        """What the basket costs now, sent to an address of this buyer's book.

        Refusals: `address_not_found`, `unknown_sku`, `sku_unpublished`, `quantity_above_limit`, `currency_mixed`,
        `basket_too_large`.
        """
        address = await self._address(ask.user_id, ask.basket.address_id)
        skus = await self._products.sellable([line.sku_id for line in ask.basket.lines], self._clock())
        merchants = {sku.merchant_id for sku in skus.values()}
        rates = await self._rates.rates_for(merchants, skus.keys(), address.country)
        return QuotedBasket(quote=price_basket(ask.basket.lines, skus, rates, address), address=address)

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
        """The order takes a step, and whoever listens hears of it. Refusal: `illegal_transition`."""
        return await self._announced(*_told(await self._store.advance(step)))

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

    @activity.defn(name="orders.paid_for_lines")
    async def paid_for_lines(self, ask: PriceLines) -> LinesPaid:
        """What some units of the order really cost. Refusal: `invalid_request` for units that it does not have."""
        order = await self._store.order(ask.order_id)
        return LinesPaid(amount=paid_for(order.lines, ask.lines))

    @activity.defn(name="orders.note_step")
    async def note_step(self, note: NoteStep) -> None:
        """Write a step into the order's timeline."""
        await self._store.note_step(note)

    async def _announced(self, *events: Event) -> Done:
        return Done(unannounced=await self._announcer.announce(*events))


def _ordered(order: Order) -> tuple[LineRequest, ...]:
    return tuple(LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in order.lines)


def _told(order: Order) -> tuple[Event, ...]:
    """What is said about the state an order is in; made of the order alone, so that it is always the same."""
    who = {"order_id": order.order_id, "user_id": order.user_id}
    match order.status:
        case OrderStatus.PAID if order.paid_at:
            return (OrderPaid(occurred_at=order.paid_at, total=order.total, lines=_ordered(order), **who),)
        case OrderStatus.COMPLETED if order.completed_at:
            return (OrderCompleted(occurred_at=order.completed_at, total=order.total, **who),)
        case OrderStatus.CANCELLED if order.cancelled_at and order.cancel_reason:
            return (OrderCancelled(occurred_at=order.cancelled_at, reason=order.cancel_reason, **who),)
    return ()
