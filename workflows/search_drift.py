"""Index and catalogue are compared and brought together: `search-drift-…`, by a schedule.

Nothing should be found here: `CatalogSync` follows every change. What is found was lost by a restored backup, a hand in the
database or a mistake in code, so it is counted, and an alert asks somebody to find out which.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.search import SearchActivities
    from models.search.messages import (
        CompareStretch,
        DriftInput,
        DriftRepaired,
        RepairDrift,
        StretchCompared,
    )
    from workflows.options import LONG_CALL, SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue

_STRETCH = 5_000
_STRETCHES_IN_A_RUN = 100
_SECOND_LOOK = timedelta(seconds=10)
"""What is just being followed looks like drift; after this it does not."""


@workflow.defn(name="SearchDrift")
class SearchDrift:
    """One comparison of everything. A fault that stays is left to the next run."""

    @workflow.init
    def __init__(self, start: DriftInput) -> None:
        self._now = start

    @workflow.run
    async def run(self, start: DriftInput) -> DriftInput:
        """What was compared and repaired."""
        for _ in range(_STRETCHES_IN_A_RUN):
            found = await self._compared()
            repaired = await self._repaired(found) if found.drifted else 0
            self._now = DriftInput(
                after=found.after,
                compared=self._now.compared + found.compared,
                repaired=self._now.repaired + repaired,
            )
            workflow.set_current_details(f"{self._now.compared:,} compared, **{self._now.repaired:,}** repaired")
            if found.after is None:
                break
        else:
            workflow.continue_as_new(self._now)
        return self._now

    async def _compared(self) -> StretchCompared:
        return await workflow.execute_activity_method(
            SearchActivities.compare_stretch,
            CompareStretch(after=self._now.after, most=_STRETCH),
            task_queue=TaskQueue.SEARCH,
            start_to_close_timeout=LONG_CALL,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=SEVERAL_TIMES,
            summary="compare index and catalogue",
        )

    async def _repaired(self, found: StretchCompared) -> int:
        await workflow.sleep(_SECOND_LOOK, summary="before a second look at what seems to differ")
        done: DriftRepaired = await workflow.execute_activity_method(
            SearchActivities.repair_drift,
            RepairDrift(products=found.drifted),
            task_queue=TaskQueue.SEARCH,
            start_to_close_timeout=LONG_CALL,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=SEVERAL_TIMES,
            summary=f"look again at {len(found.drifted)} products and repair them",
        )
        if done.repaired:
            workflow.metric_meter().create_counter("hanse_search_drift_repaired").add(done.repaired)
            workflow.logger.error("%d products had drifted apart in the index and were repaired", done.repaired)
        return done.repaired
