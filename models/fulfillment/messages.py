"""What `Fulfillment` is told and answers, and what the activities of `fulfillment` are asked."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus, TrackingEvent
from models.orders.messages import ParcelEnd, Placement
from models.orders.types import LineRequest, ParcelPlan, Wait
from models.shared import Frozen, Instant
from models.shared.done import Done
from models.shared.ids import OrderId, PaymentId, ShipmentId, UserId


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


class HandOver(Frozen):
    """Open the shipments of a paid order and start a `Fulfillment` for each. Idempotent by shipment id."""

    order_id: OrderId
    payment_id: PaymentId
    user_id: UserId
    parcels: tuple[ParcelPlan, ...]
    at: Instant
    placement: Placement = "inline"


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


class WaybillBound(Done):
    """The parcel's waybill. A repeated call answers the same."""

    carrier: str
    waybill: str


class TrackingReport(Frozen):
    """A carrier's push or poll, verified and normalised. An exception, and nothing else, has a kind."""

    status: ShipmentStatus
    event: TrackingEvent
    exception: ExceptionKind | None = None

    @model_validator(mode="after")
    def _an_exception_has_a_kind(self) -> Self:
        if (self.status is ShipmentStatus.EXCEPTION) != (self.exception is not None):
            raise ValueError(f"an exception has a kind, and nothing else has: {self.status} with {self.exception}")
        return self


class SignOff(Frozen):
    """The parcel was handed to the buyer: said by an operator, the buyer or the carrier."""

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


class FinishShipment(Frozen):
    """Move the parcel to its last step, and tell its order how it ended."""

    step: AdvanceShipment
    end: ParcelEnd


class TrackShipment(Frozen):
    """A carrier's report about one parcel."""

    shipment_id: ShipmentId
    report: TrackingReport


class ShipmentTracked(Done):
    """What a report did: whether it took the parcel further, and where the parcel is now."""

    moved: bool
    status: ShipmentStatus
