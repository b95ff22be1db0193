"""Orders as buyers and operators look them up. Newest first: order ids sort by time."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import asyncpg

from hanse.database import containing
from models.orders.messages import NoteStep
from models.orders.types import InvoiceData, Order, OrderFilter, OrderNote, OrderSearch, OrderStatus, TimelineEntry
from models.search.rankings import Counted, Sale
from models.shared.ids import CategoryId, OrderId, UserId
from stores.orders.room import Room
from stores.orders.rows import order_unknown, read_order, read_orders, write_entry

_SALES_AT_ONCE = 500
_NEWS = """
    SELECT o.version + coalesce((
        SELECT sum(s.version) + sum((SELECT count(*) FROM tracking t WHERE t.shipment_id = s.shipment_id))
        FROM shipments s WHERE s.order_id = o.order_id), 0)::bigint
    FROM orders o WHERE order_id = $1
"""


class Reading(Room):
    """Looking at orders, and writing the timeline."""

    async def order(self, order_id: OrderId) -> Order:
        """The order, or `NotFound`."""
        async with self._db.reader() as connection:
            return await read_order(connection, order_id)

    async def order_of(self, order_id: OrderId, user_id: UserId) -> Order:
        """The user's own order; another's is `NotFound`, like one that does not exist."""
        order = await self.order(order_id)
        if order.user_id != user_id:
            raise order_unknown(order_id)
        return order

    async def version_of(self, order_id: OrderId) -> int:
        """The order's version, cheap enough to ask every second; it grows with every change. `NotFound` if there is none."""
        async with self._db.reader() as connection:
            version: int | None = await connection.fetchval("SELECT version FROM orders WHERE order_id = $1", order_id)
        if version is None:
            raise order_unknown(order_id)
        return version

    async def news_of(self, order_id: OrderId) -> int:
        """A number that grows with every change of the order, of one of its parcels, and with every report about them; cheap
        enough to ask every second. `NotFound` if there is none."""
        async with self._db.reader() as connection:
            news: int | None = await connection.fetchval(_NEWS, order_id)
        if news is None:
            raise order_unknown(order_id)
        return news

    async def orders_of(
        self, user_id: UserId, narrowed: OrderFilter, *, limit: int, after: OrderId | None = None
    ) -> list[Order]:
        """A buyer's orders, newest first; `after` is the last order of the page before."""
        conditions = {
            "o.user_id = ${}": user_id,
            "o.hidden = ${}": narrowed.hidden,
            "o.status = ${}": narrowed.status,
            "o.order_id < ${}": after,
        }
        return await self._page(conditions, limit)

    async def search(self, wanted: OrderSearch, *, limit: int, after: OrderId | None = None) -> list[Order]:
        """What an operator looks for, newest first."""
        pattern = containing(wanted.text)
        conditions = {
            "o.order_id = ${}": wanted.order_id,
            "o.user_id = ${}": wanted.user_id,
            "o.status = ${}": wanted.status,
            "o.placed_at >= ${}": wanted.placed_from,
            "o.placed_at < ${}": wanted.placed_until,
            "o.order_id IN (SELECT order_id FROM order_lines WHERE merchant_id = ${})": wanted.merchant_id,
            "o.order_id IN (SELECT order_id FROM order_lines WHERE title ILIKE ${})": pattern,
            "o.order_id < ${}": after,
        }
        return await self._page(conditions, limit)

    async def _page(self, conditions: Mapping[str, object], limit: int) -> list[Order]:
        # Only what is asked for stands in the statement, so that each kind of search gets a plan of its own.
        asked = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(text.format(n) for n, text in enumerate(asked, 2)) or "true"
        async with self._db.reader() as connection:
            return await read_orders(
                connection, f"WHERE {where} ORDER BY o.order_id DESC LIMIT $1", limit, *asked.values()
            )

    async def unfinished_since(
        self, moment: datetime, *, limit: int, after: OrderId | None = None
    ) -> tuple[tuple[OrderId, OrderStatus], ...]:
        """Orders placed before `moment` that some process must still move, oldest first, in pages by order id."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT order_id, status FROM orders
                WHERE status IN ('pending_payment', 'paid') AND placed_at < $1 AND ($2::text IS NULL OR order_id > $2)
                ORDER BY order_id LIMIT $3
                """,
                moment,
                after,
                limit,
            )
        return tuple((OrderId(row["order_id"]), OrderStatus(row["status"])) for row in rows)

    async def sales_since(self, since: datetime) -> AsyncIterator[list[Sale]]:
        """The orders that were paid since then, whatever became of them, as rankings count them; by pages, oldest first.

        Orders that waited more than a day for their payment are passed over.
        """
        after = ""
        while True:
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    """
                    SELECT o.order_id, o.paid_at, array_agg(l.spu_id ORDER BY l.line_no) AS spu_ids,
                           array_agg(l.quantity ORDER BY l.line_no) AS quantities,
                           array_agg(array_to_string(l.category_ids, ' ') ORDER BY l.line_no) AS categories
                    FROM orders o JOIN order_lines l USING (order_id)
                    WHERE o.placed_at >= $1::timestamptz - interval '1 day' AND o.paid_at >= $1 AND o.order_id > $2
                    GROUP BY o.order_id, o.paid_at ORDER BY o.order_id LIMIT $3
                    """,
                    since,
                    after,
                    _SALES_AT_ONCE,
                )
            if not rows:
                return
            yield [_as_sale(row) for row in rows]
            after = rows[-1]["order_id"]

    async def timeline(self, order_id: OrderId) -> list[TimelineEntry]:
        """What happened to the order, oldest first; empty for an order that never was."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT at, step, actor, detail, workflow_id FROM order_timeline
                WHERE order_id = $1 ORDER BY at, number
                """,
                order_id,
            )
        return [TimelineEntry(**dict(row)) for row in rows]

    async def note_step(self, note: NoteStep) -> None:
        """Append a step of a saga to the timeline, also before the order stands. The same entry is written once."""
        async with self._db.reader() as connection:
            await write_entry(connection, note.order_id, note.entry)

    async def notes(self, order_id: OrderId) -> list[OrderNote]:
        """What operators wrote down, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT number, at, author, text FROM order_notes WHERE order_id = $1 ORDER BY number", order_id
            )
        return [OrderNote(**dict(row)) for row in rows]

    async def invoice(self, order_id: OrderId) -> InvoiceData | None:
        """To whom the invoice is made out, if anyone said."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                "SELECT kind, title, tax_id, email FROM order_invoices WHERE order_id = $1", order_id
            )
        return None if row is None else InvoiceData(**dict(row))


def _as_sale(row: asyncpg.Record) -> Sale:
    lines = zip(row["spu_ids"], row["quantities"], row["categories"], strict=True)
    return Sale(
        order_id=row["order_id"],
        paid_at=row["paid_at"],
        counted=tuple(
            Counted(spu_id=spu_id, category_ids=tuple(map(CategoryId, categories.split())), amount=quantity)
            for spu_id, quantity, categories in lines
        ),
    )
