"""How a parcel may move, and what its parcels make of an order. Pure: the store applies these under the order's lock."""

from collections.abc import Iterable, Mapping, Sequence

from models.fulfillment.errors import IllegalShipmentStep, PickedTooMuch, SplitInvalid
from models.fulfillment.messages import TrackingReport
from models.fulfillment.types import (
    ExceptionKind,
    PickingItem,
    PickingParcel,
    Shipment,
    ShipmentStatus,
    TrackingEvent,
    TrackingState,
)
from models.orders.types import FulfillmentStatus, LineRequest
from models.shared import Instant
from models.shared.ids import AftersaleId, OrderId, ShipmentId, SkuId

_S = ShipmentStatus

NEXT_STATUS: Mapping[ShipmentStatus, frozenset[ShipmentStatus]] = {
    _S.WAITING: frozenset({_S.PICKING, _S.STOPPED}),
    _S.PICKING: frozenset({_S.OUTBOUND, _S.EXCEPTION, _S.STOPPED}),
    _S.OUTBOUND: frozenset({_S.SHIPPED, _S.EXCEPTION, _S.STOPPED}),
    _S.SHIPPED: frozenset({_S.DELIVERED, _S.SIGNED, _S.EXCEPTION}),
    _S.DELIVERED: frozenset({_S.SIGNED, _S.EXCEPTION}),
    _S.EXCEPTION: frozenset({_S.PICKING, _S.OUTBOUND, _S.SHIPPED, _S.DELIVERED, _S.SIGNED, _S.RETURNING, _S.STOPPED}),
    _S.RETURNING: frozenset({_S.RETURNED}),
    _S.SIGNED: frozenset(),
    _S.RETURNED: frozenset(),
    _S.STOPPED: frozenset(),
}
"""Every step a parcel may take (R10). One that waits for goods is packed when they came. From an exception: reship
(`picking`), go on where it was with a corrected address (`outbound`, `shipped`), found after all (`delivered`, `signed`), come
back (`returning`), or refund what never comes back (`stopped`). Staying where it is is no step."""

FINAL = frozenset(status for status, following in NEXT_STATUS.items() if not following)
"""A parcel ends here."""

_WAY = (_S.PICKING, _S.OUTBOUND, _S.SHIPPED, _S.DELIVERED, _S.SIGNED)
_ARRIVED = frozenset({_S.DELIVERED, _S.SIGNED})
_AFTER_HAND_OVER = frozenset({_S.DELIVERED, _S.SIGNED, _S.RETURNING, _S.RETURNED})
_GIVEN_UP = frozenset({_S.STOPPED, _S.RETURNING, _S.RETURNED})


TRACKING_MEANS: Mapping[TrackingState, tuple[ShipmentStatus, ExceptionKind | None]] = {
    TrackingState.BOOKED: (_S.SHIPPED, None),
    TrackingState.CANCELLED: (_S.SHIPPED, None),
    TrackingState.COLLECTED: (_S.SHIPPED, None),
    TrackingState.IN_TRANSIT: (_S.SHIPPED, None),
    TrackingState.OUT_FOR_DELIVERY: (_S.SHIPPED, None),
    TrackingState.DELIVERED: (_S.DELIVERED, None),
    TrackingState.SIGNED: (_S.SIGNED, None),
    TrackingState.ADDRESS_PROBLEM: (_S.EXCEPTION, ExceptionKind.ADDRESS_ERROR),
    TrackingState.REFUSED: (_S.EXCEPTION, ExceptionKind.REFUSED),
    TrackingState.LOST: (_S.EXCEPTION, ExceptionKind.LOST),
    TrackingState.DAMAGED: (_S.EXCEPTION, ExceptionKind.DAMAGED),
    TrackingState.GOING_BACK: (_S.RETURNING, None),
    TrackingState.BROUGHT_BACK: (_S.RETURNED, None),
}
"""What a carrier's word means for a parcel (R10.4). `shipped` leads no parcel further; `returning` and `returned` do not
either: the parcel comes back when the warehouse says so, and these are told in its timeline."""

TOLD_TO_THE_SAGA = frozenset({_S.SIGNED, _S.EXCEPTION})
"""Reports on the straight way that the parcel's saga must hear. The others are kept by the store alone: a history has room
for sixty events an order."""


def reported(state: TrackingState, event: TrackingEvent, estimated_at: Instant | None = None) -> TrackingReport:
    """A carrier's word as a report: normalised by TRACKING_MEANS, told as `state`."""
    status, exception = TRACKING_MEANS[state]
    event = event.model_copy(update={"status": state.value})
    return TrackingReport(status=status, event=event, exception=exception, estimated_at=estimated_at)


def saga_must_hear(shipment: Shipment, report: TrackingReport) -> bool:
    """Whether a report goes to the parcel's saga, or to the store alone. A saga that waits for a decision, or for a parcel to
    come back, hears everything."""
    return report.status in TOLD_TO_THE_SAGA or shipment.status not in (_S.SHIPPED, _S.DELIVERED)


def booking_reference(shipment: Shipment) -> str:
    """Under which name a carrier knows one packing of a parcel."""
    return f"{shipment.shipment_id}/{shipment.round}"


def check_step(shipment: Shipment, to: ShipmentStatus) -> None:
    """`IllegalShipmentStep` unless NEXT_STATUS has this step and the parcel has what it takes: a waybill to be under way,
    a hand-over to arrive or to come back."""
    current = shipment.status
    if to in NEXT_STATUS[current] and not _lacks(shipment, to):
        return
    allowed = ", ".join(sorted(next_ for next_ in NEXT_STATUS[current] if not _lacks(shipment, next_)))
    raise IllegalShipmentStep(
        f"Parcel {shipment.shipment_id} is {current}; it cannot become {to}, only {allowed or 'nothing: it has ended'}."
        " Read it again before going on.",
        shipment_id=shipment.shipment_id,
        state=current.value,
        wanted=to.value,
    )


def _lacks(shipment: Shipment, to: ShipmentStatus) -> bool:
    under_waybill = shipment.waybill is not None or to not in (_S.SHIPPED, _S.DELIVERED)
    handed_over = shipment.shipped_at is not None or to not in _AFTER_HAND_OVER
    return not (under_waybill and handed_over)


def moved_by_report(shipment: Shipment, reported: ShipmentStatus, at: Instant) -> bool:
    """Whether a carrier's report of something that happened `at` takes the parcel further.

    Reports come late, doubled and out of order. So those count that lead forward on a parcel's way; trouble, and arrival
    after trouble, count if nothing newer is known. Nothing counts before the parcel left, nor what is older than its
    present packing.
    """
    current = shipment.status
    if shipment.waybill is None or shipment.shipped_at is None or (shipment.round > 1 and at < shipment.shipped_at):
        return False
    is_newest = all(event.at <= at for event in shipment.tracking)
    if current is _S.EXCEPTION:
        return reported in _ARRIVED and is_newest
    if current not in (_S.SHIPPED, _S.DELIVERED):
        return False
    if reported is _S.EXCEPTION:
        return is_newest
    return reported in _WAY and _WAY.index(reported) > _WAY.index(current)


def left_the_house(shipment: Shipment) -> bool:
    """Whether the parcel was ever handed to a carrier; then the order can no longer simply be stopped."""
    return shipment.shipped_at is not None


def fulfillment_status(shipments: Sequence[Shipment]) -> FulfillmentStatus:
    """What the parcels of an order make of it. Parcels that were given up count for nothing beside others, those of an
    exchange for nothing at all."""
    own = [shipment for shipment in shipments if shipment.aftersale_id is None]
    return status_made_by((shipment.status, left_the_house(shipment)) for shipment in own)


def status_made_by(parcels: Iterable[tuple[ShipmentStatus, bool]]) -> FulfillmentStatus:
    """What an order's own parcels make of it: of each how it stands and whether it ever left the house."""
    parcels = list(parcels)
    if not parcels:
        return FulfillmentStatus.UNFULFILLED
    wanted = [(status, left) for status, left in parcels if status not in _GIVEN_UP]
    if not wanted:
        return FulfillmentStatus.STOPPED
    if all(status in _ARRIVED for status, _ in wanted):
        return FulfillmentStatus.DELIVERED
    gone = [left and status not in (_S.WAITING, _S.PICKING, _S.OUTBOUND) for status, left in wanted]
    if all(gone):
        return FulfillmentStatus.SHIPPED
    return FulfillmentStatus.PART_SHIPPED if any(gone) else FulfillmentStatus.UNFULFILLED


def replacement_id(shipment: Shipment, packing: int) -> OrderId:
    """Under which reservation the goods for a parcel's second or later packing are taken: its own, since the order's is used up.
    It follows from the parcel, so an audit finds the parcel's packings in the inventory's books."""
    return OrderId.derive(shipment.created_at, shipment.shipment_id, f"packing {packing}")


def picked_together(parcels: Sequence[PickingParcel]) -> tuple[PickingItem, ...]:
    """The items of all these parcels, each SKU once, by title."""
    together: dict[SkuId, PickingItem] = {}
    for item in (item for parcel in parcels for item in parcel.items):
        known = together.get(item.sku_id)
        quantity = item.quantity + (known.quantity if known else 0)
        together[item.sku_id] = item.model_copy(update={"quantity": quantity})
    return tuple(sorted(together.values(), key=lambda item: (item.title, item.options, item.sku_id)))


def exchange_id(aftersale_id: AftersaleId) -> OrderId:
    """Under which reservation the goods of an exchange are taken: its own, as with a parcel's next packing."""
    return OrderId.derive(aftersale_id.minted_at, aftersale_id, "exchange")


def split_off(
    shipment_id: ShipmentId, items: Sequence[LineRequest], taken: Sequence[LineRequest]
) -> tuple[LineRequest, ...]:
    """What stays in a parcel when `taken` goes into another one. `SplitInvalid` unless both have something and nothing else."""
    inside = {item.sku_id: item.quantity for item in items}
    out = {item.sku_id: item.quantity for item in taken}
    left = {sku_id: quantity - out.get(sku_id, 0) for sku_id, quantity in inside.items()}
    fits = len(out) == len(taken) and out.keys() <= inside.keys() and all(n >= 0 for n in left.values())
    stays = tuple(LineRequest(sku_id=sku_id, quantity=n) for sku_id, n in left.items() if n > 0)
    if not fits or not stays:
        raise SplitInvalid(
            f"Parcel {shipment_id} holds {_listed(items)}; {_listed(taken)} cannot be taken out of it into a parcel of its own."
            " Name each SKU once, and leave something in.",
            shipment_id=shipment_id,
        )
    return stays


def check_picked(shipment_id: ShipmentId, items: Sequence[LineRequest], picked: Sequence[LineRequest]) -> None:
    """`PickedTooMuch` unless what was picked is part of what belongs into the parcel, each SKU named once."""
    wanted = {item.sku_id: item.quantity for item in items}
    found = {item.sku_id: item.quantity for item in picked}
    if len(found) == len(picked) and all(n <= wanted.get(sku_id, 0) for sku_id, n in found.items()):
        return
    raise PickedTooMuch(
        f"Parcel {shipment_id} takes {_listed(items)}; {_listed(picked)} was reported as picked. Name each SKU once.",
        shipment_id=shipment_id,
    )


def _listed(items: Sequence[LineRequest]) -> str:
    return ", ".join(f"{item.quantity} × {item.sku_id}" for item in items) or "nothing"
