"""Refunds, as they stand."""

from collections.abc import Sequence

from hanse.database import Connection, Database
from models.payments.types import Refund, RefundState
from models.shared import Money
from models.shared.ids import OrderId, RefundId
from models.shared.refusals import NotFound
from stores.payments.refund_legs import legs_to_show
from stores.payments.rows import Row, money, narrowed, to_refund


class RefundReading:
    """What is on its way back, and what arrived."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def refund(self, refund_id: RefundId) -> Refund:
        """The refund as it stands, with the legs of its latest round and those that went back before. `NotFound`."""
        async with self._db.reader() as connection:
            return await read_refund(connection, refund_id)

    async def refund_of_leg(self, leg_id: RefundId) -> Refund:
        """The refund to which this leg belongs. `NotFound`."""
        async with self._db.reader() as connection:
            return await _with_legs(connection, await refund_row_of_leg(connection, leg_id))

    async def refunds(self, order_id: OrderId) -> tuple[Refund, ...]:
        """Every refund of an order, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT r.* FROM refunds r JOIN payments p USING (payment_id)
                WHERE p.order_id = $1 ORDER BY r.created_at, r.refund_id
                """,
                order_id,
            )
            return tuple([await _with_legs(connection, row) for row in rows])

    async def went_back(self, refund_ids: Sequence[RefundId]) -> dict[RefundId, Money]:
        """What those of these refunds that are finished paid."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT refund_id, amount_minor, currency FROM refunds
                WHERE refund_id = ANY($1) AND state IN ('succeeded', 'other_means')
                """,
                list(refund_ids),
            )
        return {RefundId(row["refund_id"]): money(row["amount_minor"], row["currency"]) for row in rows}

    async def list_refunds(
        self, *, limit: int, before: RefundId | None = None, state: RefundState | None = None
    ) -> tuple[Refund, ...]:
        """At most `limit` refunds, newest id first, older than `before`, of one state or all."""
        where, arguments = narrowed({"refund_id < ${}": before, "state = ${}": state})
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM refunds {where} ORDER BY refund_id DESC LIMIT $1", limit, *arguments
            )
            return tuple([await _with_legs(connection, row) for row in rows])


async def read_refund(tx: Connection, refund_id: RefundId) -> Refund:
    """The refund with its legs. `NotFound`."""
    row = await tx.fetchrow("SELECT * FROM refunds WHERE refund_id = $1", refund_id)
    if row is None:
        raise NotFound(f"There is no refund {refund_id}.")
    return await _with_legs(tx, row)


async def refund_row_of_leg(tx: Connection, leg_id: RefundId) -> Row:
    """The row of the refund to which this leg belongs. `NotFound`."""
    row = await tx.fetchrow(
        "SELECT r.* FROM refunds r JOIN refund_legs l USING (refund_id) WHERE l.leg_id = $1", leg_id
    )
    if row is None:
        raise NotFound(f"There is no refund leg {leg_id}.")
    return row


async def _with_legs(tx: Connection, row: Row) -> Refund:
    return to_refund(row, await legs_to_show(tx, row))
