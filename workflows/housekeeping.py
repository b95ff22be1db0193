"""What was kept long enough is removed: `housekeeping-…`, started every day by a schedule."""

from collections import Counter

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.housekeeping import HousekeepingActivities
    from models.housekeeping.messages import HousekeepingInput, Housekept, Sweep
    from models.housekeeping.types import Chore
    from workflows.options import LONG_CALL, SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue

_BATCHES_IN_A_RUN = 20
"""Then it goes on in a new run, so that the history of a large shop stays small."""


@workflow.defn(name="Housekeeping")
class Housekeeping:
    """Chore by chore, batch by batch. A chore that fails is left to the next run; the others are done all the same."""

    @workflow.init
    def __init__(self, start: HousekeepingInput) -> None:
        self._at = start.at or workflow.now()
        self._left = list(start.chores)
        self._removed = Counter(start.removed)
        self._undone = list(start.undone)
        self._batches = 0

    @workflow.run
    async def run(self, start: HousekeepingInput) -> Housekept:
        """How many of each were removed, and what could not be."""
        while self._left:
            if self._batches == _BATCHES_IN_A_RUN:
                workflow.continue_as_new(
                    start.model_copy(
                        update={
                            "at": self._at,
                            "chores": tuple(self._left),
                            "removed": dict(self._removed),
                            "undone": tuple(self._undone),
                        }
                    )
                )
            if not await self._removed_a_full_batch(self._left[0]):
                self._left.pop(0)
        return Housekept(removed=dict(self._removed), undone=tuple(self._undone))

    async def _removed_a_full_batch(self, chore: Chore) -> bool:
        self._batches += 1
        try:
            swept = await workflow.execute_activity_method(
                HousekeepingActivities.sweep,
                Sweep(chore=chore, at=self._at),
                task_queue=TaskQueue.AUDIT,
                start_to_close_timeout=LONG_CALL,
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=SEVERAL_TIMES,
                summary=f"remove {chore}, batch {self._batches}",
            )
        except ActivityError as fault:
            workflow.logger.error("%s could not be removed; the next run goes on", chore, exc_info=fault)
            workflow.metric_meter().create_counter("hanse_housekeeping_undone").add(1, {"chore": chore.value})
            self._undone.append(chore)
            return False
        workflow.metric_meter().create_counter("hanse_housekeeping_removed").add(swept.removed, {"chore": chore.value})
        self._removed[chore] += swept.removed
        workflow.set_current_details(self.progress())
        return swept.more

    @workflow.query
    def progress(self) -> str:
        """What this run has removed, in words."""
        told = ", ".join(f"{count} {chore.replace('_', ' ')}" for chore, count in self._removed.items())
        return f"removed: {told or 'nothing yet'}"
