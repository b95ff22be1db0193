"""Workflows of points in a test: what they are started with, and what their steps answer."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from models.points.events import PointsChanged
from models.points.messages import (
    AdjustPoints,
    ExpirePoints,
    ExpiryRun,
    PointsAdjusted,
    PointsExpired,
    adjustment_id,
)
from models.points.types import EntryKind, PointsEntry
from models.shared.ids import PointsEntryId, UserId
from tests.workflows.sagas import Sagas
from workflows.options import TaskQueue
from workflows.points_adjustment import PointsAdjustment
from workflows.points_expiry import PointsExpiry

T0 = datetime(2026, 11, 22, tzinfo=UTC)
BUYER = UserId.derive(T0, "buyer")
LINE = PointsEntry(
    entry_id=PointsEntryId.derive(T0, "line"),
    user_id=BUYER,
    kind=EntryKind.ADJUSTED,
    delta=50,
    balance=50,
    actor="operator",
    at=T0,
)


def due(batches: int, *unannounced: PointsChanged) -> Callable[[ExpirePoints], PointsExpired]:
    """What the steps answer when so many batches of ten are due."""

    def answer(ask: ExpirePoints) -> PointsExpired:
        return PointsExpired(written=10, unannounced=unannounced) if ask.batch < batches else PointsExpired(written=0)

    return answer


async def expiry(sagas: Sagas, **options: Any) -> WorkflowHandle[Any, Any]:
    """A run as the schedule starts it."""
    handle = await sagas.client.start_workflow(
        PointsExpiry.run,
        ExpiryRun(),
        id=f"points-expiry/{secrets.token_hex(6)}",
        task_queue=TaskQueue.CHECKOUT,
        **options,
    )
    sagas.running.append(handle)
    return handle


class Adjusting:
    """One word of an operator, which Kafka does not hear at once."""

    def __init__(self, sagas: Sagas) -> None:
        self._client = sagas.client
        key = secrets.token_hex(6)
        self.ask = AdjustPoints(user_id=BUYER, delta=50, actor="operator", why="late", key=key, at=T0)
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(PointsAdjustment.run, adjustment_id(key))
        unannounced = PointsChanged(occurred_at=T0, **LINE.model_dump(exclude={"actor", "why", "at"}))
        sagas.steps.answer("points.adjust_points", PointsAdjusted(entry=LINE, unannounced=(unannounced,)))

    async def begin(self) -> PointsEntry:
        """Give the word, as the api does."""
        start = WithStartWorkflowOperation(
            PointsAdjustment.run,
            self.ask,
            id=self.handle.id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        return await self._client.execute_update_with_start_workflow(
            PointsAdjustment.begin, start_workflow_operation=start, id="begin"
        )
