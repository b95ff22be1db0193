"""Parcels as rows: read with their tracking, locked behind their order, changed together with it."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record

from hanse.database import Connection
from models.fulfillment.messages import fulfillment_id
from models.fulfillment.rules import fulfillment_status
from models.fulfillment.types import Shipment, ShipmentStatus, TrackingEvent
from models.orders.types import Order, ParcelPlan, TimelineEntry
from models.shared import Instant
from models.shared.ids import OrderId, ShipmentId
from models.shared.refusals import NotFound
from stores.orders.rows import change_order, lock_order, write_entry

_COLUMNS = """
    s.shipment_id, s.order_id, s.merchant_id, s.warehouse_id, s.items, s.picked, s.status, s.carrier, s.waybill,
    s.exception, s.round, s.created_at, s.shipped_at, s.estimated_at, s.delivered_at, s.signed_at, s.aftersale_id, s.version
"""
_READ = f"""
    SELECT {_COLUMNS},
        (SELECT jsonb_agg(to_jsonb(t) - 'shipment_id' ORDER BY t.at, t.event_id) FROM tracking t
         WHERE t.shipment_id = s.shipment_id) AS tracking
    FROM shipments s
"""
_OPEN = f"""
    INSERT INTO shipments AS s (shipment_id, order_id, merchant_id, warehouse_id, items, status, round, created_at, polled_at,
        version)
    SELECT p.shipment_id, $1, p.merchant_id, p.warehouse_id, p.items, p.status, 1, $2, $2, 1
    FROM jsonb_populate_recordset(NULL::shipments, $3) p
    RETURNING {_COLUMNS}, NULL::jsonb AS tracking
"""
_CHANGEABLE = (
    "status",
    "carrier",
    "waybill",
    "exception",
    "round",
    "shipped_at",
    "estimated_at",
    "delivered_at",
    "signed_at",
)


async def read_shipments(connection: Connection, condition: str, *arguments: object) -> list[Shipment]:
    """The parcels for which `condition` (SQL about `s`, with what follows it) holds."""
    return [_shipment(row) for row in await connection.fetch(f"{_READ} {condition}", *arguments)]


async def read_shipment(connection: Connection, shipment_id: ShipmentId) -> Shipment:
    """The parcel, or `NotFound`."""
    found = await read_shipments(connection, "WHERE s.shipment_id = $1", shipment_id)
    if not found:
        raise shipment_unknown(shipment_id)
    return found[0]


async def insert_shipments(
    tx: Connection, order_id: OrderId, parcels: Sequence[ParcelPlan], now: Instant
) -> list[Shipment]:
    """Open parcels of a locked order: for picking, or to wait for their goods."""
    rows = [
        {
            **parcel.model_dump(mode="json", include={"shipment_id", "merchant_id", "warehouse_id", "items"}),
            "status": ShipmentStatus.WAITING if parcel.waits else ShipmentStatus.PICKING,
        }
        for parcel in parcels
    ]
    return [_shipment(row) for row in await tx.fetch(_OPEN, order_id, now, rows)]


def shipment_unknown(shipment_id: ShipmentId) -> NotFound:
    """There is no such parcel, or none that the caller may see."""
    return NotFound(f"There is no parcel {shipment_id}. Look at the order's parcels.", shipment_id=shipment_id)


async def lock_parcel(tx: Connection, shipment_id: ShipmentId) -> tuple[Order, Shipment]:
    """The parcel and its order as they are now, the order's row locked: that lock guards all its parcels."""
    order_id = await tx.fetchval("SELECT order_id FROM shipments WHERE shipment_id = $1", shipment_id)
    if order_id is None:
        raise shipment_unknown(shipment_id)
    order = await lock_order(tx, order_id)
    return order, await read_shipment(tx, shipment_id)


async def change_parcel(
    tx: Connection, order: Order, before: Shipment, entry: TimelineEntry, **changes: Any
) -> tuple[Order, Shipment]:
    """Write `changes` to a parcel whose order is locked, and what they make of the order: one step of both, told once."""
    after = before.model_copy(update={**changes, "version": before.version + 1})
    columns = ", ".join(f"{column} = ${n}" for n, column in enumerate(_CHANGEABLE, 3))
    await tx.execute(
        f"UPDATE shipments SET version = version + 1, picked = $2, {columns} WHERE shipment_id = $1",
        after.shipment_id,
        None if after.picked is None else [item.model_dump(mode="json") for item in after.picked],
        *(getattr(after, column) for column in _CHANGEABLE),
    )
    return await follow_parcels(tx, order, entry), after


async def follow_parcels(
    tx: Connection, order: Order, entry: TimelineEntry, parcels: list[Shipment] | None = None
) -> Order:
    """Bring a locked order's fulfillment status in line with its parcels (read, unless the caller just did), and write the
    timeline entry in any case."""
    if parcels is None:
        parcels = await read_shipments(tx, "WHERE s.order_id = $1", order.order_id)
    status = fulfillment_status(parcels)
    if status is order.fulfillment_status:
        await write_entry(tx, order.order_id, entry)
        return order
    return await change_order(tx, order, entry, fulfillment_status=status)


async def write_event(tx: Connection, shipment_id: ShipmentId, event: TrackingEvent) -> bool:
    """Keep one report about a parcel; whether it was new."""
    done = await tx.execute(
        "INSERT INTO tracking (shipment_id, event_id, status, place, at, detail) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT DO NOTHING",
        shipment_id,
        event.event_id,
        event.status,
        event.place,
        event.at,
        event.detail,
    )
    return bool(done == "INSERT 0 1")


def parcel_entry(shipment: Shipment, at: Instant, step: str, actor: str, detail: str = "") -> TimelineEntry:
    """A step of a parcel, as its order's timeline tells it."""
    return TimelineEntry(
        at=at,
        step=f"parcel_{step}",
        actor=actor,
        detail=" ".join(filter(None, [shipment.shipment_id, detail])),
        workflow_id=fulfillment_id(shipment.shipment_id),
    )


def _shipment(row: Record) -> Shipment:
    fields = dict(row)
    fields["tracking"] = tuple(TrackingEvent.model_validate(event) for event in fields["tracking"] or ())
    return Shipment.model_validate(fields)
