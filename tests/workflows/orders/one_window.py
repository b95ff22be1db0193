"""One payment window in a test: what channels report, what is asked of them, and how the order stops it."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.search_attributes import attributes
from models.orders.messages import Placement
from models.payments.messages import (
    AskChannel,
    ChannelAnswer,
    CloseWindow,
    OpenAttempts,
    PaymentReport,
    PaymentTimeoutInput,
    Settled,
    SettleReport,
    SettleResult,
    StopWaiting,
    WindowClosed,
    payment_of,
    payment_timeout_id,
)
from models.shared import Money
from models.shared.ids import AttemptId, OrderId, UserId
from tests.unit.orders.baskets import named
from tests.workflows.orders.server import OneWorkflow, until
from tests.workflows.scripted import Scripted
from workflows.options import TaskQueue
from workflows.payment_timeout import PaymentTimeout

SETTLE, OPEN_ATTEMPTS, CLOSE_WINDOW = "payments.settle", "payments.attempts_open", "payments.close_window"
ASK, CLOSE, PUBLISH = "payments.ask_channel", "payments.close_attempt", "bus.publish_events"
CARD, WALLET = named(AttemptId, "card"), named(AttemptId, "wallet")


def report(attempt: AttemptId = CARD, event: str = "e1", source: Any = "callback", minor: int = 5000) -> PaymentReport:
    """A channel says that money came."""
    return PaymentReport(
        attempt_id=attempt,
        channel_transaction=f"t-{attempt[-4:]}",
        amount=Money(minor=minor),
        paid_at=datetime(2026, 11, 11, 12, tzinfo=UTC),
        event_id=event,
        source=source,
    )


def worth(result: SettleResult, *, still_open: tuple[AttemptId, ...] = ()) -> Settled:
    """What the store says about a report."""
    return Settled(result=result, paid=result is SettleResult.PAID, still_open=still_open)


class OneWindow(OneWorkflow):
    """A window of half an hour. Steps answer as a store and channels would with nothing paid, until a test says more."""

    def __init__(self, server: WorkflowEnvironment, client: Client, steps: Scripted, placement: Placement) -> None:
        self.order_id = OrderId.mint(datetime.now(UTC), secrets.token_bytes(10))
        super().__init__(server, client, payment_timeout_id(self.order_id))
        self.steps = steps
        self._placement = placement
        self.silence = timedelta(minutes=15)
        steps.answer(SETTLE, worth(SettleResult.PAID))
        steps.answer(OPEN_ATTEMPTS, OpenAttempts(attempt_ids=(CARD, WALLET)))
        steps.answer(ASK, lambda ask: ChannelAnswer(attempt_id=ask.attempt_id, state="pending"))
        steps.answer(CLOSE, lambda ask: ChannelAnswer(attempt_id=ask.attempt_id, state="closed"))
        steps.answer(CLOSE_WINDOW, lambda close: WindowClosed(kind=close.kind))

    async def open(self, *, closed: bool = False) -> None:
        """Start it; `closed` as a report does that comes after its end."""
        await self.client.start_workflow(
            PaymentTimeout.run,
            PaymentTimeoutInput(
                order_id=self.order_id,
                payment_id=payment_of(self.order_id),
                user_id=named(UserId, "buyer"),
                due_at=datetime.now(UTC) + timedelta(minutes=30),
                placement=self._placement,
                window_closed=closed,
                silence=self.silence,
            ),
            id=self.workflow_id,
            task_queue=TaskQueue.CHECKOUT,
            start_signal="payment_reported" if closed else None,
            start_signal_args=[report()] if closed else [],
            search_attributes=attributes(OrderId=self.order_id),
        )

    async def reported(self, *reports: PaymentReport) -> None:
        """Channels report."""
        for each in reports:
            await self.handle.signal(PaymentTimeout.payment_reported, each)

    async def stop(self) -> None:
        """The order no longer wants the money."""
        await self.handle.signal(PaymentTimeout.stop_waiting, StopWaiting(actor="buyer"))

    async def settled(self, times: int = 1) -> list[SettleReport]:
        """Wait until so many reports were booked."""
        await self.called(SETTLE, times)
        return self.steps.told(SETTLE)

    async def called(self, step: str, times: int = 1) -> None:
        """Wait until a step was called so often."""
        await until(lambda: len(self.steps.told(step)) >= times, self.steps.names)

    def asked(self) -> list[AttemptId]:
        """Which attempts were asked about at their channels."""
        return [ask.attempt_id for ask in self.steps.told(ASK) if isinstance(ask, AskChannel)]

    def closed_at_channels(self) -> list[AttemptId]:
        """Which attempts were closed there."""
        return [ask.attempt_id for ask in self.steps.told(CLOSE) if isinstance(ask, AskChannel)]

    def closing(self) -> CloseWindow:
        """How the window was closed."""
        (close,) = self.steps.told(CLOSE_WINDOW)
        assert isinstance(close, CloseWindow)
        return close
