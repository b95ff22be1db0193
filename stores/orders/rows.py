"""Orders as rows: read whole, locked, changed with their timeline entry."""

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
_LINE_COLUMNS = (
    *("line_no", "sku_id", "spu_id", "merchant_id", "title", "options", "image_url"),
    *("quantity", "weight_g", "category_ids", "brand_id"),
)
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


_ENTRY_KINDS = ("timestamptz", "text", "text", "text", "text")


def entry_parameters(first: int) -> str:
    """SQL for the columns `at` to `workflow_id` of a timeline entry, of `entry_values` as parameters from `first` on."""
    return ", ".join(f"${n}::{kind}" for n, kind in enumerate(_ENTRY_KINDS, first))


def _entries_parameters(first: int) -> str:
    """The same of several entries, a list for each column."""
    return ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_ENTRY_KINDS, first))


_CHANGE = f"""
    WITH changed AS (
        UPDATE orders SET version = version + 1, goods_minor = $3, discount_minor = $4, shipping_minor = $5,
            total_minor = $6, refunded_minor = $7, address = $8,
            {", ".join(f"{column} = ${n}" for n, column in enumerate(_CHANGEABLE, 9))}
        WHERE order_id = $1 AND version = $2
        RETURNING order_id
    ), told AS (
        INSERT INTO order_timeline (order_id, at, step, actor, detail, workflow_id)
        SELECT order_id, at, step, actor, detail, workflow_id
        FROM changed, unnest({{entries}}) WITH ORDINALITY AS e (at, step, actor, detail, workflow_id, place) ORDER BY place
        ON CONFLICT (order_id, at, step, actor, detail) DO NOTHING
    )
    SELECT true FROM changed
""".format(entries=_entries_parameters(9 + len(_CHANGEABLE)))
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


async def change_order(tx: Connection, before: Order, *entries: TimelineEntry, **changes: Any) -> Order:
    """Write `changes` to a locked order, one version further, and the timeline entries that explain them, in their order."""
    after = before.model_copy(update={**changes, "version": before.version + 1})
    done = await tx.fetchval(
        _CHANGE,
        after.order_id,
        before.version,
        *(getattr(after, amount).minor for amount in _AMOUNTS),
        after.address.model_dump(mode="json"),
        *(getattr(after, column) for column in _CHANGEABLE),
        *(list(column) for column in zip(*map(entry_values, entries), strict=True)),
    )
    if done is None:
        raise StaleVersion(f"Order {before.order_id} is no longer at version {before.version}. Read it again.")
    return after


async def write_entry(connection: Connection, order_id: OrderId, entry: TimelineEntry) -> None:
    """Append to the timeline; the same entry again is not written twice."""
    await connection.execute(
        """
        INSERT INTO order_timeline (order_id, at, step, actor, detail, workflow_id) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (order_id, at, step, actor, detail) DO NOTHING
        """,
        order_id,
        *entry_values(entry),
    )


def entry_values(entry: TimelineEntry) -> tuple[Any, ...]:
    """Its columns from `at` to `workflow_id`."""
    return entry.at, entry.step, entry.actor, entry.detail[:DETAIL_LENGTH], entry.workflow_id


def checkout_entry(order_id: OrderId, at: Instant, step: str, actor: str, detail: str = "") -> TimelineEntry:
    """A step of the order's own saga."""
    return TimelineEntry(at=at, step=step, actor=actor, detail=detail, workflow_id=checkout_id(order_id))


def columns_of_line(order_id: OrderId, line: QuotedLine) -> dict[str, Any]:
    """A line as a row of `order_lines`, for JSON."""
    columns = {name: getattr(line, name) for name in _LINE_COLUMNS}
    amounts = {f"{amount}_minor": getattr(line, amount).minor for amount in _LINE_AMOUNTS}
    adjustments = [adjustment.model_dump(mode="json") for adjustment in line.adjustments]
    return {"order_id": order_id, **columns, **amounts, "adjustments": adjustments}


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
