"""Giving money back, and what is on its way."""

from typing import Annotated

from fastapi import APIRouter
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.search_attributes import attributes
from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import CurrentUser, operator
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import Fulfilled, ask_running, ask_starting, ask_until_heard
from api.edge.wired import Wired
from api.payments.access import payment_seen_by
from api.payments.schemas import RefundDecisionRequest, RefundRequest
from api.wiring import Services
from models.aftersales.errors import UnitsClaimed
from models.payments.errors import (
    CaptureNotSurplus,
    NoRefundDecisionNeeded,
    PaymentStillOpen,
    RefundAmountInvalid,
    RefundExceedsRest,
)
from models.payments.messages import DecideRefund, RefundAnswer, RefundDecision, RefundInput, refund_workflow_id
from models.payments.types import Payment, Refund, RefundState
from models.shared import Refusal
from models.shared.ids import PaymentId, RefundId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.options import TaskQueue
from workflows.refund import Refund as RefundSaga

bare = idempotent_router(tags=["refunds"])
"""Served bare, as R19 writes it, and under /v1."""

v1 = idempotent_router(prefix="/v1", tags=["refunds"])
reads = APIRouter(prefix="/v1", tags=["refunds"])

Cashier = Annotated[Identity, operator("finance")]
_WHO = (NotAuthenticated, PermissionMissing, NotFound)
_REFUNDING = (UnitsClaimed, RefundExceedsRest, RefundAmountInvalid, PaymentStillOpen, CaptureNotSurplus, ServiceBusy)


@bare.post(
    "/payments/{payment_id}/refund", status_code=201, summary="Give money back", responses=refusals(*_WHO, *_REFUNDING)
)
async def give_back(
    payment_id: PaymentId, ask: RefundRequest, who: Cashier, errand: Once, shop: Wired, trail: Audit
) -> RefundAnswer:
    """For operators: whole or in part, over the channels it came by. The amount is held at once, so refunds at the same
    time never exceed what came; the money follows as fast as the channel is."""
    payment = await shop.payments.payment(payment_id)
    refund_id = RefundId.derive(errand.first_seen_at, errand.caller, errand.key)
    refund = _refund(refund_id, payment, ask, who, shop)
    details = {"amount": str(ask.amount) if ask.amount else "all", "reason": ask.reason.value}
    async with trail.action(who, "payments.refund", payment_id, refund_id=refund_id, **details):
        answer: RefundAnswer = await ask_starting(
            shop.temporal,
            RefundSaga.begin,
            None,
            _starting(refund),
            f"begin/{refund_id}",
            refund_workflow_id(refund_id),
            fulfilled=Fulfilled(errand.first_seen_at, lambda: _held(shop, refund_id)),
            refusal=RefundSaga.refusal,
        )
        return answer


@v1.post(
    "/refunds/{refund_id}/decide",
    summary="Decide about a refused refund",
    responses=refusals(*_WHO, NoRefundDecisionNeeded, ServiceBusy),
)
async def decide(
    refund_id: RefundId, ask: RefundDecisionRequest, who: Cashier, errand: Once, shop: Wired, trail: Audit
) -> RefundAnswer:
    """For operators: its channel refused the refund for good; try again, or say that it was paid by other means."""
    wish = DecideRefund(decision=ask.decision, actor=f"operator:{who.user_id}")
    saga = shop.temporal.get_workflow_handle(refund_workflow_id(refund_id))
    update_id = f"decide/{RefundId.derive(errand.first_seen_at, errand.caller, errand.key)}"
    async with trail.action(who, "payments.decide_refund", refund_id, decision=ask.decision.value):
        over = NoRefundDecisionNeeded(f"Refund {refund_id} is over, or there is none.")
        fulfilled = Fulfilled(errand.first_seen_at, lambda: _decided(shop, refund_id, ask.decision))

        async def is_ahead(refusal: Refusal) -> bool:
            if refusal is over or refusal.code != NoRefundDecisionNeeded.code:
                return False
            return (await shop.payments.refund(refund_id)).state is RefundState.REFUSED

        answer: RefundAnswer = await ask_until_heard(
            lambda: ask_running(saga, RefundSaga.decide, wish, update_id, over, fulfilled), is_ahead
        )
        return answer


async def _held(shop: Services, refund_id: RefundId) -> RefundAnswer | None:
    """Whether the refund was held, although the answer was lost."""
    try:
        refund = await shop.payments.refund(refund_id)
    except NotFound:
        return None
    return RefundAnswer(refund_id=refund_id, amount=refund.amount, state=RefundState.HELD)


async def _decided(shop: Services, refund_id: RefundId, decision: RefundDecision) -> RefundAnswer | None:
    """Whether the refund ended as was decided, although the answer was lost."""
    refund = await shop.payments.refund(refund_id)
    ended = {RefundDecision.OTHER_MEANS: RefundState.OTHER_MEANS, RefundDecision.RETRY: RefundState.SUCCEEDED}
    if refund.state is not ended[decision]:
        return None
    return RefundAnswer(refund_id=refund_id, amount=refund.amount, state=decision)


@reads.get(
    "/payments/{payment_id}/refunds", summary="Refunds of a payment", responses=refusals(NotAuthenticated, NotFound)
)
async def list_refunds(payment_id: PaymentId, who: CurrentUser, shop: Wired) -> list[Refund]:
    """Every refund of the payment, oldest first, with the legs over which it goes back."""
    payment = await payment_seen_by(who, payment_id, shop)
    return list(await shop.payments.refunds(payment.order_id))


def _refund(refund_id: RefundId, payment: Payment, ask: RefundRequest, who: Identity, shop: Services) -> RefundInput:
    return RefundInput(
        refund_id=refund_id,
        order_id=payment.order_id,
        payment_id=payment.payment_id,
        user_id=payment.user_id,
        actor=f"operator:{who.user_id}",
        placement=shop.settings.placement,
        asked_for=True,
        by_lines=bool(ask.lines) and ask.amount is None and ask.attempt_id is None,
        **{name: getattr(ask, name) for name in RefundRequest.model_fields},
    )


def _starting(refund: RefundInput) -> WithStartWorkflowOperation[RefundSaga, object]:
    return WithStartWorkflowOperation(
        RefundSaga.run,
        refund,
        id=refund_workflow_id(refund.refund_id),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(OrderId=refund.order_id, UserId=refund.user_id, PaymentStatus="refunding"),
        static_summary=f"Refund of order {refund.order_id}: {refund.reason}",
    )
