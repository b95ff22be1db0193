"""The smallest process that crosses every border: one activity, which asks a database and tells Kafka."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.bus import BusActivities
    from models.shared.events import EventBatch


@workflow.defn
class Telling:
    @workflow.run
    async def run(self, order_id: str) -> str:
        told: str = await workflow.execute_activity(
            "store_and_tell",
            order_id,
            result_type=str,
            start_to_close_timeout=timedelta(seconds=20),
        )
        return told


@workflow.defn
class Announcing:
    @workflow.run
    async def run(self, batch: EventBatch) -> None:
        await workflow.execute_activity_method(
            BusActivities.publish_events, batch, start_to_close_timeout=timedelta(seconds=20)
        )
