"""Orders as rows: read whole, locked, changed with their timeline entry."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record

from hanse.database import Connection
from models.orders.messages import checkout_id
from models.orders.types import Order, ParcelPlan, QuotedLine, TimelineEntry
from models.shared import Instant, Money
from models.shared.ids import OrderId
from models.shared.refusals import NotFound, StaleVersion

_READ = """
    SELECT o.*,
        (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.line_no) FROM order_lines l WHERE l.order_id = o.order_id) AS lines,
        (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.position) FROM order_parcels p WHERE p.order_id = o.order_id) AS parcels
    FROM orders o
"""
_AMOUNTS = ("goods", "discount", "shipping", "total", "refunded")
_LINE_AMOUNTS = ("unit_price", "goods", "discount", "shipping", "total")
_CHANGEABLE = (
    "status",
    "payment_status",
    "fulfillment_status",
    "address_id",
    "paid_at",
    "completed_at",
    "cancelled_at",
    "cancel_reason",
    "aftersale_until",
    "hidden",
)
DETAIL_LENGTH = 500
"""A timeline entry says one thing; what is longer is cut."""


async def read_orders(connection: Connection, condition: str, *arguments: object) -> list[Order]:
    """The orders for which `condition` (SQL about `o`, with what follows it) holds."""
    return [order_of_row(row) for row in await connection.fetch(f"{_READ} {condition}", *arguments)]


async def read_order(connection: Connection, order_id: OrderId) -> Order:
    """The order, or `NotFound`."""
    found = await read_orders(connection, "WHERE o.order_id = $1", order_id)
    if not found:
        raise order_unknown(order_id)
    return found[0]


def order_unknown(order_id: OrderId) -> NotFound:
    """There is no such order, or none that the caller may see."""
    return NotFound(f"There is no order {order_id}. List your orders to see what there is.", order_id=order_id)


async def lock_order(tx: Connection, order_id: OrderId) -> Order:
    """The order as it is now, its row locked until the transaction ends. `NotFound` if there is none.

    Everything that changes an order, its parcels or their tracking takes this lock first, so that they come one by one.
    """
    # Two statements: the second one sees what a writer committed while the first one waited.
    if await tx.fetchval("SELECT true FROM orders WHERE order_id = $1 FOR NO KEY UPDATE", order_id) is None:
        raise order_unknown(order_id)
    return await read_order(tx, order_id)


async def change_order(tx: Connection, before: Order, entry: TimelineEntry, **changes: Any) -> Order:
    """Write `changes` to a locked order, one version further, and the timeline entry that explains them."""
    after = before.model_copy(update={**changes, "version": before.version + 1})
    columns = ", ".join(f"{column} = ${n}" for n, column in enumerate(_CHANGEABLE, 9))
    done = await tx.execute(
        f"""
        UPDATE orders SET version = version + 1, goods_minor = $3, discount_minor = $4, shipping_minor = $5,
            total_minor = $6, refunded_minor = $7, address = $8, {columns}
        WHERE order_id = $1 AND version = $2
        """,
        after.order_id,
        before.version,
        *(getattr(after, amount).minor for amount in _AMOUNTS),
        after.address.model_dump(mode="json"),
        *(getattr(after, column) for column in _CHANGEABLE),
    )
    if done != "UPDATE 1":
        raise StaleVersion(f"Order {before.order_id} is no longer at version {before.version}. Read it again.")
    await write_entry(tx, after.order_id, entry)
    return after


async def write_entry(connection: Connection, order_id: OrderId, entry: TimelineEntry) -> None:
    """Append to the timeline; the same entry again is not written twice."""
    await connection.execute(
        """
        INSERT INTO order_timeline (order_id, at, step, actor, detail, workflow_id) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (order_id, at, step, actor, detail) DO NOTHING
        """,
        order_id,
        entry.at,
        entry.step,
        entry.actor,
        entry.detail[:DETAIL_LENGTH],
        entry.workflow_id,
    )


def checkout_entry(order_id: OrderId, at: Instant, step: str, actor: str, detail: str = "") -> TimelineEntry:
    """A step of the order's own saga."""
    return TimelineEntry(at=at, step=step, actor=actor, detail=detail, workflow_id=checkout_id(order_id))


async def insert_lines(tx: Connection, order_id: OrderId, lines: Sequence[QuotedLine]) -> None:
    """The lines of a new order."""
    await tx.executemany(
        """
        INSERT INTO order_lines (order_id, line_no, sku_id, spu_id, merchant_id, title, options, image_url, quantity,
            unit_price_minor, goods_minor, discount_minor, shipping_minor, total_minor, weight_g, category_ids, brand_id,
            adjustments)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """,
        [
            (
                order_id,
                line.line_no,
                line.sku_id,
                line.spu_id,
                line.merchant_id,
                line.title,
                line.options,
                line.image_url,
                line.quantity,
                *(getattr(line, amount).minor for amount in _LINE_AMOUNTS),
                line.weight_g,
                list(line.category_ids),
                line.brand_id,
                [adjustment.model_dump(mode="json") for adjustment in line.adjustments],
            )
            for line in lines
        ],
    )


def order_of_row(row: Record) -> Order:
    """An order from the columns of `_READ`."""
    fields = dict(row)
    currency = fields.pop("currency")
    del fields["opened_as"]
    for amount in _AMOUNTS:
        fields[amount] = Money(minor=fields.pop(f"{amount}_minor"), currency=currency)
    fields["lines"] = tuple(_line(line, currency) for line in fields["lines"])
    fields["parcels"] = tuple(_parcel(parcel) for parcel in fields["parcels"] or ())
    return Order.model_validate(fields)


def _line(columns: dict[str, Any], currency: str) -> QuotedLine:
    fields = {name: value for name, value in columns.items() if name != "order_id"}
    for amount in _LINE_AMOUNTS:
        fields[amount] = Money(minor=fields.pop(f"{amount}_minor"), currency=currency)
    return QuotedLine.model_validate(fields)


def _parcel(columns: dict[str, Any]) -> ParcelPlan:
    return ParcelPlan.model_validate({name: columns[name] for name in ParcelPlan.model_fields})
