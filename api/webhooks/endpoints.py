"""Who outside is told of events: https addresses of the public internet, each with its own secret.

The POSTs here take no Idempotency-Key: their answers bear a secret, and remembered answers lie in a database in the clear.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.webhooks.schemas import EndpointWithSecret, RotateRequest
from api.wiring import Services
from bus.catalog import known_events
from models.shared.ids import WebhookEndpointId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from models.webhooks.errors import EventTypeUnknown, WebhookTargetForbidden
from models.webhooks.rules import SECRET_BYTES, check_filters, check_url, shown_secret
from models.webhooks.types import Endpoint, EndpointTerms

router = APIRouter(prefix="/v1/operators/webhooks", tags=["operators"])
WebhookOperator = Annotated[Identity, operator("ops")]
READ = (NotAuthenticated, PermissionMissing)
_TERMS = (WebhookTargetForbidden, EventTypeUnknown)
EDIT = (*READ, NotFound, IfMatchMissing, StaleVersion, InvalidRequest)


def _check(shop: Services, terms: EndpointTerms) -> None:
    check_url(terms.url, allow_private=shop.settings.webhooks_to_private_addresses)
    check_filters(terms.event_types, known_events())


@router.post("", status_code=201, summary="Register a webhook endpoint", responses=refusals(*READ, *_TERMS))
async def register_endpoint(
    ask: EndpointTerms, who: WebhookOperator, response: Response, shop: Wired, trail: Audit
) -> EndpointWithSecret:
    """It is told of events from now on: at least once, not in order, for three days while it does not answer with 2xx.

    Signed by the rules of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). The secret is shown in
    this answer only.
    """
    now = shop.clock()
    endpoint_id = WebhookEndpointId.mint(now, secrets.token_bytes(10))
    async with trail.action(who, "webhooks.register", endpoint_id, url=ask.url, event_types=list(ask.event_types)):
        _check(shop, ask)
        secret = secrets.token_bytes(SECRET_BYTES)
        endpoint = await shop.endpoints.register(endpoint_id, ask, secret, who.user_id, now)
    set_etag(response, endpoint.version)
    return EndpointWithSecret(endpoint=endpoint, secret=shown_secret(secret))


@router.get("", summary="Webhook endpoints", responses=refusals(*READ, InvalidRequest))
async def list_endpoints(
    _who: WebhookOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[Endpoint]:
    """Newest first, disabled ones, too."""
    found = await shop.endpoints.page(shop.clock(), limit=limit + 1, before=read_cursor(cursor, WebhookEndpointId))
    return page(found, limit, lambda endpoint: endpoint.endpoint_id, lambda endpoint: endpoint)


@router.get("/event-types", summary="Every type of event", responses=refusals(*READ))
async def list_event_types(_who: WebhookOperator) -> list[str]:
    """What an endpoint can be told of; /asyncapi.json says what each carries."""
    return sorted(known_events())


@router.get("/{endpoint_id}", summary="A webhook endpoint", responses=refusals(*READ, NotFound))
async def show_endpoint(
    endpoint_id: WebhookEndpointId, _who: WebhookOperator, response: Response, shop: Wired
) -> Endpoint:
    """Whether it is enabled, since when it fails, how many secrets sign; its ETag is what an edit must name."""
    endpoint = await shop.endpoints.get(endpoint_id, shop.clock())
    set_etag(response, endpoint.version)
    return endpoint


@router.put("/{endpoint_id}", summary="Revise a webhook endpoint", responses=refusals(*EDIT, *_TERMS))
async def revise_endpoint(
    endpoint_id: WebhookEndpointId,
    ask: EndpointTerms,
    version: ExpectedVersion,
    who: WebhookOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Endpoint:
    """Also how it is disabled, and enabled again after it failed. What it missed meanwhile can be sent again."""
    async with trail.action(who, "webhooks.revise", endpoint_id, **ask.model_dump(mode="json")):
        _check(shop, ask)
        endpoint = await shop.endpoints.revise(endpoint_id, version, ask, shop.clock())
    set_etag(response, endpoint.version)
    return endpoint


@router.post("/{endpoint_id}/secrets", status_code=201, summary="Rotate the secret", responses=refusals(*EDIT))
async def rotate_secret(
    endpoint_id: WebhookEndpointId,
    ask: RotateRequest,
    version: ExpectedVersion,
    who: WebhookOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> EndpointWithSecret:
    """The new one signs from now on; while the old ones overlap, every message bears a signature of each. Shown now only."""
    async with trail.action(who, "webhooks.rotate_secret", endpoint_id, overlap_hours=ask.overlap_hours):
        secret = secrets.token_bytes(SECRET_BYTES)
        endpoint = await shop.endpoints.rotate(endpoint_id, version, secret, ask.overlap, shop.clock())
    set_etag(response, endpoint.version)
    return EndpointWithSecret(endpoint=endpoint, secret=shown_secret(secret))
