"""What `Checkout` is told and what it answers. Workflow ids are functions here, so that every layer names them alike."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.orders.types import (
    CancelReason,
    DeliveryAddress,
    LateGoods,
    LineRequest,
    OrderStatus,
    ParcelPlan,
    Quote,
    TimelineEntry,
)
from models.points.types import Points
from models.promotions.messages import CountedLine, RuleUse
from models.shared import Frozen, Instant, Money
from models.shared.ids import AddressId, AftersaleId, CouponId, OrderId, PaymentId, RefundId, ShipmentId, SkuId, UserId


def checkout_id(order_id: OrderId) -> str:
    """The workflow that is this order."""
    return f"checkout/{order_id}"


Placement = Literal["inline", "queue"]


class CheckoutTerms(Frozen):
    """How long things last and where store calls run; read once at the start, so replay stays deterministic."""

    placement: Placement = "inline"
    hold: timedelta = timedelta(minutes=5)
    payment_window: timedelta = timedelta(minutes=30)
    completion: timedelta = timedelta(days=7)
    aftersale_window: timedelta = timedelta(days=15)
    commit_tries: timedelta = timedelta(minutes=10)
    """How long the commit of paid stock is tried before an operator is asked."""
    commit_decision: timedelta = timedelta(hours=24)
    """How long an operator may take to decide about a stock commit that keeps failing."""


class Origin(Frozen):
    """Where an order comes from, as far as the edge can tell; black lists look at it. Personal data."""

    ip: str | None = None
    device: str | None = None


class CheckoutInput(Frozen):
    """The start of an order."""

    order_id: OrderId
    user_id: UserId
    terms: CheckoutTerms = CheckoutTerms()
    origin: Origin = Origin()


class Basket(Frozen):
    """What the buyer wants and where to."""

    lines: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=100)]
    address_id: AddressId
    note: Annotated[str, Field(max_length=500)] = ""
    coupons: Annotated[tuple[CouponId, ...], Field(max_length=5)] = ()
    """Coupons of the buyer's wallet to use; one that does not apply is refused, not ignored."""
    points: Points = 0
    """How many points to spend."""


class Prepared(Frozen):
    """The quote, with stock held until `hold_expires_at`."""

    order_id: OrderId
    quote: Quote
    hold_expires_at: Instant
    late: tuple[LateGoods, ...] = ()
    """What is not there yet, and when it will ship."""


class PlaceOrder(Frozen):
    """`basket` is absent when the order was prepared before. `expected_total` is what the buyer saw."""

    asked_by: UserId
    basket: Basket | None = None
    expected_total: Money | None = None


class Placed(Frozen):
    """The order stands and waits for payment; with a total of zero it goes on at once."""

    order_id: OrderId
    status: OrderStatus
    total: Money
    payment_id: PaymentId
    payment_due_at: Instant
    quote: Quote
    late: tuple[LateGoods, ...] = ()
    """What is not there yet, and when it will ship."""


class CancelOrder(Frozen):
    """A wish to cancel, by the buyer (`asked_by`) or by an operator with a reason."""

    asked_by: UserId | None = None
    by: Literal[CancelReason.BY_USER, CancelReason.BY_OPERATOR]
    actor: str
    why: Annotated[str, Field(max_length=500)] = ""


class CancelAnswer(Frozen):
    """What became of the wish."""

    order_id: OrderId
    status: OrderStatus
    refunding: Money | None = None
    """What is on its way back to the buyer, if something had been paid."""


class ConfirmReceipt(Frozen):
    """The buyer has every parcel and is content."""

    asked_by: UserId


class CommitDecision(StrEnum):
    """What an operator decides when paid stock cannot be committed."""

    RETRY = "retry"
    REFUND = "refund"


class DecideCommit(Frozen):
    """An operator's decision, with who decided."""

    decision: CommitDecision
    actor: str


class SettlementKind(StrEnum):
    """How the payment window ended."""

    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Settlement(Frozen):
    """What `PaymentTimeout` reports to `Checkout`."""

    kind: SettlementKind
    at: Instant


class ParcelEnd(StrEnum):
    """How one parcel ended, as far as the order is concerned."""

    SIGNED = "signed"
    REFUNDED = "refunded"
    """Lost, damaged, refused, or short: its lines go back as money."""
    STOPPED = "stopped"
    """Cancelled before hand-over."""


class ParcelReport(Frozen):
    """What `Fulfillment` reports to `Checkout`."""

    shipment_id: ShipmentId
    end: ParcelEnd
    at: Instant


class ParcelSplit(Frozen):
    """One of the order's parcels became two: what stays in it, and the new one."""

    shipment_id: ShipmentId
    kept: tuple[LineRequest, ...]
    new: ParcelPlan


class Progress(Frozen):
    """The answer to the query `progress`: where the saga stands, in words an operator understands."""

    step: str
    waiting_for: str
    since: Instant
    parcels_ended: tuple[ParcelReport, ...] = ()


# What activities of `orders` are asked and answer


class QuoteBasket(Frozen):
    """Price this basket for this user now."""

    order_id: OrderId
    user_id: UserId
    basket: Basket
    origin: Origin = Origin()


class QuotedBasket(Frozen):
    """The quote, where it would be sent, and what must be taken for it: uses of rules, counts against purchase limits."""

    quote: Quote
    address: DeliveryAddress
    uses: tuple[RuleUse, ...] = ()
    counted: tuple[CountedLine, ...] = ()
    """The lines that purchase limits look at."""


class OpenOrder(Frozen):
    """Everything an order row is made of. Idempotent by order id."""

    order_id: OrderId
    user_id: UserId
    quote: Quote
    address_id: AddressId
    address: DeliveryAddress
    note: str
    parcels: tuple[ParcelPlan, ...]
    payment_id: PaymentId
    placed_at: Instant
    payment_due_at: Instant


class AdvanceOrder(Frozen):
    """Move the order to `to`; repeating it changes nothing, an impossible step is an error."""

    order_id: OrderId
    to: OrderStatus
    at: Instant
    actor: str = "saga"
    cancel_reason: CancelReason | None = None
    paid_at: Instant | None = None
    """When the money came; also for an order that is cancelled although it was paid, before it ever became `paid`."""
    aftersale_until: Instant | None = None
    detail: str = ""


class OrderRef(Frozen):
    """An order, by its id."""

    order_id: OrderId


class RefundRecorded(Frozen):
    """Money went back for this order: kept once per refund id."""

    order_id: OrderId
    refund_id: str
    amount: Money
    at: Instant
    sku_ids: tuple[SkuId, ...] = ()


class PaymentReceived(Frozen):
    """The money is there, the stock is not committed yet. Only needed when the order may end without being `paid`."""

    order_id: OrderId
    at: Instant


class NoteStep(Frozen):
    """Write one step into the order's timeline; the same step of the same moment is written once."""

    order_id: OrderId
    entry: TimelineEntry


class AdjustPrice(Frozen):
    """An operator asks less before payment. `version` is the order's as the operator saw it."""

    order_id: OrderId
    key: str
    """Names the wish, and `at` says when it was first asked: both are the same for each repetition of it."""
    new_total: Money
    actor: str
    why: Annotated[str, Field(min_length=1, max_length=200)]
    version: int
    at: Instant


class ChangeAddress(Frozen):
    """Send the parcels elsewhere. Allowed until the first parcel leaves, or while one waits because of its address."""

    order_id: OrderId
    address_id: AddressId | None
    address: DeliveryAddress
    actor: str
    at: Instant


class TakeReturn(Frozen):
    """Units of the order go back: what do they bring, after all that went back before? Idempotent by `refund_id`."""

    order_id: OrderId
    refund_id: RefundId
    lines: tuple[LineRequest, ...]
    shipping: bool = True
    at_most: Money | None = None
    """Pay back no more than this, whatever they would bring."""
    aftersale_id: AftersaleId | None = None
    """The case whose units these are."""
    at: Instant


class DropReturn(Frozen):
    """The refund of these units did not come to pass; they can go back another time."""

    order_id: OrderId
    refund_id: RefundId
