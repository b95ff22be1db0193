"""The only place of the workers that builds concrete stores, channels and clients."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
from redis.asyncio import Redis
from temporalio.client import Client

from activities.announcing import Announcer
from activities.bus import BusActivities
from activities.fulfillment import FulfillmentActivities
from activities.inventory import InventoryActivities
from activities.notifications import NotificationActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.points import PointsActivities
from activities.pricing import Pricing
from activities.promotions import PromotionActivities
from activities.reconciliation import ReconciliationActivities
from activities.reviews import ReviewActivities
from activities.siblings import Siblings
from activities.supplement import SupplementActivities
from activities.webhooks import WebhookActivities
from bus.catalog import known_events
from bus.consumer import Consumer
from bus.publisher import Publisher
from channels.carrier.registry import Carriers
from channels.carrier.sandbox import SandboxCarrier
from channels.notification.sandbox import SandboxNotifier
from channels.payment.registry import payment_channels
from channels.webhook.sender import WebhookSender
from hanse.database import Database
from hanse.keys import LISTS, WEBHOOKS, derived_key
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.telemetry import temporal_runtime
from hanse.temporal import connect
from models.notifications.types import Language
from models.points.types import PointsTerms
from models.shared.time import Clock
from stores.fulfillment import FulfillmentStore
from stores.inventory import InventoryStore
from stores.lists import ListStore
from stores.notifications import NoticeStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.points import PointsStore
from stores.products import ProductStore
from stores.promotions import BenefitStore, CouponStore, PromotionStore, PurchaseLimitStore
from stores.reviews import ReviewStore, WordStore
from stores.users.addresses import Addresses
from stores.users.reaching import Reaching
from stores.webhooks import DeliveryStore, EndpointStore
from workers.listeners import listeners
from workers.queues import Activities


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_worker(settings: Settings, clock: Clock = _utc_now) -> AsyncIterator[tuple[Client, Activities]]:
    """Connect everything a worker needs; closed in reverse order at the end."""
    client = await connect(settings, temporal_runtime(settings))
    async with open_activities(settings, client, clock) as built:
        yield client, built


@asynccontextmanager
async def open_listeners(settings: Settings, client: Client) -> AsyncIterator[Sequence[Consumer]]:
    """The consumer groups that tell people and other systems of events."""
    seal = Seal(derived_key(settings.token_key.get_secret_value().encode(), WEBHOOKS))
    async with Redis.from_url(settings.redis_url) as redis, Publisher(settings.kafka_bootstrap) as publisher:
        notifications = await Database(settings.dsn("notifications")).open()
        try:
            yield listeners(settings, Siblings(client), redis, publisher, EndpointStore(notifications, seal))
        finally:
            await notifications.close()


@asynccontextmanager
async def open_activities(settings: Settings, client: Client, clock: Clock = _utc_now) -> AsyncIterator[Activities]:
    """Every activity class, on real stores and channels."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name)).open()
            stack.push_async_callback(opened.close)
            return opened

        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10, follow_redirects=False))
        publisher = await stack.enter_async_context(Publisher(settings.kafka_bootstrap))
        announcer = Announcer(publisher)
        siblings = Siblings(client)
        orders, inventory = await database("orders"), InventoryStore(await database("inventory"))
        parcels, promotions = FulfillmentStore(orders), await database("promotions")
        points, points_terms = PointsStore(promotions), PointsTerms(**settings.points_terms)
        limits, token_key = PurchaseLimitStore(promotions), settings.token_key.get_secret_value().encode()
        reviews, notifications, users = (
            await database("reviews"),
            await database("notifications"),
            await database("users"),
        )
        sender = WebhookSender(allow_private=settings.webhooks_to_private_addresses)
        stack.push_async_callback(sender.close)
        known_events()  # so that every process can read every event that a workflow is given
        pricing = Pricing(
            ProductStore(await database("products")),
            parcels,
            PromotionStore(promotions),
            CouponStore(promotions),
            limits,
            points,
            points_terms,
        )
        placed, paid = OrderStore(orders), PaymentStore(await database("payments"))
        channels = payment_channels(settings, http, clock)
        yield Activities(
            bus=BusActivities(publisher),
            fulfillment=FulfillmentActivities(parcels, inventory, Carriers(SandboxCarrier()), siblings, announcer),
            inventory=InventoryActivities(inventory, clock, announcer),
            orders=OrderActivities(
                placed,
                pricing,
                Addresses(users),
                ListStore(await database("ops"), derived_key(token_key, LISTS)),
                points,
                announcer,
                clock,
            ),
            notifications=NotificationActivities(
                NoticeStore(notifications),
                Reaching(users),
                placed,
                SandboxNotifier(settings.data_dir),
                Language(settings.notice_language),
                clock,
            ),
            payments=PaymentActivities(
                paid,
                channels,
                siblings,
                announcer,
                clock,
                callback_base=settings.api_url,
                placement=settings.placement,
            ),
            points=PointsActivities(points, announcer, points_terms),
            promotions=PromotionActivities(BenefitStore(promotions), limits, announcer, clock),
            reconciliation=ReconciliationActivities(paid, channels, siblings, clock, placement=settings.placement),
            reviews=ReviewActivities(
                ReviewStore(reviews, WordStore(reviews), reports_to_hold=settings.review_reports_to_hold), announcer
            ),
            supplement=SupplementActivities(paid, placed, channels, siblings, clock, placement=settings.placement),
            webhooks=WebhookActivities(
                EndpointStore(notifications, Seal(derived_key(token_key, WEBHOOKS))),
                DeliveryStore(notifications, disable_after=settings.webhook_disable_after),
                sender,
                announcer,
                clock,
            ),
        )
