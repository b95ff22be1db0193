"""The store of outgoing webhooks (database `notifications`): endpoints with their secrets, deliveries with their tries."""

from stores.webhooks.deliveries import DeliveryStore
from stores.webhooks.endpoints import EndpointStore

__all__ = ["DeliveryStore", "EndpointStore"]
