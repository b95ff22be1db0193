"""What consumer groups do about events: those that came together become one small workflow, or each becomes one for each endpoint."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from models.notifications.messages import TellBatch, TellPeople
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
    """Starts one `Notify` for all events of a batch."""

    def __init__(self, siblings: "Siblings") -> None:
        self._siblings = siblings

    def kinds(self, known: Mapping[str, type[Event]]) -> Sequence[type[Event]]:
        """The events among these that have a cause; the others start nothing."""
        return [kind for name, kind in known.items() if name in CAUSES]

    async def tell(self, envelopes: "Sequence[Envelope]") -> None:
        """Once a batch, by the workflow's id; an event that is in another batch, too, is told once by the store's word."""
        tellings = tuple(TellPeople(source=envelope.source, event=envelope.event) for envelope in envelopes)
        await self._siblings.start_notify(TellBatch(tellings=tellings))


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
