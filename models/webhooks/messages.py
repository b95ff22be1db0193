"""What is asked of outgoing webhooks, as it travels through Temporal."""

from datetime import timedelta
from enum import StrEnum

from models.shared import Frozen, Instant
from models.shared.events import AnyEvent
from models.shared.ids import WebhookDeliveryId, WebhookEndpointId
from models.webhooks.types import Message


class DeliveryInput(Frozen):
    """One message on its way to one endpoint."""

    delivery_id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    message: Message
    asked_at: Instant


class TryDelivery(Frozen):
    """Send it once more. `last`: no other try will follow."""

    delivery: DeliveryInput
    number: int
    last: bool


class Next(StrEnum):
    """What is to be done after a try."""

    NOTHING = "nothing"
    TRY_AGAIN = "try_again"


class Tried(Frozen):
    """How a try went. `not_before`: what the receiver asked for."""

    next: Next
    says: str
    not_before: timedelta | None = None
    unannounced: tuple[AnyEvent, ...] = ()


def delivery_workflow_id(delivery_id: WebhookDeliveryId, again: str = "") -> str:
    """The workflow id of a delivery; sent again by hand, it has another one."""
    return f"webhook/{delivery_id}" + (f"/{again}" if again else "")
