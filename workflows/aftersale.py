"""One case about units of an order: `aftersale/{aftersale_id}`."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.aftersales import AftersaleActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from models.aftersales.messages import (
        AftersaleInput,
        Decide,
        DropClaim,
        OpenCase,
        RefundOutcome,
        TakeClaim,
        TryRefund,
    )
    from models.aftersales.rules import shop_at_fault
    from models.aftersales.types import AftersaleKind, AftersaleState
    from models.payments.messages import RefundInput
    from models.payments.types import RefundLine, RefundReason, RefundState
    from workflows.aftersale_exchange import AftersaleExchange
    from workflows.saga import unbroken, written_down

_S = AftersaleState


@workflow.defn(name="Aftersale")
class Aftersale(AftersaleExchange):
    """Claim the units, judge, get the goods back, inspect them, pay back or send another piece.

    The claim is the one thing to undo: whatever ends without money gives the units free. Money goes back by a `Refund` of its
    own, which tells how it ended. Nothing waits for ever unseen: the buyer has deadlines, operators are reminded, and a case
    that waits too long for its audit is escalated. `aftersale_desk.py` is what it can be told,
    `aftersale_returns.py` how goods come back, `aftersale_exchange.py` how another piece is sent.
    """

    @workflow.init
    def __init__(self, start: AftersaleInput) -> None:
        super().__init__(start)

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
            await self._saga.closed()
            return None
        if await self._approved(*opened) and await self._goods_are_here():
            await self._settled()
        await self._saga.closed()
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
        self._exchanged = claimed.exchanged
        ask = OpenCase(application=told, payment_id=claimed.payment_id, proposed=claimed.proposal.amount)
        opened = await self._saga.store_call(AftersaleActivities.open_case, ask, "write the case down and judge it")
        self._saga.announce(opened.unannounced)
        self._now_it_is(opened.case)
        await written_down("the rule's word")  # it depends on the buyer's other cases, which may change
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
                if isinstance(ask.wish, TryRefund):
                    await self._move(_S.REFUNDING, ask.wish.actor, "tried again", ask, **self._next_refund())
                elif not await self._otherwise(ask):
                    return

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
