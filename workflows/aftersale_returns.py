"""How the goods of a case come back: sent or fetched, received, inspected, and shelved where they are whole."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.aftersales import AftersaleActivities
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from models.aftersales.messages import (
        Appeal,
        Inspect,
        NarrowClaim,
        NoteWaybill,
        PickUp,
        Receive,
        ReturnTrouble,
        SendBack,
    )
    from models.aftersales.rules import inspected_lines, shop_at_fault
    from models.aftersales.types import AftersaleKind, AftersaleState, InspectedLine, ReturnWaybill
    from models.fulfillment.returning import BookReturn
    from models.fulfillment.rules import exchange_id
    from models.inventory.messages import Restock
    from models.inventory.types import SkuQuantity
    from models.orders.types import LineRequest
    from workflows.aftersale_moves import AftersaleMoves, Asked
    from workflows.options import TaskQueue
    from workflows.saga import is_refusal, refusal_code

_S = AftersaleState


class AftersaleReturns(AftersaleMoves):
    """From the approval to what an inspection accepts."""

    async def _goods_are_here(self) -> bool:
        """Whether goods came back, and an inspection accepted some of them. A refund only waits for none."""
        if self._application.kind is AftersaleKind.REFUND_ONLY:
            return True
        while self._now().state in (_S.AWAITING_RETURN, _S.RETURNING):
            ask = await self._next_wish()
            if ask is None:
                await self._ends(_S.EXPIRED, "saga", "no waybill in time")
                return False
            if not await self._on_its_way(ask):
                return False
        return await self._inspected()

    async def _on_its_way(self, ask: Asked) -> bool:
        """Whether the case goes on after this wish."""
        match ask.wish:
            case SendBack() as wish:
                await self._sent(ask, wish.by, wish.actor)
            case PickUp() as wish:
                await self._fetched(ask, wish)
            case Receive() as wish:
                await self._move(_S.RECEIVED, wish.actor, "", ask)
            case Inspect() as wish:
                await self._move(_S.RECEIVED, wish.actor)
                self._wishes.insert(0, ask)
            case ReturnTrouble() as wish:
                await self._move(_S.RETURNING, "carrier", f"{wish.what}: somebody must decide", ask)
                self._mark_overdue()
            case _:
                return await self._otherwise(ask)
        return True

    async def _sent(self, ask: Asked, by: ReturnWaybill, actor: str) -> None:
        """A waybill belongs to one case; one that is taken is refused, and the case goes on waiting."""
        note = NoteWaybill(aftersale_id=self._application.aftersale_id, by=by)
        try:
            await self._saga.store_call(AftersaleActivities.note_waybill, note, "bind the return's waybill")
        except ActivityError as refusal:
            ask.refuse(refusal)
            return
        await self._move(_S.RETURNING, actor, f"{by.carrier} {by.waybill}", ask, return_waybill=by)

    async def _fetched(self, ask: Asked, wish: PickUp) -> None:
        """A carrier fetches the goods at the order's address; one that refuses leaves the case as it is."""
        told = self._application
        book = BookReturn(aftersale_id=told.aftersale_id, order_id=told.order_id, items=told.lines, at=workflow.now())
        self._picked_up = True
        try:
            booked = await self._saga.outside_call(
                FulfillmentActivities.book_return, book, "book a pick-up", TaskQueue.CHANNELS_CARRIER
            )
        except ActivityError as refusal:
            if not is_refusal(refusal):
                raise
            self._picked_up = False
            ask.refuse(refusal)
            return
        parcel = booked.parcel
        await self._sent(ask, ReturnWaybill(carrier=parcel.carrier, waybill=parcel.waybill), wish.actor)

    async def _inspected(self) -> bool:
        """Whether anything was accepted."""
        while True:
            ask = await self._next_wish()
            if ask is None:
                continue
            wish = ask.wish
            if not isinstance(wish, Inspect):
                goes_on = await self._otherwise(ask)
            elif accepted := inspected_lines(self._application.aftersale_id, self._application.lines, wish.lines):
                await self._accepted(ask, wish, accepted)
                return True
            else:
                goes_on = await self._rejected(ask, wish.actor, wish.because, _S.RECEIVED, inspection=wish.lines)
            if not goes_on:
                return False

    async def _accepted(self, ask: Asked, wish: Inspect, accepted: tuple[LineRequest, ...]) -> None:
        told = self._application
        changes: dict[str, Any] = {"inspection": wish.lines, "accepted": accepted}
        if accepted != told.lines:
            changes["proposed"] = await self._narrowed(accepted)
        await self._shelved(wish.lines)
        if told.kind is AftersaleKind.EXCHANGE:
            await self._move(_S.REPLACING, wish.actor, wish.because, ask, **changes)
        else:
            await self._move(_S.REFUNDING, wish.actor, wish.because, ask, **changes, **self._next_refund())

    async def _narrowed(self, lines: tuple[LineRequest, ...]) -> Any:
        """The case is about these units only; what they bring."""
        told = self._application
        narrow = NarrowClaim(
            aftersale_id=told.aftersale_id,
            order_id=told.order_id,
            lines=lines,
            shipping=shop_at_fault(told.reason),
        )
        less = await self._saga.store_call(OrderActivities.narrow_claim, narrow, "the other units are free again")
        return less.amount

    async def _shelved(self, found: tuple[InspectedLine, ...]) -> None:
        """What can be sold again lies on the shelf it came from: the order's, or that of an exchange it came with."""
        lines = tuple(SkuQuantity(sku_id=line.sku_id, quantity=line.resellable) for line in found if line.resellable)
        if not lines:
            return
        sources = [self._application.order_id, *(exchange_id(earlier) for earlier in self._exchanged)]
        for source in sources[:-1]:
            restock = Restock(order_id=source, key=self._application.aftersale_id, lines=lines)
            try:
                await self._saga.store_call(InventoryActivities.restock, restock, "put what is whole back on the shelf")
            except ActivityError as refusal:
                if refusal_code(refusal) != "restock_exceeds_sold":
                    raise
            else:
                return
        last = Restock(order_id=sources[-1], key=self._application.aftersale_id, lines=lines)
        await self._saga.store_call_or_alert(InventoryActivities.restock, last, "put what is whole back on the shelf")

    # ---- a rejection, in the audit or after the inspection -----------------------------------------------------------

    async def _rejected(self, ask: Asked, actor: str, because: str, appeal_to: AftersaleState, **more: Any) -> bool:
        """Whether the buyer appealed, which is possible once, for a while; else the case is closed for good."""
        if self._now().appealed:
            await self._ends(_S.CLOSED, actor, because, ask, decision=because, **more)
            return False
        await self._move(_S.REJECTED, actor, because, ask, decision=because, **more)
        answer = await self._next_wish()
        if answer is None:
            await self._ends(_S.CLOSED, "saga", "not appealed in time")
            return False
        if isinstance(answer.wish, Appeal):
            await self._move(appeal_to, answer.wish.actor, answer.wish.because, answer, appealed=True, escalated=False)
            return True
        return await self._otherwise(answer)
