"""Units of an order that after-sales speak of: no unit by two, none that was paid back or never arrived."""

from collections import Counter
from collections.abc import Sequence

from hanse.database import Connection
from models.aftersales.claims import check_claim, check_open, claimable, units_of
from models.aftersales.errors import AftersaleConflict
from models.aftersales.messages import Claimed, DropClaim, NarrowClaim, TakeClaim
from models.aftersales.types import Claimable
from models.fulfillment.returning import aftersale_workflow_id
from models.orders.returning import propose_return
from models.orders.types import Order, OrderStatus, ReturnProposal, TimelineEntry
from models.promotions.types import OfferInForce
from models.shared import Instant
from models.shared.ids import AftersaleId, OrderId, SkuId, UserId
from stores.orders.paid_back import CLAIMS, PAID_OTHERWISE, arrived_units, returned_units, units_in
from stores.orders.room import Room
from stores.orders.rows import lock_order, order_unknown, read_order, write_entry


class Claiming(Room):
    """Each method locks the order's row first, like everything that pays back: claims and refunds see each other."""

    async def take_claim(self, ask: TakeClaim, offers: Sequence[OfferInForce]) -> Claimed:
        """These units are this case's, whoever asks at the same moment; answers what they would bring.

        Idempotent by the case's id. Refuses `NotFound` (another's order too), `AftersaleNotOpen`, `AftersaleWindowOver`,
        `ClaimExceedsLeft`, and `AftersaleConflict` when the id stands for other units.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, ask.order_id)
            if order.user_id != ask.user_id:
                raise order_unknown(ask.order_id)
            known = await tx.fetchval(
                "SELECT lines FROM order_claims WHERE aftersale_id = $1 AND order_id = $2",
                ask.aftersale_id,
                ask.order_id,
            )
            if known is None:
                left = await _left(tx, order, ask.at)
                check_claim(order, ask.lines, left.lines)
                await _write_claim(tx, ask)
            elif units_in(known) != units_of(ask.lines):
                raise AftersaleConflict(f"Case {ask.aftersale_id} stands for other units. Apply under a new key.")
            proposal = propose_return(order, ask.lines, await returned_units(tx, order), offers, shipping=ask.shipping)
            earlier = await tx.fetch(
                "SELECT DISTINCT aftersale_id FROM shipments WHERE order_id = $1 AND aftersale_id IS NOT NULL"
                " AND status = 'signed' ORDER BY 1",
                order.order_id,
            )
        exchanged = tuple(AftersaleId(row["aftersale_id"]) for row in earlier)
        return Claimed(payment_id=order.payment_id, proposal=proposal, exchanged=exchanged)

    async def drop_claim(self, ask: DropClaim) -> None:
        """Undo of `take_claim`: the units are free. Idempotent; nothing for a claim that was never taken, or has paid."""
        async with self._db.transaction() as tx:
            await lock_order(tx, ask.order_id)
            await tx.execute(
                """
                DELETE FROM order_claims c WHERE c.aftersale_id = $1 AND c.order_id = $2
                    AND NOT EXISTS (SELECT FROM order_returns r WHERE r.refund_id = c.refund_id)
                """,
                ask.aftersale_id,
                ask.order_id,
            )

    async def narrow_claim(self, ask: NarrowClaim, offers: Sequence[OfferInForce]) -> ReturnProposal:
        """The case speaks of these units only; the others are free. Answers what they bring. Idempotent.

        Refuses `AftersaleConflict` for units that were not the case's.
        """
        async with self._db.transaction() as tx:
            order = await lock_order(tx, ask.order_id)
            known = await tx.fetchval("SELECT lines FROM order_claims WHERE aftersale_id = $1", ask.aftersale_id)
            had = units_in(known or [])
            if not units_of(ask.lines) <= had:
                raise AftersaleConflict(f"Case {ask.aftersale_id} claims {dict(had)}; it can only become less.")
            await tx.execute(
                "UPDATE order_claims SET lines = $2 WHERE aftersale_id = $1",
                ask.aftersale_id,
                [line.model_dump(mode="json") for line in ask.lines],
            )
            return propose_return(order, ask.lines, await returned_units(tx, order), offers, shipping=ask.shipping)

    async def claimable(self, order_id: OrderId, user_id: UserId, now: Instant) -> Claimable:
        """What `take_claim` would grant now. Refusals as there."""
        async with self._db.reader() as connection:
            order = await read_order(connection, order_id)
            if order.user_id != user_id:
                raise order_unknown(order_id)
            return await _left(connection, order, now)


async def _write_claim(tx: Connection, ask: TakeClaim) -> None:
    await tx.execute(
        "INSERT INTO order_claims (aftersale_id, order_id, lines, at) VALUES ($1, $2, $3, $4)",
        ask.aftersale_id,
        ask.order_id,
        [line.model_dump(mode="json") for line in ask.lines],
        ask.at,
    )
    entry = TimelineEntry(
        at=ask.at,
        step="aftersale_applied",
        actor="buyer",
        detail=ask.aftersale_id,
        workflow_id=aftersale_workflow_id(ask.aftersale_id),
    )
    await write_entry(tx, ask.order_id, entry)


async def _left(connection: Connection, order: Order, at: Instant) -> Claimable:
    arrived = await arrived_units(connection, order.order_id)
    check_open(order, arrived, at)
    claims = await connection.fetch(CLAIMS, order.order_id)
    otherwise = await connection.fetch(PAID_OTHERWISE, order.order_id)
    lines = claimable(
        order,
        arrived,
        sum((units_in(row["lines"]) for row in claims), Counter[SkuId]()),
        sum((units_in(row["lines"]) for row in otherwise), Counter[SkuId]()),
    )
    until = order.aftersale_until if order.status is OrderStatus.COMPLETED else None
    return Claimable(order_id=order.order_id, open_until=until, lines=lines)
