"""Units of an order that go back as money: how many, and what for, decided one after another."""

from collections import Counter
from collections.abc import Sequence

from models.aftersales.claims import check_unclaimed
from models.orders.errors import OrderConflict, OrderNotPaid
from models.orders.messages import DropReturn, TakeReturn
from models.orders.returning import propose_return
from models.orders.types import LineRequest, PaymentStatus, ReturnProposal
from models.promotions.types import OfferInForce
from models.shared.ids import OrderId
from stores.orders.paid_back import claimed_by_others, returned_units
from stores.orders.room import Room
from stores.orders.rows import lock_order, read_order


class Returning(Room):
    """What an order's units bring back depends on what went back before, so returns come one by one under its row's lock."""

    async def take_return(self, ask: TakeReturn, offers: Sequence[OfferInForce]) -> ReturnProposal:
        """These units go back for what is answered. Idempotent by the refund id: a repeat is answered as the first time.

        `offers` are those that counted in the order. Refuses `InvalidRequest` for units that the order does not have (any
        more), `UnitsClaimed` for units that an open after-sale speaks of (`aftersale_id` names the one that asks),
        `OrderNotPaid`, and `OrderConflict` when the refund id stands for other units.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, ask.order_id)
            known = await tx.fetchval("SELECT proposal FROM order_returns WHERE refund_id = $1", ask.refund_id)
            if known is not None:
                return _as_before(ask, ReturnProposal.model_validate(known))
            if order.payment_status is PaymentStatus.UNPAID:
                raise OrderNotPaid(f"Nothing was paid for order {order.order_id}, so nothing can go back.")
            before = await returned_units(tx, order)
            check_unclaimed(order, ask.lines, before.units, await claimed_by_others(tx, order, ask.aftersale_id))
            proposal = propose_return(order, ask.lines, before, offers, shipping=ask.shipping, at_most=ask.at_most)
            await tx.execute(
                "UPDATE order_claims SET refund_id = $2 WHERE aftersale_id = $1", ask.aftersale_id, ask.refund_id
            )
            await tx.execute(
                "INSERT INTO order_returns VALUES ($1, $2, $3, $4, $5, $6)",
                ask.refund_id,
                ask.order_id,
                proposal.model_dump(mode="json"),
                proposal.paid.minor,
                proposal.amount.minor,
                ask.at,
            )
        return proposal

    async def drop_return(self, ask: DropReturn) -> None:
        """Undo of `take_return`: these units can go back another time. Idempotent; nothing when nothing was taken."""
        async with self._db.transaction() as tx:
            await lock_order(tx, ask.order_id)
            await tx.execute(
                "DELETE FROM order_returns WHERE refund_id = $1 AND order_id = $2", ask.refund_id, ask.order_id
            )
            await tx.execute("UPDATE order_claims SET refund_id = NULL WHERE refund_id = $1", ask.refund_id)

    async def propose_return(
        self, order_id: OrderId, lines: Sequence[LineRequest], offers: Sequence[OfferInForce], *, shipping: bool
    ) -> ReturnProposal:
        """What `take_return` would answer now; nothing is taken."""
        async with self._db.reader() as connection:
            order = await read_order(connection, order_id)
            before = await returned_units(connection, order)
        return propose_return(order, lines, before, offers, shipping=shipping)


def _as_before(ask: TakeReturn, proposal: ReturnProposal) -> ReturnProposal:
    asked = Counter({line.sku_id: line.quantity for line in ask.lines})
    if proposal.order_id != ask.order_id or asked != Counter({line.sku_id: line.quantity for line in proposal.lines}):
        raise OrderConflict(f"Refund {ask.refund_id} stands for other units. Ask for these under a new key.")
    return proposal
