"""One refund in a test: what it was asked for, what its steps answer by default, and what channels report."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from models.orders.messages import Placement
from models.orders.types import LineRequest, ReturnProposal
from models.payments.messages import (
    DecideRefund,
    RefundAnswer,
    RefundDecision,
    RefundHeld,
    RefundInput,
    RefundLegState,
    RefundReport,
    payment_of,
    refund_workflow_id,
)
from models.payments.types import RefundLeg, RefundLine, RefundReason, RefundState
from models.shared import Money
from models.shared.ids import AttemptId, OrderId, RefundId, SkuId, UserId
from tests.workflows.sagas import Sagas
from workflows.options import TaskQueue
from workflows.refund import Refund

T0 = datetime(2026, 11, 11, 12, tzinfo=UTC)
TEA = SkuId.derive(T0, "green tea")


def cny(minor: int) -> Money:
    """That many fen."""
    return Money(minor=minor)


def leg(name: str, amount: int, channel: str = "sandbox_card") -> RefundLeg:
    """The part of a refund that goes back over one capture."""
    return RefundLeg(
        leg_id=RefundId.derive(T0, "leg", name),
        attempt_id=AttemptId.derive(T0, name),
        channel=channel,
        channel_reference=f"ref-{name}",
        amount=cny(amount),
    )


CARD, WALLET = leg("card", 7_000), leg("wallet", 3_000, "sandbox_wallet")


def says(state: RefundLegState, part: RefundLeg = CARD, detail: str = "") -> RefundReport:
    """A channel's word on a leg."""
    return RefundReport(leg_id=part.leg_id, state=state, detail=detail)


PROCESSING, WENT_BACK = says(RefundLegState.PROCESSING), says(RefundLegState.SUCCEEDED)
REFUSED = says(RefundLegState.REFUSED, detail="account closed")


class Refunding:
    """A refund of 70 yuan for one line, with goods that come back, unless a test wants another."""

    def __init__(self, sagas: Sagas, placement: Placement = "inline") -> None:
        self.sagas = sagas
        self._placement = placement
        self.steps = sagas.steps
        self.order_id = OrderId.mint(T0, secrets.token_bytes(10))
        self.refund_id = RefundId.derive(T0, self.order_id)
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(Refund.run, refund_workflow_id(self.refund_id))
        self.goes_over(CARD)
        self.steps.answer("payments.send_refund_leg", lambda ref: WENT_BACK.model_copy(update={"leg_id": ref.leg_id}))

    def goes_over(self, *legs: RefundLeg) -> None:
        """The captures the money goes back over."""
        amount = cny(sum(part.amount.minor for part in legs))
        self.steps.answer("payments.hold_refund", RefundHeld(refund_id=self.refund_id, amount=amount, legs=tuple(legs)))

    def brings(self, amount: Money, points: int = 0, *, whole: bool = False) -> None:
        """What was really paid for the units that come back."""
        lines = (LineRequest(sku_id=TEA, quantity=2),)
        proposal = ReturnProposal(
            order_id=self.order_id, lines=lines, paid=amount, amount=amount, points=points, whole=whole
        )
        self.steps.answer("orders.take_return", proposal)

    def asked(self, **more: Any) -> RefundInput:
        """What the refund is started with."""
        wanted: dict[str, Any] = {
            "amount": None,
            "reason": RefundReason.BY_OPERATOR,
            "lines": (RefundLine(sku_id=TEA, quantity=2),),
            "restock": True,
        }
        return RefundInput(
            refund_id=self.refund_id,
            order_id=self.order_id,
            payment_id=payment_of(self.order_id),
            user_id=UserId.derive(T0, "buyer"),
            actor="operator:1",
            placement=self._placement,
            **(wanted | more),
        )

    async def start(self, **more: Any) -> None:
        """Start it as another saga does."""
        self.handle = await self.sagas.start(Refund.run, self.asked(**more), refund_workflow_id(self.refund_id))

    async def begin(self, **more: Any) -> RefundAnswer:
        """Start it as the api does, and wait for the first answer."""
        return await self.sagas.client.execute_update_with_start_workflow(
            Refund.begin, start_workflow_operation=self.starting(**more), id="begin"
        )

    def starting(self, **more: Any) -> WithStartWorkflowOperation[Refund, Any]:
        """The start that comes with the wish."""
        return WithStartWorkflowOperation(
            Refund.run,
            self.asked(asked_for=True, **more),
            id=refund_workflow_id(self.refund_id),
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )

    async def decide(self, decision: RefundDecision) -> RefundAnswer:
        """An operator's word."""
        wish = DecideRefund(decision=decision, actor="operator:2")
        answer: RefundAnswer = await self.handle.execute_update(Refund.decide, wish)
        return answer

    async def ended(self) -> RefundState:
        """How it ended; time is skipped meanwhile."""
        return RefundState(await self.sagas.ended(self.handle))
