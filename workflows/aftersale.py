"""One case about units of an order: `aftersale/{aftersale_id}`."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.aftersales import AftersaleActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from models.aftersales.messages import (
        AdvanceCase,
        AftersaleInput,
        Appeal,
        CaseChanges,
        Close,
        Decide,
        DropClaim,
        Inspect,
        Lower,
        NarrowClaim,
        OpenCase,
        Receive,
        RefundOutcome,
        SendBack,
        TakeClaim,
        Withdraw,
        refund_of,
    )
    from models.aftersales.rules import inspected_lines, shop_at_fault
    from models.aftersales.types import AftersaleCase, AftersaleKind, AftersaleState
    from models.inventory.messages import Restock
    from models.inventory.types import SkuQuantity
    from models.orders.types import LineRequest
    from models.payments.messages import RefundInput
    from models.payments.types import RefundLine, RefundReason, RefundState
    from models.shared import Instant
    from workflows.aftersale_desk import AftersaleDesk, Wish
    from workflows.asks import Ask
    from workflows.saga import unbroken

_S = AftersaleState
_Asked = Ask[Wish, AftersaleCase]


@workflow.defn(name="Aftersale")
class Aftersale(AftersaleDesk):
    """Claim the units, judge, get the goods back, inspect them, pay back or send another piece.

    The claim is the one thing to undo: whatever ends without money gives the units free. Money goes back by a `Refund` of its
    own, which tells how it ended. Nothing waits for ever unseen: the buyer has deadlines, operators are reminded, and a case
    that waits too long for its audit is escalated. `aftersale_desk.py` is what it can be told.
    """

    @workflow.init
    def __init__(self, start: AftersaleInput) -> None:
        super().__init__(start)
        self._refunds = 0

    @workflow.run
    async def run(self, start: AftersaleInput) -> AftersaleState | None:
        """How it ended; None when it was refused before it began. Temporal's own cancel is heard and let pass: buyers
        withdraw, operators close."""
        return await unbroken(self._process())

    async def _process(self) -> AftersaleState | None:
        try:
            opened = await self._applied()
        except ActivityError as refusal:
            await self._saga.compensate()
            self._refused = refusal
            await self._everything_told()
            return None
        if await self._approved(*opened) and await self._goods_are_here():
            await self._settled()
        await self._everything_told()
        return self._now().state

    async def _settled(self) -> None:
        """Another piece if that is what was wanted and there is one, else the money."""
        if self._application.kind is not AftersaleKind.EXCHANGE or await self._money_instead():
            await self._paid_back()

    # ---- application and audit ---------------------------------------------------------------------------------------

    async def _applied(self) -> tuple[bool, str]:
        """The units are this case's, and the case stands; what the rule says of it."""
        told = self._application
        drop = DropClaim(aftersale_id=told.aftersale_id, order_id=told.order_id)
        self._saga.on_failure(OrderActivities.drop_claim, drop, "the units are free again")
        claim = TakeClaim(
            **told.model_dump(include={"aftersale_id", "order_id", "user_id", "at"}),
            lines=told.lines,
            shipping=shop_at_fault(told.reason),
        )
        claimed = await self._saga.store_call(OrderActivities.take_claim, claim, "claim the units for this case")
        ask = OpenCase(application=told, payment_id=claimed.payment_id, proposed=claimed.proposal.amount)
        opened = await self._saga.store_call(AftersaleActivities.open_case, ask, "write the case down and judge it")
        self._saga.announce(opened.unannounced)
        self._now_it_is(opened.case)
        return opened.approved, opened.why

    async def _approved(self, by_rule: bool, why: str) -> bool:
        """Whether it goes on: by rule, or by an operator's word."""
        if by_rule:
            await self._move(self._after_approval(), "rule", why, automatic=True, **self._first_refund())
            return True
        await self._move(_S.AUDITING, "rule", why)
        while True:
            ask = await self._next_wish()
            if ask is None:
                continue
            wish = ask.wish
            if isinstance(wish, Decide) and wish.approve:
                lower = {"at_most": wish.at_most, "lowered_because": wish.because} if wish.at_most is not None else {}
                await self._move(self._after_approval(), wish.actor, wish.because, ask, **lower, **self._first_refund())
                return True
            if isinstance(wish, Decide):
                goes_on = await self._rejected(ask, wish.actor, wish.because, _S.AUDITING)
            else:
                goes_on = await self._otherwise(ask)
            if not goes_on:
                return False

    def _after_approval(self) -> AftersaleState:
        return _S.REFUNDING if self._application.kind is AftersaleKind.REFUND_ONLY else _S.AWAITING_RETURN

    def _first_refund(self) -> dict[str, Any]:
        return self._next_refund() if self._application.kind is AftersaleKind.REFUND_ONLY else {}

    async def _rejected(self, ask: _Asked, actor: str, because: str, appeal_to: AftersaleState, **more: Any) -> bool:
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

    # ---- the goods come back -----------------------------------------------------------------------------------------

    async def _goods_are_here(self) -> bool:
        """Whether goods came back, and an inspection accepted some of them. A refund only waits for none."""
        if self._application.kind is AftersaleKind.REFUND_ONLY:
            return True
        while self._now().state in (_S.AWAITING_RETURN, _S.RETURNING):
            ask = await self._next_wish()
            if ask is None and self._now().state is _S.AWAITING_RETURN:
                await self._ends(_S.EXPIRED, "saga", "no waybill in time")
                return False
            if ask is not None and not await self._on_its_way(ask):
                return False
        return await self._inspected()

    async def _on_its_way(self, ask: _Asked) -> bool:
        wish = ask.wish
        if isinstance(wish, SendBack):
            detail = f"{wish.by.carrier} {wish.by.waybill}"
            await self._move(_S.RETURNING, wish.actor, detail, ask, return_waybill=wish.by)
        elif isinstance(wish, Receive):
            await self._move(_S.RECEIVED, wish.actor, "", ask)
        elif isinstance(wish, Inspect):
            await self._move(_S.RECEIVED, wish.actor)
            self._wishes.insert(0, ask)
        else:
            return await self._otherwise(ask)
        return True

    async def _inspected(self) -> bool:
        """Whether anything was accepted. What can be sold again lies on the shelf then."""
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

    async def _accepted(self, ask: _Asked, wish: Inspect, accepted: tuple[LineRequest, ...]) -> None:
        told = self._application
        changes: dict[str, Any] = {"inspection": wish.lines, "accepted": accepted}
        if accepted != told.lines:
            narrow = NarrowClaim(
                aftersale_id=told.aftersale_id,
                order_id=told.order_id,
                lines=accepted,
                shipping=shop_at_fault(told.reason),
            )
            less = await self._saga.store_call(OrderActivities.narrow_claim, narrow, "the other units are free again")
            changes["proposed"] = less.amount
        await self._shelved(wish)
        if told.kind is AftersaleKind.EXCHANGE:
            await self._move(_S.REPLACING, wish.actor, wish.because, ask, **changes)
        else:
            await self._move(_S.REFUNDING, wish.actor, wish.because, ask, **changes, **self._next_refund())

    async def _shelved(self, wish: Inspect) -> None:
        lines = tuple(
            SkuQuantity(sku_id=line.sku_id, quantity=line.resellable) for line in wish.lines if line.resellable
        )
        if not lines:
            return
        restock = Restock(order_id=self._application.order_id, key=self._application.aftersale_id, lines=lines)
        await self._saga.store_call_or_alert(
            InventoryActivities.restock, restock, "put what is whole back on the shelf"
        )

    # ---- another piece -----------------------------------------------------------------------------------------------

    async def _money_instead(self) -> bool:
        raise NotImplementedError

    # ---- the money ---------------------------------------------------------------------------------------------------

    async def _paid_back(self) -> None:
        """Until the money went back, or an operator closed the case because there is none left."""
        while True:
            outcome = await self._refunded()
            if outcome.state in (RefundState.SUCCEEDED, RefundState.OTHER_MEANS):
                self._saga.keep(OrderActivities.drop_claim)
                await self._ends(_S.REFUNDED, "saga", str(outcome.amount), refunded=outcome.amount)
                return
            await self._move(_S.REFUND_REFUSED, "saga", outcome.refusal, decision=outcome.refusal)
            while self._now().state is _S.REFUND_REFUSED:
                ask = await self._next_wish()
                if ask is None:
                    continue
                if isinstance(ask.wish, Lower | Close):
                    if not await self._otherwise(ask):
                        return
                else:
                    await self._move(_S.REFUNDING, ask.wish.actor, "tried again", ask, **self._next_refund())

    async def _refunded(self) -> RefundOutcome:
        """One refund, from its start to its end."""
        case, told = self._now(), self._application
        assert case.refund_id is not None
        refund = RefundInput(
            refund_id=case.refund_id,
            order_id=case.order_id,
            payment_id=case.payment_id,
            user_id=case.user_id,
            amount=None,
            reason=RefundReason.AFTERSALE,
            actor="saga",
            lines=tuple(RefundLine(sku_id=line.sku_id, quantity=line.quantity) for line in case.accepted),
            by_lines=True,
            shipping=shop_at_fault(told.reason),
            at_most=case.at_most,
            aftersale_id=case.aftersale_id,
            placement=self._start.placement,
        )
        await self._saga.store_call(PaymentActivities.start_refund, refund, "pay back what was paid for these units")
        await workflow.wait_condition(lambda: refund.refund_id in self._outcomes)
        return self._outcomes.pop(refund.refund_id)

    def _next_refund(self) -> dict[str, Any]:
        self._refunds += 1
        return {"refund_id": refund_of(self._application.aftersale_id, self._refunds)}

    # ---- for all -----------------------------------------------------------------------------------------------------

    async def _otherwise(self, ask: _Asked) -> bool:
        """What may come at many times: withdrawal, a lower refund, closing. Whether the case goes on."""
        wish, state = ask.wish, self._now().state
        if isinstance(wish, Withdraw):
            await self._ends(_S.WITHDRAWN, wish.actor, "", ask)
            return False
        if isinstance(wish, Lower):
            detail = f"at most {wish.at_most}: {wish.because}"
            await self._move(state, wish.actor, detail, ask, at_most=wish.at_most, lowered_because=wish.because)
            return True
        assert isinstance(wish, Close)
        await self._ends(_S.CLOSED, wish.actor, wish.because, ask, decision=wish.because)
        return False

    async def _ends(
        self, to: AftersaleState, actor: str, detail: str = "", ask: _Asked | None = None, **changes: Any
    ) -> None:
        """The last step. The units are free before anybody is told so."""
        await self._saga.compensate()
        await self._move(to, actor, detail, ask, **changes)

    async def _move(
        self, to: AftersaleState, actor: str, detail: str = "", ask: _Asked | None = None, **changes: Any
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
        self._now_it_is(done.case)
        if ask is not None:
            ask.answer(done.case)

    def _due(self, state: AftersaleState) -> Instant | None:
        """Until when the buyer may do what the case waits for in this state."""
        within = {
            _S.AWAITING_RETURN: self._terms.return_within,
            _S.REJECTED: self._terms.appeal_within,
            _S.SOLD_OUT: self._terms.choice_within,
        }.get(state)
        return None if within is None else workflow.now() + within

    async def _next_wish(self) -> _Asked | None:
        """The oldest wish; None when the buyer's time is over. While none comes, operators are reminded again and again."""
        while not self._wishes:
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
        return self._wishes.pop(0)

    async def _reminded(self) -> None:
        state = self._now().state
        workflow.metric_meter().create_counter("hanse_aftersale_overdue").add(1, {"state": state})
        workflow.logger.warning("after-sale %s is still %s", self._application.aftersale_id, state)
        every = self._remind(state) or self._terms.audit_reminder
        self._overdue, self._next_reminder = True, workflow.now() + every
        late = state is _S.AUDITING and workflow.now() >= self._entered + self._terms.audit_escalation
        if late and not self._now().escalated:
            workflow.metric_meter().create_counter("hanse_aftersale_escalated").add(1)
            await self._move(state, "saga", "waited too long for an operator", escalated=True)
        self._overdue = True
        self._tell()
