"""Telling the world what happened."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.shared.events import EventBatch

if TYPE_CHECKING:
    from bus.publisher import Publisher


class BusActivities:
    """Publishes for workflows. There is no undo: what was told happened."""

    def __init__(self, publisher: "Publisher") -> None:
        self._publisher = publisher

    @activity.defn(name="bus.publish_events")
    async def publish_events(self, batch: EventBatch) -> None:
        """Kafka has all events of the batch when this returns; a retry may publish some twice, under the same ids."""
        await self._publisher.publish(batch.events)
