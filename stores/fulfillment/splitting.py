"""More parcels than an order was planned with: one split in two, and those sent in exchange. The order's row lock decides."""

from collections.abc import Sequence

from hanse.database import Connection
from models.fulfillment.errors import ShipmentStopped
from models.fulfillment.messages import OpenSplit
from models.fulfillment.returning import SendExchange
from models.fulfillment.rules import check_step, split_off
from models.fulfillment.types import Shipment, ShipmentStatus
from models.orders.types import LineRequest
from models.shared import Instant
from models.shared.ids import AftersaleId, MerchantId, OrderId, ShipmentId, WarehouseId
from stores.fulfillment.room import Room
from stores.fulfillment.rows import follow_parcels, lock_parcel, parcel_entry, read_shipments
from stores.orders.rows import lock_order, write_entry


class Splitting(Room):
    """Each method locks the order's row first, as those of `moving.py` do."""

    async def split_once(self, split: OpenSplit) -> Shipment:
        """Take `split.items` out of a parcel that is being picked into a new one, in one transaction; the new parcel.

        Once per new id: a repetition is answered with the new parcel as it is. Refuses `ShipmentStopped`, `SplitInvalid`,
        and `IllegalShipmentStep` for a parcel that was let out.
        """
        async with self._db.transaction() as tx:
            order, parcel = await lock_parcel(tx, split.shipment_id)
            known = await read_shipments(tx, "WHERE s.shipment_id = $1", split.new_id)
            if known:
                return known[0]
            if parcel.status is ShipmentStatus.STOPPED:
                raise ShipmentStopped(f"Parcel {parcel.shipment_id} was stopped; there is nothing to split.")
            if parcel.status is not ShipmentStatus.PICKING:
                check_step(parcel, ShipmentStatus.PICKING)  # refuses, and says where the parcel is
            stays = split_off(parcel.shipment_id, parcel.items, split.items)
            await tx.execute(
                "UPDATE shipments SET items = $2, version = version + 1 WHERE shipment_id = $1",
                parcel.shipment_id,
                _items(stays),
            )
            await _insert(
                tx,
                order.order_id,
                split.new_id,
                (parcel.merchant_id, parcel.warehouse_id),
                split.items,
                split.at,
                parcel.aftersale_id,
            )
            (new,) = await read_shipments(tx, "WHERE s.shipment_id = $1", split.new_id)
            entry = parcel_entry(new, split.at, "split", split.actor, f"out of {parcel.shipment_id}")
            await follow_parcels(tx, order, entry)
            return new

    async def open_exchange(self, send: SendExchange) -> list[Shipment]:
        """Open a parcel for each warehouse and merchant of an exchange, for an order whatever its state: the order's own
        parcels and its status stay as they are. Once per after-sale; a repetition is answered with the parcels as they are."""
        async with self._db.transaction() as tx:
            order = await lock_order(tx, send.order_id)
            known = await _of_exchange(tx, send.aftersale_id)
            if known:
                return known
            shares: dict[tuple[MerchantId, WarehouseId], dict[str, int]] = {}
            for part in send.allocations:
                share = shares.setdefault((part.merchant_id, part.warehouse_id), {})
                share[part.sku_id] = share.get(part.sku_id, 0) + part.quantity
            for (merchant_id, warehouse_id), share in sorted(shares.items()):
                items = [LineRequest.model_validate({"sku_id": sku, "quantity": n}) for sku, n in sorted(share.items())]
                shipment_id = ShipmentId.derive(
                    send.aftersale_id.minted_at, send.aftersale_id, merchant_id, warehouse_id
                )
                await _insert(
                    tx, order.order_id, shipment_id, (merchant_id, warehouse_id), items, send.at, send.aftersale_id
                )
            opened = await _of_exchange(tx, send.aftersale_id)
            for parcel in opened:
                entry = parcel_entry(parcel, send.at, "exchange", "saga", send.aftersale_id)
                await write_entry(tx, order.order_id, entry)
            return opened


async def _of_exchange(tx: Connection, aftersale_id: AftersaleId) -> list[Shipment]:
    return await read_shipments(tx, "WHERE s.aftersale_id = $1 ORDER BY s.shipment_id", aftersale_id)


async def _insert(
    tx: Connection,
    order_id: OrderId,
    shipment_id: ShipmentId,
    sender: tuple[MerchantId, WarehouseId],
    items: Sequence[LineRequest],
    now: Instant,
    aftersale_id: AftersaleId | None,
) -> None:
    await tx.execute(
        """
        INSERT INTO shipments (shipment_id, order_id, merchant_id, warehouse_id, items, status, round, created_at, polled_at,
            aftersale_id, version)
        VALUES ($1, $2, $3, $4, $5, 'picking', 1, $6, $6, $7, 1)
        """,
        shipment_id,
        order_id,
        *sender,
        _items(items),
        now,
        aftersale_id,
    )


def _items(items: Sequence[LineRequest]) -> list[dict[str, object]]:
    return [item.model_dump(mode="json") for item in items]
