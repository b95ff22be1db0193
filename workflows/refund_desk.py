"""What a refund can be told and asked: the updates, the signal and the query of `Refund`."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.refusals import as_application_error
    from models.orders.types import ReturnProposal
    from models.payments.errors import NoRefundDecisionNeeded
    from models.payments.messages import (
        DecideRefund,
        RefundAnswer,
        RefundHeld,
        RefundInput,
        RefundLegState,
        RefundReport,
    )
    from models.payments.types import RefundState
    from workflows.asks import Ask
    from workflows.beginning import MayRefuseToBegin
    from workflows.saga import Saga


class RefundDesk(MayRefuseToBegin):
    """Reports that came, decisions that wait, and what is known of the money."""

    def __init__(self, start: RefundInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._reports: dict[str, RefundReport] = {}
        self._decisions: list[Ask[DecideRefund, RefundAnswer]] = []
        self._waits_for_decision = False
        self._asked_for = start.asked_for
        """Whether someone waits for the answer of `begin`; a refund that a saga starts has nobody to refuse to."""
        self._returned: ReturnProposal | None = None
        """What the lines bring back, for a refund by lines."""
        self._held: RefundHeld | None = None
        self._refused: BaseException | None = None
        self._line = "starting"

    @workflow.update
    async def begin(self) -> RefundAnswer:
        """What the one who asks for a refund is told at once: held, or refused."""
        self._asked_for = True
        await workflow.wait_condition(lambda: self._held is not None or self._refused is not None)
        if self._refused is not None:
            raise self._refused
        return self._answer(RefundState.HELD)

    @workflow.update
    async def decide(self, decision: DecideRefund) -> RefundAnswer:
        """An operator's word after the channel's final no."""
        ask: Ask[DecideRefund, RefundAnswer] = Ask(decision)
        self._decisions.append(ask)
        return await ask.answered()

    @decide.validator
    def _may_decide(self, decision: DecideRefund) -> None:
        if not self._waits_for_decision:
            raise as_application_error(NoRefundDecisionNeeded("This refund does not wait for a decision."))

    @workflow.signal
    def refund_reported(self, report: RefundReport) -> None:
        """A verified callback about one leg. `processing` says nothing new."""
        if report.state is not RefundLegState.PROCESSING:
            self._reports[report.leg_id] = report

    @workflow.query
    def progress(self) -> str:
        """Where this refund stands, in words."""
        return self._line

    def _answer(self, state: str) -> RefundAnswer:
        assert self._held is not None
        return RefundAnswer(refund_id=self._start.refund_id, amount=self._held.amount, state=state)

    def _tell(self, line: str) -> None:
        self._line = line
        workflow.set_current_details(f"{line}\n\nOrder `{self._start.order_id}` · {self._start.reason}")
