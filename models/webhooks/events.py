"""What the shop tells about its webhooks."""

from models.shared.events import Event
from models.shared.ids import WebhookEndpointId


class WebhookEndpointDisabled(Event):
    """An endpoint failed for days, or said that it is gone: it is told nothing any more until an operator enables it."""

    type = "hanse.webhooks.endpoint_disabled.v1"
    identity = ("endpoint_id", "occurred_at")
    ordered_by = "endpoint_id"

    endpoint_id: WebhookEndpointId
    why: str
    """`gone` or `failing`."""
