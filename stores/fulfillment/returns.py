"""Parcels that come back for an after-sale: booked once, followed, called off."""

from asyncpg import Record

from hanse.database import Connection
from models.fulfillment.messages import TrackingReport
from models.fulfillment.returning import BookReturn
from models.fulfillment.types import Depot, ParcelToFetch, ReturnParcel, TrackingEvent, TrackingState
from models.orders.types import Order
from models.shared import Instant
from models.shared.ids import AftersaleId, WarehouseId
from models.shared.refusals import NotFound
from stores.fulfillment.room import Room
from stores.orders.rows import read_order

_READ = """
    SELECT r.aftersale_id, r.order_id, r.warehouse_id, r.items, r.carrier, r.waybill, r.state, r.pickup_at, r.estimated_at,
        r.booked_at, r.cancelled_at,
        (SELECT jsonb_agg(to_jsonb(t) - 'aftersale_id' ORDER BY t.at, t.event_id) FROM return_tracking t
         WHERE t.aftersale_id = r.aftersale_id) AS tracking
    FROM return_parcels r
"""


class Returns(Room):
    """One parcel for each after-sale."""

    async def return_parcel(self, aftersale_id: AftersaleId) -> ReturnParcel | None:
        """The parcel that comes back for it; None before one was booked."""
        async with self._db.reader() as connection:
            return await _read(connection, "WHERE r.aftersale_id = $1", aftersale_id)

    async def parcel_to_fetch(self, ask: BookReturn) -> tuple[ParcelToFetch, WarehouseId]:
        """What a carrier must know to fetch these goods, and the warehouse they go to: the one asked for, else the one that
        sent the first of them. `NotFound` for goods that the order never sent."""
        async with self._db.reader() as connection:
            order = await read_order(connection, ask.order_id)
            warehouse_id = ask.warehouse_id or await connection.fetchval(
                "SELECT warehouse_id FROM shipments WHERE order_id = $1 AND items @> jsonb_build_array(jsonb_build_object("
                "'sku_id', $2::text)) ORDER BY shipment_id LIMIT 1",
                ask.order_id,
                ask.items[0].sku_id,
            )
        if warehouse_id is None:
            raise NotFound(
                f"No parcel of order {ask.order_id} had {ask.items[0].sku_id}; name the warehouse it goes to."
            )
        fetched = ParcelToFetch(
            reference=ask.aftersale_id,
            address=order.address,
            depot=Depot(),
            weight_g=_weight(order, ask),
            pieces=sum(item.quantity for item in ask.items),
        )
        return fetched, WarehouseId(warehouse_id)

    async def keep_return_once(self, parcel: ReturnParcel) -> ReturnParcel:
        """Write down a booked return, once per after-sale: a repetition is answered with the parcel as it is."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO return_parcels (aftersale_id, order_id, warehouse_id, items, carrier, waybill, state, pickup_at,
                    estimated_at, booked_at, polled_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT (aftersale_id) DO NOTHING
                """,
                parcel.aftersale_id,
                parcel.order_id,
                parcel.warehouse_id,
                [item.model_dump(mode="json") for item in parcel.items],
                parcel.carrier,
                parcel.waybill,
                parcel.state,
                parcel.pickup_at,
                parcel.estimated_at,
                parcel.booked_at,
            )
            kept = await _read(tx, "WHERE r.aftersale_id = $1", parcel.aftersale_id)
            assert kept is not None
            return kept

    async def call_off_return(self, aftersale_id: AftersaleId, at: Instant) -> None:
        """The carrier was told that nobody need ring. Idempotent; nothing happens when nothing was booked."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE return_parcels SET cancelled_at = coalesce(cancelled_at, $2), state = 'cancelled'"
                " WHERE aftersale_id = $1",
                aftersale_id,
                at,
            )

    async def add_return_tracking(self, aftersale_id: AftersaleId, report: TrackingReport) -> ReturnParcel:
        """Keep what a carrier reported about a returning parcel, once per event id. Its state is that of the newest event by
        the carrier's own time, in whatever order reports come."""
        event = report.event
        async with self._db.transaction() as tx:
            await tx.execute("SELECT FROM return_parcels WHERE aftersale_id = $1 FOR UPDATE", aftersale_id)
            await tx.execute(
                "INSERT INTO return_tracking (aftersale_id, event_id, status, place, at, detail)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                aftersale_id,
                event.event_id,
                event.status,
                event.place,
                event.at,
                event.detail,
            )
            await tx.execute(
                """
                UPDATE return_parcels r SET estimated_at = coalesce($2, estimated_at), state = coalesce((
                    SELECT t.status FROM return_tracking t WHERE t.aftersale_id = r.aftersale_id
                    ORDER BY t.at DESC, t.event_id DESC LIMIT 1), state)
                WHERE aftersale_id = $1
                """,
                aftersale_id,
                report.estimated_at,
            )
            kept = await _read(tx, "WHERE r.aftersale_id = $1", aftersale_id)
        if kept is None:
            raise NotFound(f"No parcel comes back for {aftersale_id}.")
        return kept

    async def return_under(self, carrier: str, waybill: str, now: Instant) -> ReturnParcel | None:
        """The returning parcel that has this waybill, marked as heard of now; None if there is none."""
        async with self._db.transaction() as tx:
            found = await tx.fetchval(
                "UPDATE return_parcels SET polled_at = $3 WHERE carrier = $1 AND waybill = $2 RETURNING aftersale_id",
                carrier,
                waybill,
                now,
            )
            return None if found is None else await _read(tx, "WHERE r.aftersale_id = $1", found)

    async def take_returns_for_polling(self, now: Instant, silent_since: Instant, limit: int) -> list[ReturnParcel]:
        """Returning parcels not heard of since then, longest first, marked as asked about now. Of several pollers at once
        each parcel goes to one."""
        over = [TrackingState.SIGNED, TrackingState.BROUGHT_BACK, TrackingState.LOST, TrackingState.CANCELLED]
        async with self._db.transaction() as tx:
            taken = await tx.fetch(
                """
                UPDATE return_parcels SET polled_at = $1 WHERE aftersale_id IN (
                    SELECT aftersale_id FROM return_parcels
                    WHERE cancelled_at IS NULL AND state <> ALL($4) AND polled_at <= $2
                    ORDER BY polled_at LIMIT $3 FOR UPDATE SKIP LOCKED
                ) RETURNING aftersale_id
                """,
                now,
                silent_since,
                limit,
                over,
            )
            found = [await _read(tx, "WHERE r.aftersale_id = $1", row["aftersale_id"]) for row in taken]
        return [parcel for parcel in found if parcel is not None]


async def _read(connection: Connection, condition: str, *arguments: object) -> ReturnParcel | None:
    row: Record | None = await connection.fetchrow(f"{_READ} {condition}", *arguments)
    if row is None:
        return None
    fields = dict(row)
    fields["tracking"] = tuple(TrackingEvent.model_validate(event) for event in fields["tracking"] or ())
    return ReturnParcel.model_validate(fields)


def _weight(order: Order, ask: BookReturn) -> int:
    weight_of_one = {line.sku_id: line.weight_g // line.quantity for line in order.lines}
    return sum(weight_of_one.get(item.sku_id, 0) * item.quantity for item in ask.items)
