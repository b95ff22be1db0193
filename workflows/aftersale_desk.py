"""What a case can be told and asked: the updates, signals and the query of `Aftersale`.

As with `transfer_desk.py`, handlers only put a wish on the desk; the process takes the wishes one by one, in the order in which
they came. Whenever the case changes, wishes that no longer fit it are refused.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.refusals import as_application_error
    from models.aftersales.errors import AftersaleNotWaiting, AppealUsedUp, RefundNotLower
    from models.aftersales.messages import (
        AftersaleInput,
        Appeal,
        Choose,
        Close,
        Decide,
        Inspect,
        Lower,
        PickUp,
        Receive,
        RefundOutcome,
        ReturnTrouble,
        SendBack,
        TryRefund,
        Withdraw,
    )
    from models.aftersales.rules import inspected_lines
    from models.aftersales.types import AftersaleCase, AftersaleState
    from models.fulfillment.returning import ExchangeEnd, ReturnReport
    from models.shared import Money, Refusal
    from models.shared.ids import AftersaleId
    from workflows.aftersale_wishes import ARRIVED, FITS, IN_TROUBLE, WAITS_FOR, Wish
    from workflows.asks import Ask
    from workflows.beginning import MayRefuseToBegin
    from workflows.saga import Saga
    from workflows.search_attributes import show

_S = AftersaleState


class AftersaleDesk(MayRefuseToBegin):
    """Wishes that wait, and the case as the store last said it is."""

    def __init__(self, start: AftersaleInput) -> None:
        self._start = start
        self._application = start.application
        self._terms = start.terms
        self._saga = Saga(start.placement)
        self._wishes: list[Ask[Wish, AftersaleCase]] = []
        self._case: AftersaleCase | None = None
        """None until it is opened."""
        self._refused: BaseException | None = None
        self._outcomes: dict[str, RefundOutcome] = {}
        """By the refund's id."""
        self._parcels: dict[str, ExchangeEnd] = {}
        """How the replacement's parcels ended, by their ids."""
        self._expected: set[str] = set()
        self._exchanged: tuple[AftersaleId, ...] = ()
        """Earlier exchanges of the order: what comes back may have come with one of them."""
        self._overdue = False

    @workflow.update
    async def begin(self) -> AftersaleCase:
        """What the buyer is told at once: what became of the application so far, or why it is refused."""
        await workflow.wait_condition(
            lambda: self._refused is not None or (self._case is not None and self._case.state is not _S.APPLIED)
        )
        if self._refused is not None:
            raise self._refused
        return self._now()

    @workflow.update
    async def withdraw(self, wish: Withdraw) -> AftersaleCase:
        """The buyer no longer wants it."""
        return await self._queued(wish)

    @workflow.update
    async def decide(self, wish: Decide) -> AftersaleCase:
        """An operator approves or rejects."""
        return await self._queued(wish)

    @workflow.update
    async def send_back(self, wish: SendBack) -> AftersaleCase:
        """The goods are on their way back under this waybill."""
        return await self._queued(wish)

    @workflow.update
    async def pick_up(self, wish: PickUp) -> AftersaleCase:
        """A carrier shall fetch the goods."""
        return await self._queued(wish)

    @workflow.update
    async def receive(self, wish: Receive) -> AftersaleCase:
        """The goods are here."""
        return await self._queued(wish)

    @workflow.update
    async def inspect(self, wish: Inspect) -> AftersaleCase:
        """What was found, line by line."""
        return await self._queued(wish)

    @workflow.update
    async def lower(self, wish: Lower) -> AftersaleCase:
        """Pay back less."""
        return await self._queued(wish)

    @workflow.update
    async def appeal(self, wish: Appeal) -> AftersaleCase:
        """The buyer does not accept the rejection."""
        return await self._queued(wish)

    @workflow.update
    async def choose(self, wish: Choose) -> AftersaleCase:
        """Money instead of a replacement that is sold out, or look once more."""
        return await self._queued(wish)

    @workflow.update
    async def close(self, wish: Close) -> AftersaleCase:
        """End it without money."""
        return await self._queued(wish)

    @workflow.update
    async def try_refund(self, wish: TryRefund) -> AftersaleCase:
        """Try the refused refund again."""
        return await self._queued(wish)

    @withdraw.validator
    def _may_withdraw(self, wish: Withdraw) -> None:
        self._must_fit(wish)

    @decide.validator
    def _may_decide(self, wish: Decide) -> None:
        self._must_fit(wish)

    @send_back.validator
    def _may_send_back(self, wish: SendBack) -> None:
        self._must_fit(wish)

    @pick_up.validator
    def _may_pick_up(self, wish: PickUp) -> None:
        self._must_fit(wish)

    @receive.validator
    def _may_receive(self, wish: Receive) -> None:
        self._must_fit(wish)

    @inspect.validator
    def _may_inspect(self, wish: Inspect) -> None:
        self._must_fit(wish)

    @lower.validator
    def _may_lower(self, wish: Lower) -> None:
        self._must_fit(wish)

    @appeal.validator
    def _may_appeal(self, wish: Appeal) -> None:
        self._must_fit(wish)

    @choose.validator
    def _may_choose(self, wish: Choose) -> None:
        self._must_fit(wish)

    @close.validator
    def _may_close(self, wish: Close) -> None:
        self._must_fit(wish)

    @try_refund.validator
    def _may_try_refund(self, wish: TryRefund) -> None:
        self._must_fit(wish)

    @workflow.signal
    def refund_ended(self, outcome: RefundOutcome) -> None:
        """What became of the refund."""
        self._outcomes[outcome.refund_id] = outcome

    @workflow.signal
    def exchange_parcel_ended(self, end: ExchangeEnd) -> None:
        """How a parcel of the exchange ended."""
        self._parcels[end.shipment_id] = end

    @workflow.signal
    def return_reported(self, report: ReturnReport) -> None:
        """A carrier's word on the returning parcel: arrived, or in trouble. Where it is on its way its tracking tells."""
        if report.state in ARRIVED:
            self._wishes.append(Ask(Receive(actor="carrier")))
        elif report.state in IN_TROUBLE:
            self._wishes.append(Ask(ReturnTrouble(what=report.state.value)))

    @workflow.query
    def progress(self) -> str:
        """Where the case is and what it waits for, in words."""
        if self._case is None:
            return "applied, being opened"
        return f"{self._case.state}{' (overdue)' if self._overdue else ''}, waiting for {self._waiting_for()}"

    # ---- for the process ---------------------------------------------------------------------------------------------

    async def _queued(self, wish: Wish) -> AftersaleCase:
        ask: Ask[Wish, AftersaleCase] = Ask(wish)
        self._wishes.append(ask)
        return await ask.answered()

    def _must_fit(self, wish: Wish) -> None:
        try:
            self._fit_or_refuse(wish)
        except Refusal as refusal:
            raise as_application_error(refusal) from None

    def _fit_or_refuse(self, wish: Wish) -> None:
        states, words = FITS[type(wish)]
        case, aftersale_id = self._case, self._application.aftersale_id
        if case is None or case.state not in states:
            raise AftersaleNotWaiting.of(aftersale_id, case.state if case else "not opened yet", words)
        if isinstance(wish, Appeal) and case.appealed:
            raise AppealUsedUp(f"Case {aftersale_id} was appealed before. Write to customer service.")
        if isinstance(wish, Inspect):
            inspected_lines(aftersale_id, case.lines, wish.lines)
        if isinstance(wish, Lower | Decide) and wish.at_most is not None:
            most = self._at_most()
            if wish.at_most.currency != most.currency or not 0 <= wish.at_most.minor < most.minor:
                raise RefundNotLower.of(aftersale_id, wish.at_most, most)

    def _now(self) -> AftersaleCase:
        assert self._case is not None
        return self._case

    def _at_most(self) -> Money:
        """What the case brings at most."""
        case = self._now()
        return (
            case.proposed if case.at_most is None else min(case.proposed, case.at_most, key=lambda money: money.minor)
        )

    def _now_it_is(self, case: AftersaleCase) -> None:
        self._case, self._overdue = case, False
        self._tell()
        show(AftersaleStatus=case.state)
        for ask in list(self._wishes):
            try:
                self._must_fit(ask.wish)
            except ApplicationError as refusal:
                self._wishes.remove(ask)
                ask.refuse(refusal)

    def _waiting_for(self) -> str:
        return WAITS_FOR.get(self._now().state, "nothing")

    def _tell(self) -> None:
        case = self._now()
        units = sum(line.quantity for line in case.accepted)
        workflow.set_current_details(
            f"**{case.state}**{' · **overdue**' if self._overdue else ''}{' · **escalated**' if case.escalated else ''},"
            f" waiting for {self._waiting_for()}\n\n"
            f"{case.kind} of {units} unit(s) of order `{case.order_id}` ({case.reason}) · {self._at_most()} at most"
        )

    def _remind(self, state: AftersaleState) -> timedelta | None:
        """How often someone is reminded of a case in this state; None where a deadline or another saga moves it on."""
        every = self._terms.audit_reminder
        return {
            _S.AUDITING: every,
            _S.REFUND_REFUSED: every,
            _S.RETURNING: self._terms.arrives_within,
            _S.RECEIVED: self._terms.inspection_reminder,
        }.get(state)
