"""The smallest process that crosses every border: one activity, which asks a database and tells Kafka."""

from datetime import timedelta

from temporalio import workflow


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
