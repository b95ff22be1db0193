"""What `Fulfillment` is told and answers, and what the activities of `fulfillment` are asked."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.fulfillment.returning import ExchangeEnd
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus, TrackingEvent
from models.orders.messages import ParcelEnd, Placement
from models.orders.types import LineRequest, ParcelPlan, Wait
from models.shared import Frozen, Instant
from models.shared.done import Done
from models.shared.ids import AftersaleId, OrderId, PaymentId, ShipmentId, UserId


def fulfillment_id(shipment_id: ShipmentId) -> str:
    """The workflow that is this parcel."""
    return f"fulfillment/{shipment_id}"


class FulfillmentTerms(Frozen):
    """How long a parcel may wait for what."""

    address_correction: timedelta = timedelta(days=3)
    """How long the buyer may take to correct an address before the parcel is refunded."""
    carrier_limit: timedelta = timedelta(hours=2)
    """How long a silent carrier is tried before the next one is asked."""
    look_for_goods: timedelta = timedelta(hours=6)
    """How often a parcel that waits looks by itself whether its goods have come; it is told when they come, too."""
    exception_reminder: timedelta = timedelta(hours=24)
    """How often an undecided exception is brought up again."""


class FulfillmentInput(Frozen):
    """One parcel of one order."""

    shipment_id: ShipmentId
    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    items: tuple[LineRequest, ...]
    outbound: Outbound
    waits: Wait | None = None
    """For what, when its goods were bought ahead of stock."""
    carriers: tuple[str, ...] = ("sandbox",)
    """In the order in which to ask them."""
    placement: Placement = "inline"
    terms: FulfillmentTerms = FulfillmentTerms()
    aftersale_id: AftersaleId | None = None
    """For which exchange it is sent; what goes wrong with it then costs no refund of its own: the after-sale decides."""

    def of_split(self, shipment_id: ShipmentId, items: tuple[LineRequest, ...]) -> "FulfillmentInput":
        """The start of the parcel that was split off this one."""
        return self.model_copy(update={"shipment_id": shipment_id, "items": items})


class HandOver(Frozen):
    """An order is paid, its stock has left the books: open its shipments and start a `Fulfillment` for each. Idempotent by
    shipment id."""

    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    parcels: tuple[ParcelPlan, ...]
    paid_at: Instant
    at: Instant
    placement: Placement = "inline"

    def waits_of(self, shipment_id: ShipmentId) -> Wait | None:
        """What this parcel waits for before it can be picked."""
        return next((plan.waits for plan in self.parcels if plan.shipment_id == shipment_id), None)


class StopShipments(Frozen):
    """Stop every parcel of an order, all or none: refused when one has been handed to a carrier."""

    order_id: OrderId
    at: Instant
    actor: str


class Dispatch(Frozen):
    """The warehouse lets the parcel out. `picked` names what was found; absent means all of it (a short pick otherwise)."""

    actor: str
    picked: tuple[LineRequest, ...] | None = None


class BookWaybill(Frozen):
    """Get a waybill at a carrier for this parcel and bind it: once for each packing. With `let_out` a parcel that is still
    being picked leaves the warehouse in the same step."""

    shipment_id: ShipmentId
    order_id: OrderId
    carrier: str
    at: Instant
    let_out: bool = False


class RedirectParcel(Frozen):
    """Tell the carrier that has the parcel where it goes now."""

    shipment_id: ShipmentId


class PlanReplacement(Frozen):
    """What to take from the shelf to pack these lines of a parcel once more. Answered with `ReserveStock`."""

    shipment_id: ShipmentId
    lines: tuple[LineRequest, ...]
    packing: int
    """Which packing this is to be, as the saga counts: the books may be ahead of it by a step that it did not hear of."""


class WaybillBound(Done):
    """The parcel's waybill. A repeated call answers the same."""

    carrier: str
    waybill: str


class TrackingReport(Frozen):
    """A carrier's push or poll, verified and normalised (`rules.reported`). An exception, and nothing else, has a kind."""

    status: ShipmentStatus
    event: TrackingEvent
    exception: ExceptionKind | None = None
    estimated_at: Instant | None = None

    @model_validator(mode="after")
    def _an_exception_has_a_kind(self) -> Self:
        if (self.status is ShipmentStatus.EXCEPTION) != (self.exception is not None):
            raise ValueError(f"an exception has a kind, and nothing else has: {self.status} with {self.exception}")
        return self


class SignOff(Frozen):
    """The parcel was handed to the buyer: said by an operator, the buyer or the carrier, or by nobody for days after delivery."""

    actor: str
    at: Instant
    proof: Annotated[str, Field(max_length=500)] = ""


class GiveUpWaiting(Frozen):
    """The goods of a waiting parcel will not come (in time): it is refunded."""

    actor: str
    why: Annotated[str, Field(max_length=500)] = ""


class ReportException(Frozen):
    """Something went wrong with the parcel."""

    kind: ExceptionKind
    actor: str
    detail: Annotated[str, Field(max_length=500)] = ""


class ReceiveBack(Frozen):
    """The warehouse has a returning parcel again. Not `resellable`: damaged, or it never came; nothing goes on the shelf."""

    actor: str
    resellable: bool = True


class SplitParcel(Frozen):
    """Take these goods out of a parcel that is still being picked, and send them in one of their own."""

    items: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=200)]
    actor: str


class OpenSplit(Frozen):
    """Open the parcel that was split off, once per its id, and start its `Fulfillment`."""

    shipment_id: ShipmentId
    """The parcel that is split."""
    new_id: ShipmentId
    items: tuple[LineRequest, ...]
    start: FulfillmentInput
    """Of the parcel that is split; the new one runs under the same terms."""
    at: Instant
    actor: str


class ExceptionDecision(StrEnum):
    """What an operator decides about a lost or damaged parcel."""

    RESHIP = "reship"
    REFUND = "refund"


class DecideException(Frozen):
    """An operator's decision, with who decided."""

    decision: ExceptionDecision
    actor: str


class AdvanceShipment(Frozen):
    """Move the parcel on; repeating it changes nothing, an impossible step is an error. The order's
    fulfillment status follows in the same transaction."""

    shipment_id: ShipmentId
    order_id: OrderId
    to: ShipmentStatus
    at: Instant
    actor: str
    event: TrackingEvent | None = None
    exception: ExceptionKind | None = None
    picked: tuple[LineRequest, ...] | None = None
    detail: str = ""
    """In words, for the order's timeline."""


class ShipmentAnswer(Frozen):
    """Where the parcel stands after an update."""

    shipment_id: ShipmentId
    status: ShipmentStatus


class SplitAnswer(ShipmentAnswer):
    """Where a parcel stands after it was split, and the one that came out of it."""

    new_shipment_id: ShipmentId


class FinishShipment(Frozen):
    """Move the parcel to its last step, and tell its order how it ended."""

    step: AdvanceShipment
    end: ParcelEnd
    exchange: ExchangeEnd | None = None
    """Of a parcel that was sent in exchange: its after-sale hears of its end, and its order does not."""


class TrackShipment(Frozen):
    """A carrier's report about one parcel."""

    shipment_id: ShipmentId
    report: TrackingReport


class ShipmentTracked(Done):
    """What a report did: whether it took the parcel further, and where the parcel is now."""

    moved: bool
    status: ShipmentStatus
