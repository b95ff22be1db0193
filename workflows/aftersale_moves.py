"""How a case moves: one step of its table, told to whoever listens, and the wait for the next wish.

`aftersale.py` is the process; `aftersale_desk.py` what it can be told.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.aftersales import AftersaleActivities
    from activities.fulfillment import FulfillmentActivities
    from models.aftersales.messages import AdvanceCase, AftersaleInput, CaseChanges, Close, Lower, Withdraw, refund_of
    from models.aftersales.rules import stepped
    from models.aftersales.types import AftersaleCase, AftersaleState
    from models.fulfillment.returning import CancelReturn
    from models.shared import Instant
    from workflows.aftersale_desk import AftersaleDesk
    from workflows.aftersale_wishes import Wish
    from workflows.asks import Ask
    from workflows.options import TaskQueue
    from workflows.saga import is_refusal, written_down

_S = AftersaleState
Asked = Ask[Wish, AftersaleCase]


class AftersaleMoves(AftersaleDesk):
    """The steps that all ways through a case share."""

    def __init__(self, start: AftersaleInput) -> None:
        super().__init__(start)
        self._refunds = 0
        """How many refunds were tried."""
        self._picked_up = False
        """Whether a carrier was told to fetch the goods."""
        self._entered = workflow.now()
        self._next_reminder = self._entered

    def _next_refund(self) -> dict[str, Any]:
        """What a step to `refunding` writes."""
        self._refunds += 1
        return {"refund_id": refund_of(self._application.aftersale_id, self._refunds)}

    async def _otherwise(self, ask: Asked) -> bool:
        """What may come at many times: withdrawal, a lower refund, closing. Whether the case goes on."""
        wish, state = ask.wish, self._now().state
        if isinstance(wish, Withdraw):
            return not await self._withdrawn(ask, wish)
        if isinstance(wish, Lower):
            detail = f"at most {wish.at_most}: {wish.because}"
            await self._move(state, wish.actor, detail, ask, at_most=wish.at_most, lowered_because=wish.because)
            return True
        assert isinstance(wish, Close)
        await self._nobody_rings()
        await self._ends(_S.CLOSED, wish.actor, wish.because, ask, decision=wish.because)
        return False

    async def _withdrawn(self, ask: Asked, wish: Withdraw) -> bool:
        """Whether the case ended so. A booked pick-up is called off first; goods that a carrier has come here, so their case
        stays open."""
        if refusal := await self._nobody_rings():
            ask.refuse(refusal)
            return False
        await self._ends(_S.WITHDRAWN, wish.actor, "", ask)
        return True

    async def _nobody_rings(self) -> ActivityError | None:
        """Call a booked pick-up off; the refusal when the carrier has the goods already."""
        if not self._picked_up:
            return None
        off = CancelReturn(aftersale_id=self._application.aftersale_id, at=workflow.now())
        try:
            await self._saga.outside_call(
                FulfillmentActivities.cancel_return, off, "call the pick-up off", TaskQueue.CHANNELS_CARRIER
            )
        except ActivityError as refusal:
            if not is_refusal(refusal):
                raise
            return refusal
        return None

    async def _ends(
        self, to: AftersaleState, actor: str, detail: str = "", ask: Asked | None = None, **changes: Any
    ) -> None:
        """The last step. The units are free before anybody is told so."""
        await self._saga.compensate()
        await self._move(to, actor, detail, ask, **changes)

    async def _move(
        self, to: AftersaleState, actor: str, detail: str = "", ask: Asked | None = None, **changes: Any
    ) -> None:
        stays = self._case is not None and self._now().state is to
        step = AdvanceCase(
            aftersale_id=self._application.aftersale_id,
            version=self._now().version,
            to=to,
            at=workflow.now(),
            actor=actor,
            detail=detail[:500],
            changes=CaseChanges(**changes, due_at=self._now().due_at if stays else self._due(to)),
        )
        done = await self._saga.store_call(AftersaleActivities.advance_case, step, f"the case is {to}")
        self._saga.announce(done.unannounced)
        if not stays:
            self._entered = workflow.now()
            self._next_reminder = self._entered + (self._remind(to) or timedelta(0))
        self._now_it_is(stepped(self._now(), step))
        if ask is not None:
            ask.answer(self._now())

    def _due(self, state: AftersaleState) -> Instant | None:
        """Until when the buyer may do what the case waits for in this state."""
        within = {
            _S.AWAITING_RETURN: self._terms.return_within,
            _S.REJECTED: self._terms.appeal_within,
            _S.SOLD_OUT: self._terms.choice_within,
        }.get(state)
        return None if within is None else workflow.now() + within

    async def _next_wish(self) -> Asked | None:
        """The oldest wish; None when the buyer's time is over. Which it is stays so, whatever dies and whatever comes then."""
        ask = await self._heard()
        await written_down("this wish" if ask else "that the time is over")
        return ask

    async def _heard(self) -> Asked | None:
        """While no wish comes, operators are reminded again and again."""
        while True:
            if self._wishes:
                ask = self._wishes.pop(0)
                try:
                    self._must_fit(ask.wish)
                    return ask
                except ApplicationError as refusal:
                    ask.refuse(refusal)
                    continue
            due, now = self._now().due_at, workflow.now()
            until = due if due is not None else self._next_reminder
            try:
                await workflow.wait_condition(
                    lambda: bool(self._wishes),
                    timeout=max(until - now, timedelta(0)),
                    timeout_summary="the buyer's time is over" if due else f"reminder: {self._now().state}",
                )
            except TimeoutError:
                if due is not None:
                    return None
                await self._reminded()

    async def _reminded(self) -> None:
        state = self._now().state
        workflow.metric_meter().create_counter("hanse_aftersale_overdue").add(1, {"state": state})
        workflow.logger.warning("after-sale %s is still %s", self._application.aftersale_id, state)
        every = self._remind(state) or self._terms.audit_reminder
        self._next_reminder = workflow.now() + every
        late = state is _S.AUDITING and workflow.now() >= self._entered + self._terms.audit_escalation
        if late and not self._now().escalated:
            workflow.metric_meter().create_counter("hanse_aftersale_escalated").add(1)
            await self._move(state, "saga", "waited too long for an operator", escalated=True)
        self._mark_overdue()

    def _mark_overdue(self) -> None:
        self._overdue = True
        self._tell()
