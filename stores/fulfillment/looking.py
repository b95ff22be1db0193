"""Parcels as buyers, warehouses and pollers look them up."""

from models.fulfillment.rules import picked_together
from models.fulfillment.types import ParcelToSend, PickingList, PickingParcel, Shipment, ShipmentSearch
from models.orders.types import Order
from models.shared import Instant
from models.shared.ids import OrderId, ShipmentId, UserId, WarehouseId
from models.shared.refusals import NotFound
from stores.fulfillment.room import Room
from stores.fulfillment.rows import read_shipment, read_shipments, shipment_unknown
from stores.orders.rows import read_order

_PICKING = """
    SELECT s.shipment_id, s.order_id, s.round, s.created_at AS waiting_since, o.note,
        (SELECT jsonb_agg(item || jsonb_build_object('title', coalesce(l.title, ''), 'options', coalesce(l.options, ''))
                          ORDER BY l.line_no, item->>'sku_id')
         FROM jsonb_array_elements(coalesce(s.picked, s.items)) item
         LEFT JOIN order_lines l ON l.order_id = s.order_id AND l.sku_id = item->>'sku_id') AS items
    FROM shipments s JOIN orders o USING (order_id)
    WHERE s.warehouse_id = $1 AND s.status = 'picking' ORDER BY s.shipment_id LIMIT $2
"""


class Looking(Room):
    """Reads of parcels; only `take_for_polling` writes, and only when it was asked last."""

    async def shipment(self, shipment_id: ShipmentId) -> Shipment:
        """The parcel, or `NotFound`."""
        async with self._db.reader() as connection:
            return await read_shipment(connection, shipment_id)

    async def shipment_of(self, shipment_id: ShipmentId, user_id: UserId) -> Shipment:
        """A parcel of one of the user's own orders; another's is `NotFound`, like one that does not exist."""
        own = "WHERE s.shipment_id = $1 AND s.order_id IN (SELECT order_id FROM orders WHERE user_id = $2)"
        async with self._db.reader() as connection:
            found = await read_shipments(connection, own, shipment_id, user_id)
        if not found:
            raise shipment_unknown(shipment_id)
        return found[0]

    async def shipments_of(self, order_id: OrderId) -> list[Shipment]:
        """The parcels of an order; empty before hand-over."""
        async with self._db.reader() as connection:
            return await read_shipments(connection, "WHERE s.order_id = $1 ORDER BY s.shipment_id", order_id)

    async def heard_under(self, carrier: str, waybill: str, now: Instant) -> Shipment | None:
        """The parcel that has this waybill now, marked as heard of; None for a waybill of an earlier packing, which leads no
        parcel anywhere any more. `NotFound` for a number that no parcel ever had."""
        async with self._db.transaction() as tx:
            heard = await tx.fetchval(
                "UPDATE shipments SET polled_at = greatest(polled_at, $3) WHERE carrier = $1 AND waybill = $2"
                " RETURNING shipment_id",
                carrier,
                waybill,
                now,
            )
            if heard is not None:
                return await read_shipment(tx, heard)
            bound = "SELECT true FROM shipment_waybills WHERE carrier = $1 AND waybill = $2"
            if await tx.fetchval(bound, carrier, waybill) is None:
                raise NotFound(f"No parcel is under waybill {waybill[:60]!r} of {carrier}.")
        return None

    async def parcel_to_send(self, shipment_id: ShipmentId) -> ParcelToSend:
        """A parcel with what its carrier must know: where it goes and what it weighs."""
        async with self._db.reader() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            shipment = await read_shipment(connection, shipment_id)
            order = await read_order(connection, shipment.order_id)
        weight_of_one = {line.sku_id: line.weight_g // line.quantity for line in order.lines}
        packed = shipment.items if shipment.picked is None else shipment.picked
        weight = sum(weight_of_one.get(item.sku_id, 0) * item.quantity for item in packed)
        return ParcelToSend(shipment=shipment, address=order.address, weight_g=weight)

    async def order_of(self, order_id: OrderId) -> Order:
        """The order that parcels are sent for, or `NotFound`."""
        async with self._db.reader() as connection:
            return await read_order(connection, order_id)

    async def search(self, wanted: ShipmentSearch, *, limit: int, after: ShipmentId | None = None) -> list[Shipment]:
        """Parcels by what they wait for, oldest first: the warehouse's and the service desk's queues of work."""
        conditions = {
            "s.status = ${}": wanted.status,
            "s.warehouse_id = ${}": wanted.warehouse_id,
            "s.exception = ${}": wanted.exception,
            "s.shipment_id > ${}": after,
        }
        asked = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(text.format(n) for n, text in enumerate(asked, 2)) or "true"
        async with self._db.reader() as connection:
            return await read_shipments(
                connection, f"WHERE {where} ORDER BY s.shipment_id LIMIT $1", limit, *asked.values()
            )

    async def take_for_polling(self, now: Instant, silent_since: Instant, limit: int) -> list[Shipment]:
        """Parcels under way not heard of since then, longest first, marked as asked about now.

        Of several pollers at once each parcel goes to one.
        """
        async with self._db.transaction() as tx:
            taken = await tx.fetch(
                """
                UPDATE shipments SET polled_at = $1 WHERE shipment_id IN (
                    SELECT shipment_id FROM shipments
                    WHERE waybill IS NOT NULL AND status IN ('shipped', 'delivered', 'exception', 'returning')
                        AND polled_at <= $2
                    ORDER BY polled_at LIMIT $3 FOR UPDATE SKIP LOCKED
                ) RETURNING shipment_id
                """,
                now,
                silent_since,
                limit,
            )
            ids = [row["shipment_id"] for row in taken]
            return await read_shipments(tx, "WHERE s.shipment_id = ANY($1) ORDER BY s.shipment_id", ids)

    async def delivered_before(self, moment: Instant, limit: int) -> list[Shipment]:
        """Parcels that were left at the buyer's door before then and that nobody has signed for, longest first."""
        condition = "WHERE s.status = 'delivered' AND s.delivered_at <= $1 ORDER BY s.delivered_at LIMIT $2"
        async with self._db.reader() as connection:
            return await read_shipments(connection, condition, moment, limit)

    async def picking_list(self, warehouse_id: WarehouseId, limit: int) -> PickingList:
        """What waits to be picked in a warehouse: at most so many parcels, the oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(_PICKING, warehouse_id, limit)
        parcels = tuple(PickingParcel.model_validate(dict(row)) for row in rows)
        return PickingList(warehouse_id=warehouse_id, together=picked_together(parcels), parcels=parcels)
