"""Opening an order, and giving it up before it was anybody's."""

import hashlib
from typing import Any

from hanse.database import Connection
from models.orders.errors import IllegalTransition, OrderConflict, OrderDiscarded
from models.orders.messages import OpenOrder
from models.orders.rules import check_adds_up
from models.orders.types import CancelReason, FulfillmentStatus, Order, OrderStatus, ParcelPlan, PaymentStatus
from models.shared import Instant, Money
from models.shared.ids import OrderId
from stores.orders.room import Room
from stores.orders.rows import (
    change_order,
    checkout_entry,
    columns_of_line,
    entry_parameters,
    entry_values,
    lock_order,
    read_order,
)

_PARCEL_COLUMNS = {"shipment_id", "merchant_id", "warehouse_id", "items", "waits"}
_DISCARDED = b""
"""What stands for the digest of an order that was discarded before it was opened."""

_OPENED_AS = """
    SELECT opened_as FROM orders WHERE order_id = $1
    UNION ALL SELECT ''::bytea FROM discarded_orders WHERE order_id = $1
"""
_OPEN = f"""
    WITH opened AS (
        INSERT INTO orders (order_id, user_id, status, payment_status, fulfillment_status, currency, goods_minor,
            discount_minor, shipping_minor, total_minor, refunded_minor, address_id, address, note, payment_id, placed_at,
            payment_due_at, hidden, opened_as, version, points)
        VALUES ($1, $2, 'pending_payment', 'unpaid', 'unfulfilled', $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12, $13,
            false, $14, 1, $15)
    ), lines AS (
        INSERT INTO order_lines SELECT * FROM jsonb_populate_recordset(NULL::order_lines, $16)
    ), parcels AS (
        INSERT INTO order_parcels SELECT * FROM jsonb_populate_recordset(NULL::order_parcels, $17)
    )
    INSERT INTO order_timeline (order_id, at, step, actor, detail, workflow_id) SELECT $1, {entry_parameters(18)}
    ON CONFLICT (order_id, at, step, actor, detail) DO NOTHING
"""


class Opening(Room):
    """Each order is opened at most once. Opening and discarding one id come one after the other (an advisory lock)."""

    async def open_once(self, opening: OpenOrder) -> Order:
        """Open the order with its lines and parcels, waiting for payment. Idempotent by order id.

        A repetition is answered with the order as it is by then, whatever times it names; other content under the same id
        is refused with `OrderConflict`, an order that was discarded before with `OrderDiscarded`. Content that does not
        add up is a ValueError.
        """
        check_adds_up(opening.quote, opening.parcels)
        digest = _digest(opening)
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx, opening.order_id)
            known = await tx.fetchval(_OPENED_AS, opening.order_id)
            if known == _DISCARDED:
                raise OrderDiscarded.of(opening.order_id)
            if known is None:
                return await _insert(tx, opening, digest)
            if known != digest:
                raise OrderConflict.of(opening.order_id)
            return await read_order(tx, opening.order_id)

    async def discard(self, order_id: OrderId, now: Instant) -> Order | None:
        """Undo of `open_once`, by order id alone: the order is cancelled, or, if it never was opened, never will be.

        Idempotent. None when there is no such order. `IllegalTransition` once money has come for it.
        """
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx, order_id)
            if await tx.fetchval("SELECT true FROM orders WHERE order_id = $1", order_id) is None:
                await tx.execute("INSERT INTO discarded_orders VALUES ($1, $2) ON CONFLICT DO NOTHING", order_id, now)
                return None
            order = await lock_order(tx, order_id)
            if order.status is OrderStatus.CANCELLED:
                return order
            if order.payment_status is not PaymentStatus.UNPAID:
                raise IllegalTransition(
                    f"Order {order_id} has been paid; it is cancelled with a refund, not discarded.", order_id=order_id
                )
            return await change_order(
                tx,
                order,
                checkout_entry(order_id, now, "cancelled", "saga", CancelReason.REFUSED),
                status=OrderStatus.CANCELLED,
                cancelled_at=now,
                cancel_reason=CancelReason.REFUSED,
                fulfillment_status=FulfillmentStatus.STOPPED,
            )


async def _one_at_a_time(tx: Connection, order_id: OrderId) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", order_id)


def _digest(opening: OpenOrder) -> bytes:
    content = opening.model_dump_json(exclude={"placed_at", "payment_due_at"})
    return hashlib.sha256(content.encode()).digest()


async def _insert(tx: Connection, opening: OpenOrder, digest: bytes) -> Order:
    quote = opening.quote
    entry = checkout_entry(opening.order_id, opening.placed_at, "opened", "buyer")
    await tx.execute(
        _OPEN,
        opening.order_id,
        opening.user_id,
        quote.total.currency,
        quote.goods.minor,
        quote.discount.minor,
        quote.shipping.minor,
        quote.total.minor,
        opening.address_id,
        opening.address.model_dump(mode="json"),
        opening.note,
        opening.payment_id,
        opening.placed_at,
        opening.payment_due_at,
        digest,
        quote.points,
        [columns_of_line(opening.order_id, line) for line in quote.lines],
        [_columns_of_parcel(opening.order_id, n, parcel) for n, parcel in enumerate(opening.parcels, 1)],
        *entry_values(entry),
    )
    return _opened(opening)


def _columns_of_parcel(order_id: OrderId, position: int, parcel: ParcelPlan) -> dict[str, Any]:
    return {**parcel.model_dump(mode="json", include=_PARCEL_COLUMNS), "order_id": order_id, "position": position}


def _opened(opening: OpenOrder) -> Order:
    quote = opening.quote
    return Order(
        order_id=opening.order_id,
        user_id=opening.user_id,
        status=OrderStatus.PENDING_PAYMENT,
        payment_status=PaymentStatus.UNPAID,
        fulfillment_status=FulfillmentStatus.UNFULFILLED,
        lines=quote.lines,
        parcels=opening.parcels,
        goods=quote.goods,
        discount=quote.discount,
        shipping=quote.shipping,
        total=quote.total,
        points=quote.points,
        refunded=Money.zero(quote.total.currency),
        address_id=opening.address_id,
        address=opening.address,
        note=opening.note,
        payment_id=opening.payment_id,
        placed_at=opening.placed_at,
        payment_due_at=opening.payment_due_at,
        version=1,
    )
