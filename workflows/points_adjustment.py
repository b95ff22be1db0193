"""An operator's word about a buyer's points: `points-adjustment/{key}`."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.points import PointsActivities
    from models.points.messages import AdjustPoints
    from models.points.types import PointsEntry
    from workflows.beginning import MayRefuseToBegin
    from workflows.saga import Saga, is_refusal, unbroken


@workflow.defn(name="PointsAdjustment")
class PointsAdjustment(MayRefuseToBegin):
    """The ledger is in a database and whoever listens is behind Kafka: what is written down here is told, whatever fails.

    The operator is answered as soon as the ledger has the line. A word that is refused changes nothing and ends here.
    """

    @workflow.init
    def __init__(self, ask: AdjustPoints) -> None:
        self._ask = ask
        self._saga = Saga("queue")
        self._entry: PointsEntry | None = None
        self._refused: BaseException | None = None

    @workflow.run
    async def run(self, ask: AdjustPoints) -> PointsEntry | None:
        """The line that the ledger got; None if it was refused. Temporal's own cancel does not stop it."""
        return await unbroken(self._process())

    async def _process(self) -> PointsEntry | None:
        try:
            done = await self._saga.store_call(
                PointsActivities.adjust_points, self._ask, f"{self._ask.delta:+} points for {self._ask.user_id}"
            )
        except ActivityError as error:
            if not is_refusal(error):
                raise
            self._refused = error
        else:
            self._entry = done.entry
            self._saga.announce(done.unannounced)
            await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._entry

    @workflow.update
    async def begin(self) -> PointsEntry:
        """What the operator is told at once: the line of the ledger, or why there is none."""
        await workflow.wait_condition(lambda: self._entry is not None or self._refused is not None)
        if self._refused is not None:
            raise self._refused
        assert self._entry is not None
        return self._entry
