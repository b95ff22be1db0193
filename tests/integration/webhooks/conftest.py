"""A shop that sends webhooks, and a system that receives them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from activities.announcing import Announcer
from activities.webhooks import WebhookActivities
from channels.webhook.sender import WebhookSender
from hanse.database import Database
from hanse.sealing import Seal
from models.orders.events import OrderPaid
from models.shared.ids import OrderId, UserId, WebhookDeliveryId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.messages import DeliveryInput, Tried, TryDelivery
from models.webhooks.rules import message_for
from models.webhooks.types import Delivery, Endpoint, EndpointTerms
from stores.webhooks import DeliveryStore, EndpointStore
from tests.conftest import OpenDatabase
from tests.integration.inventory.over_http import Listener
from tests.integration.webhooks.receiver import Receiver, receiving

SECRET = bytes(range(32))


@dataclass
class Sending:
    """The stores, the sender and a clock."""

    endpoints: EndpointStore
    deliveries: DeliveryStore
    steps: WebhookActivities
    listener: Listener
    db: Database
    receiver: Receiver
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def endpoint(self, url: str = "", *event_types: str) -> Endpoint:
        endpoint_id = WebhookEndpointId.derive(self.now, url, *event_types, str(len(self.receiver.got)))
        terms = EndpointTerms(url=url or self.receiver.url, event_types=event_types)
        return await self.endpoints.register(endpoint_id, terms, SECRET, UserId.derive(self.now, "olga"), self.now)

    def message(self, endpoint: Endpoint, name: str = "order") -> DeliveryInput:
        event = OrderPaid(
            occurred_at=self.now,
            order_id=OrderId.derive(self.now, name),
            user_id=UserId.derive(self.now, "anna"),
            total=Money(minor=36_800),
            lines=(),
        )
        message = message_for(event, "/hanse/orders")
        delivery_id = WebhookDeliveryId.derive(self.now, endpoint.endpoint_id, name)
        return DeliveryInput(
            delivery_id=delivery_id, endpoint_id=endpoint.endpoint_id, message=message, asked_at=self.now
        )

    async def send(self, delivery: DeliveryInput, number: int = 1, *, last: bool = False) -> Tried:
        return await self.steps.try_delivery(TryDelivery(delivery=delivery, number=number, last=last))

    async def logged(self, delivery: DeliveryInput) -> Delivery:
        return await self.deliveries.get(delivery.delivery_id)

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
async def sending(database: OpenDatabase) -> AsyncIterator[Sending]:
    db, listener, sender = await database("notifications"), Listener(), WebhookSender(allow_private=True)
    endpoints, deliveries = EndpointStore(db, Seal(bytes(32))), DeliveryStore(db)
    async with receiving() as receiver:
        steps = WebhookActivities(endpoints, deliveries, sender, Announcer(listener), lambda: shop.now)
        shop = Sending(endpoints, deliveries, steps, listener, db, receiver)
        yield shop
    await sender.close()
