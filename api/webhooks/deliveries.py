"""The delivery log of an endpoint, and sending again what it did not get."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.webhooks.endpoints import READ, WebhookOperator
from api.webhooks.schemas import DeliveryWithAttempts, Redelivered, RedeliverRequest
from api.wiring import Services
from models.shared.ids import WebhookDeliveryId, WebhookEndpointId
from models.shared.refusals import InvalidRequest, NotFound
from models.shared.time import Instant
from models.webhooks.errors import WebhookDisabled
from models.webhooks.messages import DeliveryInput
from models.webhooks.types import Delivery, DeliveryState

reading = APIRouter(prefix="/v1/operators/webhooks/{endpoint_id}", tags=["operators"])
sending = idempotent_router(prefix="/v1/operators/webhooks/{endpoint_id}", tags=["operators"])
_AT_ONCE = 200


@reading.get("/deliveries", summary="What was sent to an endpoint", responses=refusals(*READ, InvalidRequest))
async def list_deliveries(
    endpoint_id: WebhookEndpointId,
    _who: WebhookOperator,
    shop: Wired,
    state: Annotated[list[DeliveryState] | None, Query(description="Only in these states.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Delivery]:
    """Newest first, with what was said and how it fared."""
    found = await shop.deliveries.page(
        endpoint_id, limit=limit + 1, before=read_cursor(cursor, WebhookDeliveryId), states=state or ()
    )
    return page(found, limit, lambda delivery: delivery.delivery_id, lambda delivery: delivery)


@reading.get("/deliveries/{delivery_id}", summary="A delivery and its tries", responses=refusals(*READ, NotFound))
async def show_delivery(
    endpoint_id: WebhookEndpointId, delivery_id: WebhookDeliveryId, _who: WebhookOperator, shop: Wired
) -> DeliveryWithAttempts:
    """Each try with its status, how long it took and how the answer began."""
    delivery = await _delivery(shop, endpoint_id, delivery_id)
    return DeliveryWithAttempts(delivery=delivery, attempts=tuple(await shop.deliveries.attempts(delivery_id)))


@sending.post(
    "/deliveries/{delivery_id}/again",
    status_code=202,
    summary="Send a delivery again",
    responses=refusals(*READ, NotFound, WebhookDisabled),
)
async def redeliver(
    endpoint_id: WebhookEndpointId,
    delivery_id: WebhookDeliveryId,
    who: WebhookOperator,
    errand: Once,
    shop: Wired,
    trail: Audit,
) -> Redelivered:
    """The same bytes under the same `webhook-id`, also when it was delivered: a receiver that has it knows it."""
    async with trail.action(who, "webhooks.redeliver", endpoint_id, delivery_id=delivery_id):
        await _check_enabled(shop, endpoint_id)
        delivery = await _delivery(shop, endpoint_id, delivery_id)
        await _send_again(shop, [delivery], errand.key, errand.first_seen_at)
    return Redelivered(deliveries=1, more=False)


@sending.post(
    "/redeliveries",
    status_code=202,
    summary="Send again what an endpoint missed",
    responses=refusals(*READ, NotFound, WebhookDisabled),
)
async def redeliver_since(
    endpoint_id: WebhookEndpointId,
    ask: RedeliverRequest,
    who: WebhookOperator,
    errand: Once,
    shop: Wired,
    trail: Audit,
) -> Redelivered:
    """Everything that failed or was dropped and happened since then, 200 at a time, the oldest first."""
    async with trail.action(who, "webhooks.redeliver_since", endpoint_id, since=ask.since.isoformat()):
        await _check_enabled(shop, endpoint_id)
        missed = await shop.deliveries.ended_since(endpoint_id, ask.since, _AT_ONCE + 1)
        await _send_again(shop, missed[:_AT_ONCE], errand.key, errand.first_seen_at)
    return Redelivered(deliveries=min(len(missed), _AT_ONCE), more=len(missed) > _AT_ONCE)


async def _delivery(shop: Services, endpoint_id: WebhookEndpointId, delivery_id: WebhookDeliveryId) -> Delivery:
    delivery = await shop.deliveries.get(delivery_id)
    if delivery.endpoint_id != endpoint_id:
        raise NotFound(f"There is no delivery {delivery_id} to this endpoint.")
    return delivery


async def _check_enabled(shop: Services, endpoint_id: WebhookEndpointId) -> None:
    endpoint = await shop.endpoints.get(endpoint_id, shop.clock())
    if not endpoint.terms.enabled:
        raise WebhookDisabled("Enable the endpoint first; nothing is sent to one that is disabled.")


async def _send_again(shop: Services, deliveries: list[Delivery], key: str, at: Instant) -> None:
    """Each by a process of its own, which starts once a key."""
    for delivery in deliveries:
        wish = DeliveryInput(
            delivery_id=delivery.delivery_id, endpoint_id=delivery.endpoint_id, message=delivery.message, asked_at=at
        )
        await shop.siblings.start_webhook(wish, again=key)
