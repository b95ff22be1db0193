"""What buyers and operators change about an order that stands."""

from hanse.database import Connection
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen, PriceNotAdjustable
from models.orders.messages import AdjustPrice, ChangeAddress
from models.orders.quoting import reprice
from models.orders.rules import FINAL
from models.orders.types import (
    FulfillmentStatus,
    InvoiceData,
    Order,
    OrderNote,
    OrderStatus,
    PaymentStatus,
    Quote,
    QuotedLine,
    TimelineEntry,
)
from models.shared import Instant
from models.shared.ids import OrderId, UserId
from models.shared.refusals import StaleVersion
from stores.orders.room import Room
from stores.orders.rows import change_order, checkout_entry, lock_order, read_order, write_entry


class Changing(Room):
    """Each method locks the order's row first."""

    async def change_address(self, change: ChangeAddress) -> Order:
        """Send the parcels elsewhere. Idempotent by content. Decided under the lock that hand-over takes too.

        Allowed until the first parcel leaves, and while a parcel waits because of its address. Refuses
        `OrderAlreadyShipped`, and `OrderNotOpen` when the order is over.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, change.order_id)
            if order.address == change.address:
                return order
            if order.status in FINAL:
                raise OrderNotOpen(f"Order {order.order_id} is {order.status}; nothing more is sent for it.")
            untouched = order.fulfillment_status is FulfillmentStatus.UNFULFILLED
            if not untouched and not await _waits_for_address(tx, order.order_id):
                raise OrderAlreadyShipped(
                    f"A parcel of order {order.order_id} is on its way already. Ask the carrier to redirect it."
                )
            entry = TimelineEntry(at=change.at, step="address_changed", actor=change.actor, detail="")
            return await change_order(tx, order, entry, address=change.address, address_id=change.address_id)

    async def check_price(self, adjusting: AdjustPrice) -> None:
        """Everything for which an order refuses another price, before anything is changed for it: `StaleVersion` when the order
        changed since the operator saw it, `PriceNotAdjustable` when it no longer waits for payment or the total would exceed
        the quote. A look that holds nothing: only the order's own saga changes its price and status, one wish after another.
        """
        async with self._db.reader() as connection:
            order = await read_order(connection, adjusting.order_id)
        if order.version != adjusting.version:
            raise StaleVersion(
                f"Order {order.order_id} is at version {order.version}, not {adjusting.version}. Read it again.",
                version=order.version,
            )
        _repriced(order, adjusting)

    async def adjust_price(self, adjusting: AdjustPrice) -> Order:
        """Ask less for an unpaid order; the cut is apportioned to its lines and replaces an earlier one. Its payment has changed
        by then, so the version is not compared any more (`check_price` did): an address that was corrected meanwhile must not
        part the two.

        Idempotent by (order, time, actor), however the price changed since. Refuses as `check_price`, else.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, adjusting.order_id)
            detail = f"{adjusting.new_total} {adjusting.why}"
            entry = checkout_entry(order.order_id, adjusting.at, "price_adjusted", adjusting.actor, detail)
            if await _has_entry(tx, order.order_id, entry):
                return order
            quote = _repriced(order, adjusting)
            await _rewrite_discounts(tx, order.order_id, quote.lines)
            amounts = {"discount": quote.discount, "total": quote.total, "lines": quote.lines}
            return await change_order(tx, order, entry, **amounts)

    async def hide(self, order_id: OrderId, *, hidden: bool, actor: str, now: Instant) -> Order:
        """Leave the order out of its buyer's list, or show it there again. Idempotent."""
        async with self._db.transaction() as tx:
            order = await lock_order(tx, order_id)
            if order.hidden is hidden:
                return order
            entry = TimelineEntry(at=now, step="hidden" if hidden else "shown", actor=actor, detail="")
            return await change_order(tx, order, entry, hidden=hidden)

    async def add_note(self, order_id: OrderId, author: UserId, text: str, now: Instant) -> OrderNote:
        """Write down what only operators see."""
        async with self._db.transaction() as tx:
            await lock_order(tx, order_id)
            number = await tx.fetchval(
                "INSERT INTO order_notes (order_id, at, author, text) VALUES ($1, $2, $3, $4) RETURNING number",
                order_id,
                now,
                author,
                text,
            )
        return OrderNote(number=number, at=now, author=author, text=text)

    async def set_invoice(self, order_id: OrderId, invoice: InvoiceData, actor: str, now: Instant) -> None:
        """To whom the invoice is made out, from now on."""
        async with self._db.transaction() as tx:
            await lock_order(tx, order_id)
            await tx.execute(
                """
                INSERT INTO order_invoices (order_id, kind, title, tax_id, email, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (order_id) DO UPDATE SET kind = excluded.kind, title = excluded.title,
                    tax_id = excluded.tax_id, email = excluded.email, changed_at = excluded.changed_at
                """,
                order_id,
                invoice.kind,
                invoice.title,
                invoice.tax_id,
                invoice.email,
                now,
            )
            await write_entry(
                tx, order_id, TimelineEntry(at=now, step="invoice_data_set", actor=actor, detail=invoice.kind)
            )


def _repriced(order: Order, adjusting: AdjustPrice) -> Quote:
    if order.status is not OrderStatus.PENDING_PAYMENT or order.payment_status is not PaymentStatus.UNPAID:
        raise PriceNotAdjustable(f"Order {order.order_id} no longer waits for its payment.")
    return reprice(order.lines, adjusting.new_total, adjusting.why, order.version + 1)


async def _waits_for_address(tx: Connection, order_id: OrderId) -> bool:
    waits: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM shipments
            WHERE order_id = $1 AND status = 'exception' AND exception = 'address_error')
        """,
        order_id,
    )
    return waits


async def _has_entry(tx: Connection, order_id: OrderId, entry: TimelineEntry) -> bool:
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM order_timeline WHERE order_id = $1 AND at = $2 AND step = $3 AND actor = $4)",
        order_id,
        entry.at,
        entry.step,
        entry.actor,
    )
    return found


async def _rewrite_discounts(tx: Connection, order_id: OrderId, lines: tuple[QuotedLine, ...]) -> None:
    await tx.executemany(
        "UPDATE order_lines SET discount_minor = $3, total_minor = $4, adjustments = $5 WHERE order_id = $1 AND line_no = $2",
        [
            (
                order_id,
                line.line_no,
                line.discount.minor,
                line.total.minor,
                [adjustment.model_dump(mode="json") for adjustment in line.adjustments],
            )
            for line in lines
        ],
    )
