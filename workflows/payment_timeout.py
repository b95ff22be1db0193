"""The payment window of one order: `payment-timeout/{order_id}`."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from models.orders.messages import OrderRef, SettlementKind
    from models.payments.messages import (
        AskChannel,
        ChannelAnswer,
        CloseWindow,
        PaymentReport,
        PaymentTimeoutInput,
        SettleReport,
        StopWaiting,
    )
    from models.shared.ids import AttemptId
    from workflows.options import TaskQueue
    from workflows.saga import Deadline, Saga, Step, unbroken


@workflow.defn(name="PaymentTimeout")
class PaymentTimeout:
    """Waits for money until the window is over; one winner, everything else goes back.

    Several attempts on several channels may run at once. What a reported capture is worth is decided by the store under
    the payment's lock, so callbacks may come at any time, any number of times, in any order. A report that comes after
    this workflow has ended starts it again with `window_closed`, only to book the late money and send it back. Temporal's
    own cancel stops the window like a wish of the order; the order hears of the end in every case.
    """

    @workflow.init
    def __init__(self, start: PaymentTimeoutInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._reports: list[PaymentReport] = []
        self._stopped_by: str | None = None
        self._paid = False

    @workflow.run
    async def run(self, start: PaymentTimeoutInput) -> SettlementKind | None:
        """How the window ended; None when only money was booked that came after its end."""
        return await unbroken(self._process())

    async def _process(self) -> SettlementKind | None:
        kind = None if self._start.window_closed else await self._decided_who_paid()
        while self._reports or self._saga.announcing:  # reports may come while events are being published
            await self._book_what_came()
            await self._saga.announced()
        return kind

    async def _decided_who_paid(self) -> SettlementKind:
        await self._money_or_the_end_of_the_window()
        if not self._paid:
            await self._ask_channels_then_close_there()
        return SettlementKind.PAID if self._paid else await self._close_the_window()

    @workflow.signal
    def payment_reported(self, report: PaymentReport) -> None:
        """A channel says that money came (a verified callback, a poll)."""
        self._reports.append(report)

    @workflow.signal
    def stop_waiting(self, stop: StopWaiting) -> None:
        """The order is being cancelled: ask the channels a last time, then close."""
        self._stopped_by = stop.actor

    @workflow.query
    def progress(self) -> str:
        """Where this window stands, in words."""
        if self._paid:
            return "paid"
        return f"stopped by {self._stopped_by}" if self._stopped_by else f"waiting for money until {self._start.due_at}"

    async def _money_or_the_end_of_the_window(self) -> None:
        # It slept until its end, or until a report woke it (`Siblings`): mostly there is nothing more to wait for.
        await self._book_what_came()
        if self._paid or self._stopped() or self._start.due_at <= workflow.now():
            return
        self._tell(f"Waiting for payment until **{self._start.due_at:%Y-%m-%d %H:%M:%S} UTC**")
        deadline = Deadline(self._start.due_at - workflow.now(), "payment window")
        while not self._paid and not self._stopped() and not deadline.passed:
            await workflow.wait_condition(lambda: bool(self._reports or self._stopped() or deadline.passed))
            await self._book_what_came()

    def _stopped(self) -> bool:
        if workflow.cancellation_reason() is not None:
            self._stopped_by = self._stopped_by or "temporal"
        return self._stopped_by is not None

    async def _book_what_came(self) -> None:
        while self._reports:
            await self._settle(self._reports.pop(0))

    async def _settle(self, report: PaymentReport) -> None:
        booking = SettleReport(order_id=self._start.order_id, report=report, at=workflow.now())
        try:
            settled = await self._saga.store_call(
                PaymentActivities.settle, booking, f"book {report.amount} reported by {report.source}"
            )
        except ActivityError as refusal:
            workflow.logger.error("a report that nobody can book: %s", report.event_id, exc_info=refusal)
            return
        self._saga.announce(settled.unannounced)
        if settled.paid:
            self._paid = True
            self._tell(f"Paid: {report.amount}")
        for attempt_id in settled.still_open:
            await self._heard(PaymentActivities.close_attempt, attempt_id, "close the attempt at the channel")

    async def _ask_channels_then_close_there(self) -> None:
        """A lost callback is found here; afterwards the buyer can no longer pay at the channel."""
        self._tell("The window is over: asking the channels, then closing there")
        attempts = await self._saga.store_call(
            PaymentActivities.attempts_open, OrderRef(order_id=self._start.order_id), "which attempts are open"
        )
        for attempt_id in attempts.attempt_ids:
            if self._paid:
                break  # the rest was closed when the payment became complete
            asking = "ask the channel whether it was paid"
            if not await self._heard(PaymentActivities.ask_channel, attempt_id, asking):
                await self._heard(PaymentActivities.close_attempt, attempt_id, "close the attempt at the channel")
        await self._book_what_came()

    async def _heard(self, step: Step[AskChannel, ChannelAnswer], attempt_id: AttemptId, summary: str) -> bool:
        """Whether the channel says that the attempt was paid; then it is booked. A channel that refuses, or stays silent for
        too long, must not keep the order open: what it has taken comes as late money and goes back."""
        try:
            answer = await self._saga.outside_call(
                step, AskChannel(attempt_id=attempt_id), summary, TaskQueue.CHANNELS_PAYMENT, self._start.silence
            )
        except ActivityError as error:
            workflow.metric_meter().create_counter("hanse_payment_channel_silent").add(1)
            workflow.logger.error("%s: no answer for %s", summary, attempt_id, exc_info=error)
            return False
        if answer.report is not None:
            await self._settle(answer.report)
        return answer.report is not None

    async def _close_the_window(self) -> SettlementKind:
        wanted = SettlementKind.CANCELLED if self._stopped() else SettlementKind.EXPIRED
        closed = await self._saga.store_call(
            PaymentActivities.close_window,
            CloseWindow(
                order_id=self._start.order_id, payment_id=self._start.payment_id, kind=wanted, at=workflow.now()
            ),
            f"close the payment: {wanted}",
        )
        self._tell(f"Closed: {closed.kind}")
        return closed.kind

    def _tell(self, line: str) -> None:
        workflow.set_current_details(f"{line}\n\nOrder `{self._start.order_id}` · payment `{self._start.payment_id}`")
