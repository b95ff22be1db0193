"""One run of `Supplement` in a test: which channels have waiting payments, and which orders nobody looks after."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WorkflowHandle

from models.orders.messages import Placement
from models.payments.supplement import (
    AttemptsAsked,
    ChannelsWaiting,
    Stranded,
    StrandedCase,
    StrandedOrders,
    Supplemented,
    SupplementInput,
)
from models.shared.ids import AttemptId, OrderId
from tests.workflows.sagas import Sagas
from workflows.supplement import Supplement

WAITING, ASK, FIND = "supplement.channels_waiting", "supplement.ask_attempts", "supplement.find_stranded"
TAKE_UP, TELL_AGAIN = "supplement.take_up_window", "payments.close_window"
T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
LAST = AttemptId.derive(T0, "the last of a page")


def stranded(case: StrandedCase, name: str = "an order") -> Stranded:
    """An order that nobody looks after."""
    return Stranded(order_id=OrderId.derive(T0, name), case=case, detail="is left alone")


class Supplementing:
    """Nothing waits and nobody is stranded, until a test says more."""

    def __init__(self, sagas: Sagas, placement: Placement = "inline") -> None:
        self.sagas = sagas
        self.steps = sagas.steps
        self._placement = placement
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(Supplement.run, f"supplement-{secrets.token_hex(4)}")
        self.waiting_at()
        self.strands()
        self.steps.answer(ASK, AttemptsAsked(asked=1))

    def waiting_at(self, *channels: str) -> None:
        """These channels have payments that wait."""
        self.steps.answer(WAITING, ChannelsWaiting(channels=channels))

    def strands(self, *found: Stranded) -> None:
        """These orders nobody looks after."""
        self.steps.answer(FIND, StrandedOrders(found=found, looked_at=len(found)))

    async def start(self) -> None:
        """Start it as its schedule does."""
        start = SupplementInput(placement=self._placement)
        self.handle = await self.sagas.start(Supplement.run, start, self.handle.id)

    async def ended(self) -> Supplemented:
        """What it did; time is skipped meanwhile."""
        return Supplemented.model_validate(await self.sagas.ended(self.handle))

    async def run(self) -> Supplemented:
        """Start it and wait for its end."""
        await self.start()
        return await self.ended()
