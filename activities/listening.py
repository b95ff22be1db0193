"""What consumer groups do about events: each event becomes one small workflow, or one for each endpoint, once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.notifications.messages import TellPeople
from models.notifications.rules import CAUSES
from models.shared.events import Event
from models.shared.ids import WebhookDeliveryId
from models.webhooks.messages import DeliveryInput
from models.webhooks.rules import message_for

if TYPE_CHECKING:
    from activities.siblings import Siblings
    from bus.consumer import Handler
    from bus.envelope import Envelope
    from stores.webhooks import EndpointStore

NOTICES, WEBHOOKS = "notices", "webhooks"
"""Consumer groups."""


class NoticeStarter:
    """Starts `Notify` for each event that somebody is told of."""

    def __init__(self, siblings: "Siblings") -> None:
        self._siblings = siblings

    def handlers(self, known: Mapping[str, type[Event]]) -> dict[type[Event], "Handler"]:
        """For the events among these that have a cause."""
        return {kind: self.tell for name, kind in known.items() if name in CAUSES}

    async def tell(self, envelope: "Envelope") -> None:
        """Once an event, however often it arrives: the workflow's id is the event's."""
        await self._siblings.start_notify(TellPeople(source=envelope.source, event=envelope.event))


class WebhookStarter:
    """Starts `WebhookDelivery` for each event and each endpoint that is told of it."""

    def __init__(self, siblings: "Siblings", endpoints: "EndpointStore") -> None:
        self._siblings = siblings
        self._endpoints = endpoints

    def handlers(self, known: Mapping[str, type[Event]]) -> dict[type[Event], "Handler"]:
        """For every event there is."""
        return dict.fromkeys(known.values(), self.deliver)

    async def deliver(self, envelope: "Envelope") -> None:
        """Once an event and endpoint, however often the event arrives. An endpoint registered later is not told."""
        event = envelope.event
        message = message_for(event, envelope.source)
        for endpoint_id in await self._endpoints.wanting(event.type):
            delivery_id = WebhookDeliveryId.derive(event.occurred_at, endpoint_id, message.message_id)
            await self._siblings.start_webhook(
                DeliveryInput(
                    delivery_id=delivery_id, endpoint_id=endpoint_id, message=message, asked_at=event.occurred_at
                )
            )
