"""One run of `Reconciliation` in a test: which statements are there, and what comparing them says."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from models.orders.messages import Placement
from models.payments.reconciliation import (
    ChannelDay,
    CompareStatement,
    DifferenceKind,
    DifferenceTotal,
    Outcome,
    Reconciled,
    ReconciliationInput,
    RepairsDone,
    Report,
    StatementState,
    StatementTaken,
    TakeIn,
)
from tests.workflows.sagas import Sagas
from workflows.reconciliation import Reconciliation

TAKE_IN, COMPARE, REPAIR, DAY_OF = (f"reconciliation.{name}" for name in ("take_in", "compare", "repair", "day_of"))
T0 = datetime(2026, 11, 12, tzinfo=UTC)
DAY = date(2026, 11, 11)
NOT_READY = StatementTaken(state=StatementState.NOT_READY)


def accepted() -> StatementTaken:
    """A statement that is kept."""
    return StatementTaken(state=StatementState.ACCEPTED, number=7, revision=1, lines=3)


def report(
    outcome: Outcome = Outcome.BALANCED, *, number: int = 7, repairs: int = 0, failure: str | None = None
) -> Report:
    """What comparing came to."""
    kind = DifferenceKind.MISSING_HERE if repairs else DifferenceKind.MATCHED
    return Report(
        number=number,
        channel="sandbox",
        day=DAY,
        revision=1,
        digest="abc",
        outcome=outcome,
        failure=failure,
        failure_line=2 if failure else None,
        lines=3,
        judged_from=T0,
        judged_until=T0,
        totals=(DifferenceTotal(kind=kind, currency="CNY", count=3, ours=0, theirs=300),),
        fees=(),
        differences=repairs,
        repairs=repairs,
        made_at=T0,
    )


class Reconciling:
    """Statements are there and everything agrees, until a test says more."""

    def __init__(self, sagas: Sagas, placement: Placement = "inline") -> None:
        self.sagas = sagas
        self.steps = sagas.steps
        self._placement = placement
        self.asks_again = timedelta(minutes=30)
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(
            Reconciliation.run, f"reconciliation-{secrets.token_hex(4)}"
        )
        self.steps.answer(DAY_OF, ChannelDay(day=T0.date()))
        self.steps.answer(TAKE_IN, accepted())
        self.steps.answer(COMPARE, report())
        self.steps.answer(REPAIR, RepairsDone(done=1, left=0))

    async def start(self, day: date | None = DAY) -> None:
        """Start it for a day as an operator does, without one as its schedule does."""
        start = ReconciliationInput(channel="sandbox", day=day, asks_again=self.asks_again, placement=self._placement)
        self.handle = await self.sagas.start(Reconciliation.run, start, self.handle.id)

    async def ended(self) -> Reconciled:
        """What it came to; time is skipped meanwhile."""
        return Reconciled.model_validate(await self.sagas.ended(self.handle))

    async def run(self, day: date | None = DAY) -> Reconciled:
        """Start it and wait for its end."""
        await self.start(day)
        return await self.ended()

    def is_ready_after(self, times: int) -> None:
        """The channel says so many times that the statement is not published yet."""
        left = [NOT_READY] * times
        self.steps.answer(TAKE_IN, lambda _: left.pop() if left else accepted())

    def fetched(self) -> list[date]:
        """The days whose statements were fetched, in order."""
        return [ask.day for ask in self.steps.told(TAKE_IN) if isinstance(ask, TakeIn)]

    def compared(self) -> list[int]:
        """The statements that were compared, in order."""
        return [ask.statement for ask in self.steps.told(COMPARE) if isinstance(ask, CompareStatement)]
