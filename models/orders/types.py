"""What an order is."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.inventory.types import SellsAhead
from models.promotions.types import Adjustment, AppliedOffer, MissedOffer
from models.shared import Frozen, Instant, Money
from models.shared.ids import (
    AddressId,
    BrandId,
    CategoryId,
    ClaimId,
    MerchantId,
    OrderId,
    PaymentId,
    ShipmentId,
    SkuId,
    SpuId,
    UserId,
    WarehouseId,
)

Quantity = Annotated[int, Field(ge=1, le=9_999)]


class OrderStatus(StrEnum):
    """The life of an order. Every allowed step stands in `rules.NEXT_STATUS`."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Where the money of an order stands."""

    UNPAID = "unpaid"
    PAID = "paid"
    REFUNDING = "refunding"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class FulfillmentStatus(StrEnum):
    """How far the parcels of an order are, taken together."""

    UNFULFILLED = "unfulfilled"
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    STOPPED = "stopped"
    """Nothing (more) will be shipped: cancelled before hand-over, or every parcel ended in a refund."""


class CancelReason(StrEnum):
    """Why an order was cancelled."""

    PAYMENT_TIMEOUT = "payment_timeout"
    BY_USER = "by_user"
    BY_OPERATOR = "by_operator"
    STOCK_COMMIT_FAILED = "stock_commit_failed"
    REFUSED = "refused"
    """A later step of placing it said no; the buyer never had this order."""


class LineRequest(Frozen):
    """What a buyer asks for: so many of one SKU."""

    sku_id: SkuId
    quantity: Quantity


class DeliveryAddress(Frozen):
    """Where the parcels go: a snapshot, so that a later edit of the address book changes no order. Personal data."""

    recipient: str
    phone: str
    country: str
    region: str
    city: str
    postal_code: str
    line: str


class QuotedLine(Frozen):
    """One line as the server prices it. `total` = unit_price × quantity − discount + shipping."""

    line_no: int
    sku_id: SkuId
    spu_id: SpuId
    merchant_id: MerchantId
    title: str
    options: str
    image_url: str | None
    quantity: Quantity
    unit_price: Money
    goods: Money
    discount: Money
    shipping: Money
    total: Money
    weight_g: int
    """Of the whole line."""
    category_ids: tuple[CategoryId, ...] = ()
    brand_id: BrandId | None = None
    adjustments: tuple[Adjustment, ...] = ()


class Quote(Frozen):
    """What the order costs, computed on the server. The sums are exactly those of the lines."""

    lines: tuple[QuotedLine, ...]
    goods: Money
    discount: Money
    shipping: Money
    total: Money
    applied: tuple[AppliedOffer, ...] = ()
    """Every offer that counts, with what it saves over all lines; the lines have their shares as `adjustments`."""
    missed: tuple[MissedOffer, ...] = ()
    """Offers that look at something in the basket and save nothing, and why."""
    points: int = 0
    """How many points pay a part of it."""


class Wait(Frozen):
    """What a parcel waits for: goods to come (`backorder`: they ship by `ships_by`) or a release (`preorder`: from then on)."""

    claim_id: ClaimId
    policy: SellsAhead
    ships_by: Instant
    """As promised when the order was placed."""


class LateGoods(Frozen):
    """Units of an order that ship later than the rest, in a parcel of their own."""

    sku_id: SkuId
    quantity: Quantity
    policy: SellsAhead
    ships_by: Instant
    """By when (`backorder`) or from when on (`preorder`)."""


class ParcelPlan(Frozen):
    """What one warehouse of one merchant ships for an order: one sub-order, one parcel. Goods that were bought ahead of stock
    are a parcel of their own, which `waits`."""

    shipment_id: ShipmentId
    merchant_id: MerchantId
    warehouse_id: WarehouseId
    items: tuple[LineRequest, ...]
    waits: Wait | None = None


class Order(Frozen):
    """An order as its database keeps it."""

    order_id: OrderId
    user_id: UserId
    status: OrderStatus
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    lines: tuple[QuotedLine, ...]
    parcels: tuple[ParcelPlan, ...]
    goods: Money
    discount: Money
    shipping: Money
    total: Money
    points: int = 0
    """How many points paid a part of it."""
    refunded: Money
    address_id: AddressId | None
    address: DeliveryAddress
    note: str
    payment_id: PaymentId
    placed_at: Instant
    payment_due_at: Instant
    paid_at: Instant | None = None
    completed_at: Instant | None = None
    cancelled_at: Instant | None = None
    cancel_reason: CancelReason | None = None
    aftersale_until: Instant | None = None
    hidden: bool = False
    version: int


class TimelineEntry(Frozen):
    """One thing that happened to an order: which step, when, by whom, in which workflow."""

    at: Instant
    step: str
    actor: str
    """`buyer`, `operator:<user id>`, `saga`, or the name of an outside party."""
    detail: str
    workflow_id: str | None = None


class ShippingRate(Frozen):
    """What a merchant asks for sending goods to an area. The most specific rate that fits a line wins: one for its SKU
    before one for the merchant, a longer postal prefix before a shorter one. Nothing that fits means free.

    `per_unit` counts for each unit; of the bases that meet in one merchant's goods the highest is taken, once.
    """

    merchant_id: MerchantId
    sku_id: SkuId | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """ISO 3166-1 alpha-2."""
    postal_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,12}$")] = ""
    """How postal codes of the area begin, upper case, without spaces and dashes; empty for the whole country."""
    base: Money
    per_unit: Money

    @model_validator(mode="after")
    def _are_fees(self) -> Self:
        if self.base.currency != self.per_unit.currency or min(self.base.minor, self.per_unit.minor) < 0:
            raise ValueError("base and per_unit are fees: not negative, and of one currency")
        return self


class OrderFilter(Frozen):
    """Which of a buyer's own orders to list."""

    status: OrderStatus | None = None
    hidden: bool = False
    """The ones the buyer has hidden instead of the others."""


class OrderSearch(Frozen):
    """What an operator looks for; every part that is given must hold."""

    order_id: OrderId | None = None
    user_id: UserId | None = None
    status: OrderStatus | None = None
    merchant_id: MerchantId | None = None
    placed_from: Instant | None = None
    """Inclusive."""
    placed_until: Instant | None = None
    """Exclusive."""
    text: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)] | None = None
    """Contained in the title of a line, whatever the case."""


class OrderNote(Frozen):
    """What an operator wrote down about an order; buyers never see it."""

    number: int
    at: Instant
    author: UserId
    text: str


class InvoiceData(Frozen):
    """To whom the invoice is made out. Personal data. A company has a tax number."""

    kind: Literal["personal", "company"]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    tax_id: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9-]{0,30}$")] = ""
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]

    @model_validator(mode="after")
    def _company_has_tax_id(self) -> Self:
        if self.kind == "company" and not self.tax_id:
            raise ValueError("a company's invoice needs its tax_id")
        return self


class OrderBreak(Frozen):
    """Something about an order that must never be: which invariant, and what is wrong."""

    order_id: OrderId
    kind: str
    detail: str


class OrderStanding(Frozen):
    """What an order's state says about its money."""

    order_id: OrderId
    status: OrderStatus
    total: Money
    refunded: Money


class ReturnedUnits(Frozen):
    """Units of an order that went back as money, by earlier returns."""

    units: dict[SkuId, int] = Field(default_factory=dict)
    paid: Money
    """Their share in what was paid."""
    given: Money
    """What went back for them: `paid` less what the rest no longer earned."""


class Clawback(Frozen):
    """What a promotion gave to the kept units and they no longer earn without the returned ones."""

    rule_id: str
    label: str
    amount: Money


class ReturnProposal(Frozen):
    """What goes back for some units of an order: what was really paid for them, less what the rest no longer earns.

    `amount` = what was paid for all units returned so far − `clawbacks` − what went back before, never below zero.
    """

    order_id: OrderId
    lines: tuple[LineRequest, ...]
    paid: Money
    """The share of these units in what was paid: every discount counted in, shipping only if it goes back."""
    clawbacks: tuple[Clawback, ...] = ()
    """For all units returned so far, these included."""
    amount: Money
    withheld: Money | None = None
    """What an operator keeps back of it: `amount` is less by that, and no later return brings it."""
    points: int = 0
    """Spent points that come back."""
    whole: bool
    """Whether nothing of the order is left after it."""
