"""Points whose time has passed are written off: `points-expiry`, started every day by a schedule."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.points import PointsActivities
    from models.points.messages import ExpirePoints, ExpiryRun
    from workflows.saga import Saga

_BATCHES_IN_A_RUN = 20
"""Then it goes on in a new run, so that the history of a large shop stays small."""


@workflow.defn(name="PointsExpiry")
class PointsExpiry:
    """Batch by batch, until nothing is due any more.

    Nobody needs this to see or spend what is right: reading passes over expired points and spending writes off its own. It
    is for the ledger, and for whoever listens. A batch has its number, so a repeated one tells what it told before.
    """

    @workflow.init
    def __init__(self, start: ExpiryRun) -> None:
        self._at = start.at or workflow.now()
        self._batch = start.batch
        self._written = start.written
        self._saga = Saga("queue")

    @workflow.run
    async def run(self, start: ExpiryRun) -> int:
        """How many lots were written off."""
        while await self._wrote_a_batch():
            if self._batch - start.batch == _BATCHES_IN_A_RUN:
                await self._saga.announced()
                workflow.continue_as_new(ExpiryRun(at=self._at, batch=self._batch, written=self._written))
        await self._saga.announced()
        return self._written

    async def _wrote_a_batch(self) -> bool:
        done = await self._saga.store_call(
            PointsActivities.expire_due,
            ExpirePoints(at=self._at, batch=self._batch),
            f"write off points that expired, batch {self._batch + 1}",
        )
        self._saga.announce(done.unannounced)
        self._batch += 1
        self._written += done.written
        workflow.set_current_details(
            f"**{self._written}** lots written off that expired until {self._at:%Y-%m-%d %H:%M} UTC"
        )
        return done.written > 0

    @workflow.query
    def progress(self) -> str:
        """Where this run stands, in words."""
        return f"{self._written} lots written off in {self._batch} batches"
