"""A parcel's way, from hand-over to signature. The order's row lock decides every race."""

from collections.abc import Iterator
from typing import Any

from hanse.database import Connection
from models.fulfillment.errors import AddressChanged, ShipmentStopped
from models.fulfillment.messages import AdvanceShipment, BookWaybill, HandOver, StopShipments, TrackingReport
from models.fulfillment.rules import (
    FINAL,
    check_picked,
    check_step,
    fulfillment_status,
    left_the_house,
    moved_by_report,
)
from models.fulfillment.types import ParcelToSend, Shipment, ShipmentStatus, Tracked
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
from models.orders.rules import FINAL as OVER
from models.orders.rules import payment_after_step
from models.orders.types import FulfillmentStatus, Order, OrderStatus, TimelineEntry
from models.shared import Instant
from models.shared.ids import OrderId, ShipmentId
from stores.fulfillment.room import Room
from stores.fulfillment.rows import (
    change_parcel,
    insert_shipments,
    lock_parcel,
    parcel_entry,
    read_shipments,
    write_event,
)
from stores.orders.rows import change_order, checkout_entry, lock_order, write_entry


class Moving(Room):
    """Each method locks the order's row first: its parcels move one after the other, and stopping is one decision."""

    async def open_shipments(self, hand_over: HandOver) -> tuple[Order, list[Shipment]]:
        """The order is paid and its parcels are opened for picking, or to wait for their goods: one transaction, so that no order
        is paid and without parcels. Once per shipment id; a repetition is answered with both as they are.

        Refuses `OrderNotOpen` for an order that is over or was stopped.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, hand_over.order_id)
            parcels = await _parcels(tx, order.order_id)
            known = {parcel.shipment_id for parcel in parcels}
            new = [parcel for parcel in hand_over.parcels if parcel.shipment_id not in known]
            if new:
                if order.status in OVER or order.fulfillment_status is FulfillmentStatus.STOPPED:
                    raise OrderNotOpen(
                        f"Order {order.order_id} is {order.status}, its parcels {order.fulfillment_status}: nothing to pack."
                    )
                opened = sorted(
                    await insert_shipments(tx, order.order_id, new, hand_over.at), key=lambda parcel: parcel.shipment_id
                )
                parcels = sorted([*parcels, *opened], key=lambda parcel: parcel.shipment_id)
                order = await change_order(
                    tx,
                    order,
                    *_told_of_hand_over(order, hand_over, opened),
                    **_paid(order, hand_over),
                    fulfillment_status=fulfillment_status(parcels),
                )
            return order, parcels

    async def stop_all_or_refuse(self, stop: StopShipments) -> list[Shipment]:
        """Stop every parcel of the order, or none: `OrderAlreadyShipped` if one was ever handed to a carrier.

        Idempotent. A booking that is on its way at the same moment either comes first, and this is refused, or finds its
        parcel stopped.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, stop.order_id)
            parcels = await _parcels(tx, order.order_id)
            gone = [parcel for parcel in parcels if left_the_house(parcel)]
            if gone:
                named = ", ".join(f"{parcel.shipment_id} ({parcel.status})" for parcel in gone)
                raise OrderAlreadyShipped(
                    f"Order {order.order_id} has parcels on their way: {named}. Refuse them at the door, or return them."
                )
            for parcel in parcels:
                if parcel.status not in FINAL:
                    order, _ = await change_parcel(
                        tx,
                        order,
                        parcel,
                        parcel_entry(parcel, stop.at, "stopped", stop.actor),
                        status=ShipmentStatus.STOPPED,
                    )
            return await _parcels(tx, order.order_id)

    async def advance(self, step: AdvanceShipment) -> Shipment:
        """Take the parcel to `step.to`, its order's fulfillment status and timeline with it, in one transaction.

        Idempotent: a parcel that is there already is answered as it is; `step.event` is kept once in any case. A step that
        `rules.NEXT_STATUS` does not have is `IllegalShipmentStep`; picking more than belongs in it is `PickedTooMuch`.
        """
        if (step.to is ShipmentStatus.EXCEPTION) and step.exception is None:
            raise ValueError(f"advancing {step.shipment_id}: an exception has a kind")
        async with self._db.transaction() as tx:
            order, parcel = await lock_parcel(tx, step.shipment_id)
            if step.event is not None and await write_event(tx, parcel.shipment_id, step.event):
                parcel = parcel.model_copy(update={"tracking": (*parcel.tracking, step.event)})
            if parcel.status is step.to:
                return parcel
            check_step(parcel, step.to)
            if step.picked is not None:
                check_picked(parcel.shipment_id, parcel.items, step.picked)
            detail = ": ".join(filter(None, [step.exception, step.detail]))
            entry = parcel_entry(parcel, step.at, step.to.value, step.actor, detail)
            _, moved = await change_parcel(tx, order, parcel, entry, **_changes(parcel, step))
            return moved

    async def bind_waybill_once(
        self, booking: BookWaybill, waybill: str, sent: ParcelToSend, estimated_at: Instant | None = None
    ) -> Shipment:
        """Bind the waybill that the carrier gave for `sent`, and with it the parcel is shipped (`let_out`: from picking,
        too): one transaction.

        Once for each packing: a repetition, or a second carrier, is answered with the waybill bound first. Refuses
        `ShipmentStopped` when the order was stopped meanwhile. Raises AddressChanged when `sent` went to an address that is
        no longer the order's: book again.
        """
        async with self._db.transaction() as tx:
            order, parcel = await lock_parcel(tx, booking.shipment_id)
            if parcel.waybill is not None:
                return parcel
            if parcel.status is ShipmentStatus.STOPPED:
                raise ShipmentStopped(f"Parcel {parcel.shipment_id} was stopped; waybill {waybill} is not used.")
            if parcel.round != sent.shipment.round or order.address != sent.address:
                raise AddressChanged(f"{parcel.shipment_id} was booked as it no longer is; book it again.")
            if booking.let_out and parcel.status is ShipmentStatus.PICKING:
                await write_entry(tx, order.order_id, parcel_entry(parcel, booking.at, "outbound", "saga"))
                parcel = parcel.model_copy(update={"status": ShipmentStatus.OUTBOUND})
            shipped = parcel.model_copy(update={"waybill": waybill})
            check_step(shipped, ShipmentStatus.SHIPPED)
            await tx.execute(
                "INSERT INTO shipment_waybills VALUES ($1, $2, $3, $4, $5)",
                parcel.shipment_id,
                parcel.round,
                booking.carrier,
                waybill,
                booking.at,
            )
            _, moved = await change_parcel(
                tx,
                order,
                parcel,
                parcel_entry(parcel, booking.at, "shipped", booking.carrier, waybill),
                status=ShipmentStatus.SHIPPED,
                carrier=booking.carrier,
                waybill=waybill,
                shipped_at=booking.at,
                estimated_at=estimated_at,
                delivered_at=None,
                exception=None,
            )
            return moved

    async def add_tracking(self, shipment_id: ShipmentId, report: TrackingReport) -> Tracked:
        """Keep what a carrier reported, once per event id, and take the parcel further if the report leads further.

        A late, doubled or reordered report never takes a parcel back (`rules.moved_by_report`). Idempotent: as long as the
        parcel is where a report took it, the same report is answered so again.
        """
        async with self._db.transaction() as tx:
            order, parcel = await lock_parcel(tx, shipment_id)
            if not await write_event(tx, shipment_id, report.event):
                is_there = (parcel.status, parcel.exception) == (report.status, report.exception)
                return Tracked(shipment=parcel, moved=is_there)
            if report.estimated_at not in (None, parcel.estimated_at):
                parcel = parcel.model_copy(update={"estimated_at": report.estimated_at})
                await tx.execute(
                    "UPDATE shipments SET estimated_at = $2 WHERE shipment_id = $1", shipment_id, report.estimated_at
                )
            moves = moved_by_report(parcel, report.status, report.event.at)
            parcel = parcel.model_copy(update={"tracking": (*parcel.tracking, report.event)})
            if not moves:
                return Tracked(shipment=parcel, moved=False)
            kind = report.exception.value if report.exception else ""
            actor = parcel.carrier or "carrier"
            entry = parcel_entry(parcel, report.event.at, report.status.value, actor, kind)
            changes = _arrival(report.status, report.event.at) | {"exception": report.exception}
            _, moved = await change_parcel(tx, order, parcel, entry, status=report.status, **changes)
            return Tracked(shipment=moved, moved=True)


async def _parcels(tx: Connection, order_id: OrderId) -> list[Shipment]:
    return await read_shipments(tx, "WHERE s.order_id = $1 ORDER BY s.shipment_id", order_id)


def _paid(order: Order, hand_over: HandOver) -> dict[str, Any]:
    """What it writes that an order is paid."""
    return {
        "status": OrderStatus.PAID,
        "payment_status": payment_after_step(order, OrderStatus.PAID, money_came=True),
        "paid_at": order.paid_at or hand_over.paid_at,
    }


def _told_of_hand_over(order: Order, hand_over: HandOver, opened: list[Shipment]) -> Iterator[TimelineEntry]:
    if order.status is not OrderStatus.PAID:
        detail = "payment complete, stock committed"
        yield checkout_entry(order.order_id, hand_over.at, OrderStatus.PAID.value, "saga", detail)
    for parcel in opened:
        yield parcel_entry(parcel, hand_over.at, parcel.status.value, "saga")


def _changes(parcel: Shipment, step: AdvanceShipment) -> dict[str, Any]:
    """What a step writes, besides the status itself."""
    changes: dict[str, Any] = {"status": step.to, **_arrival(step.to, step.at)}
    if step.picked is not None and step.picked != parcel.items:
        changes["picked"] = step.picked
    if step.to is ShipmentStatus.SHIPPED and parcel.shipped_at is None:
        changes["shipped_at"] = step.at
    if step.to is ShipmentStatus.EXCEPTION:
        changes["exception"] = step.exception
    elif parcel.status is ShipmentStatus.EXCEPTION and step.to not in _KEEPS_ITS_TROUBLE:
        changes["exception"] = None
    if step.to is ShipmentStatus.PICKING and parcel.status is not ShipmentStatus.WAITING:
        changes |= {
            "round": parcel.round + 1,
            "carrier": None,
            "waybill": None,
            "estimated_at": None,
            "delivered_at": None,
        }
    return changes


_KEEPS_ITS_TROUBLE = frozenset({ShipmentStatus.RETURNING, ShipmentStatus.STOPPED})
"""These tell for good why the parcel never arrived."""


def _arrival(to: ShipmentStatus, at: Instant) -> dict[str, Instant]:
    match to:
        case ShipmentStatus.SIGNED:
            return {"signed_at": at}
        case ShipmentStatus.DELIVERED:
            return {"delivered_at": at}
    return {}
