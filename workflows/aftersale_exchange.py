"""Another piece for the one that came back: reserved, sent, followed until it arrives; or the money, when there is none."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from models.aftersales.claims import listed
    from models.aftersales.messages import Choose
    from models.aftersales.types import AftersaleState
    from models.fulfillment.returning import PlanExchange, SendExchange
    from models.inventory.messages import CommitStock, ReleaseStock, ReserveStock
    from models.inventory.types import Reservation
    from models.orders.types import LineRequest
    from workflows.aftersale_returns import AftersaleReturns

_S = AftersaleState


class AftersaleExchange(AftersaleReturns):
    """From what was accepted to its replacement."""

    async def _money_instead(self) -> bool:
        """Whether money goes back, because no other piece could be had, or what was sent did not arrive."""
        while (reservation := await self._reserved()) is None:
            await self._move(_S.SOLD_OUT, "saga", "there is no replacement")
            if not await self._looks_again():
                return self._now().state is _S.REFUNDING
        await self._sent_in_exchange(reservation)
        missing = await self._missing_at_the_end()
        if not missing:
            await self._ends(_S.EXCHANGED, "saga")
            return False
        proposed = await self._narrowed(missing)
        detail = f"did not arrive: {listed(missing)}"
        await self._move(_S.REFUNDING, "saga", detail, accepted=missing, proposed=proposed, **self._next_refund())
        return True

    async def _reserved(self) -> Reservation | None:
        """All of the accepted units, off the shelf for this case; None when they are sold out."""
        plan = await self._planned()
        release = ReleaseStock(order_id=plan.order_id)
        self._saga.on_failure(InventoryActivities.release_stock, release, "give the replacement back")
        try:
            reservation = await self._saga.store_call(
                InventoryActivities.reserve_stock, plan, "hold the replacement, all lines or nothing"
            )
        except ActivityError:  # refused: nothing is held, and a release would forbid to look again
            self._saga.keep(InventoryActivities.release_stock)
            return None
        commit = CommitStock(order_id=plan.order_id)
        await self._saga.store_call(InventoryActivities.commit_stock, commit, "the replacement leaves the books")
        self._saga.keep(InventoryActivities.release_stock)
        return reservation

    async def _planned(self) -> ReserveStock:
        case = self._now()
        plan = PlanExchange(aftersale_id=case.aftersale_id, order_id=case.order_id, items=case.accepted)
        return await self._saga.store_call(FulfillmentActivities.plan_exchange, plan, "where the replacement goes")

    async def _looks_again(self) -> bool:
        """Whether the buyer, or an operator who knows better, wants to look once more. Else the case is refunded or closed."""
        while True:
            ask = await self._next_wish()
            if ask is None:
                await self._move(_S.REFUNDING, "saga", "not chosen in time", **self._next_refund())
                return False
            if not isinstance(ask.wish, Choose):
                if not await self._otherwise(ask):
                    return False
            elif ask.wish.refund:
                await self._move(_S.REFUNDING, ask.wish.actor, "the money instead", ask, **self._next_refund())
                return False
            else:
                await self._move(_S.REPLACING, ask.wish.actor, "look again", ask)
                return True

    async def _sent_in_exchange(self, reservation: Reservation) -> None:
        """Nothing after this can be refused, so its undo is never wanted."""
        case = self._now()
        send = SendExchange(
            aftersale_id=case.aftersale_id,
            order_id=case.order_id,
            payment_id=case.payment_id,
            user_id=case.user_id,
            allocations=reservation.allocations,
            at=workflow.now(),
            placement=self._start.placement,
        )
        sent = await self._saga.store_call(FulfillmentActivities.send_exchange, send, "send the replacement")
        self._expected = set(sent.shipment_ids)
        detail = ", ".join(sent.shipment_ids)
        await self._move(_S.REPLACEMENT_SENT, "saga", detail, shipment_id=sent.shipment_ids[0])

    async def _missing_at_the_end(self) -> tuple[LineRequest, ...]:
        """What the buyer did not get, when every parcel of the exchange has ended."""
        await workflow.wait_condition(lambda: self._expected <= self._parcels.keys())
        units: dict[str, LineRequest] = {}
        for shipment_id in sorted(self._expected):
            for line in self._parcels[shipment_id].missing:
                before = units[line.sku_id].quantity if line.sku_id in units else 0
                units[line.sku_id] = line.model_copy(update={"quantity": before + line.quantity})
        return tuple(units.values())
