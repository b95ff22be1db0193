"""Telling the world what happened."""

from temporalio import activity

from bus.publisher import Publisher
from models.shared.events import EventBatch


class BusActivities:
    """Publishes for workflows. There is no undo: what was told happened."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    @activity.defn(name="bus.publish_events")
    async def publish_events(self, batch: EventBatch) -> None:
        """Kafka has all events of the batch when this returns; a retry may publish some twice, under the same ids."""
        await self._publisher.publish(batch.events)
