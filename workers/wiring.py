"""The only place of the workers that builds concrete stores, channels and clients."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
from redis.asyncio import Redis
from temporalio.client import Client

from activities.aftersales import AftersaleActivities
from activities.announcing import Announcer
from activities.auditing import AuditActivities, Auditor
from activities.bus import BusActivities
from activities.documents import CatalogueReader
from activities.following import Following
from activities.fulfillment import FulfillmentActivities
from activities.housekeeping import HousekeepingActivities
from activities.inventory import InventoryActivities
from activities.notifications import NotificationActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.points import PointsActivities
from activities.pricing import Pricing
from activities.products import ProductsActivities
from activities.promotions import PromotionActivities
from activities.rankings import RankingsActivities
from activities.reconciliation import ReconciliationActivities
from activities.reports import Reports
from activities.reviews import ReviewActivities
from activities.search import SearchActivities
from activities.siblings import Siblings
from activities.supplement import SupplementActivities
from activities.tracking import TrackingActivities
from activities.webhooks import WebhookActivities
from bus.catalog import known_events
from bus.publisher import Publisher
from channels.carrier.registry import carriers_of
from channels.notification.sandbox import SandboxNotifier
from channels.payment.registry import payment_channels
from channels.webhook.sender import WebhookSender
from hanse.blobs import open_blobs
from hanse.caching import ReadThrough
from hanse.database import Database
from hanse.keys import LISTS, WEBHOOKS, derived_key
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.telemetry import temporal_runtime
from hanse.temporal import connect
from models.aftersales.types import AutomaticTerms
from models.housekeeping.types import Keeping
from models.notifications.types import Language
from models.points.types import PointsTerms
from models.shared.time import Clock
from search.configured import open_engine
from stores.aftersales import AftersaleStore, EvidenceStore
from stores.fulfillment import FulfillmentStore
from stores.idempotency import IdempotencyStore
from stores.inventory import InventoryStore
from stores.lists import ListStore
from stores.notifications import NoticeStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.points import PointsStore
from stores.products import CatalogueCopies, InStepStore, ListingStore, MediaStore, ProductStore
from stores.promotions import BenefitStore, CouponStore, PromotionStore, PurchaseLimitStore
from stores.reviews import ReviewPictures, ReviewStore, WordStore
from stores.search import RankingStore
from stores.users.addresses import Addresses
from stores.users.old_sessions import OldSessions
from stores.users.reaching import Reaching
from stores.webhooks import DeliveryStore, EndpointStore
from workers.queues import Activities


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[tuple[Client, Activities]]:
    """Connect everything a worker needs; closed in reverse order at the end."""
    client = await connect(settings, temporal_runtime(settings))
    async with open_activities(settings, client) as built:
        yield client, built


@asynccontextmanager
async def open_activities(settings: Settings, client: Client, clock: Clock = _utc_now) -> AsyncIterator[Activities]:
    """Every activity class, on real stores and channels."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            return await stack.enter_async_context(Database(settings.dsn(name)))

        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10, follow_redirects=False))
        publisher = await stack.enter_async_context(Publisher(settings.kafka_bootstrap))
        announcer = Announcer(publisher)
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        siblings = Siblings(client)
        orders, inventory = await database("orders"), InventoryStore(await database("inventory"))
        parcels, promotions = FulfillmentStore(orders), await database("promotions")
        points, points_terms = PointsStore(promotions), PointsTerms(**settings.points_terms)
        limits, token_key = PurchaseLimitStore(promotions), settings.token_key.get_secret_value().encode()
        products = await database("products")
        listing, in_step = ListingStore(products), InStepStore(products)
        rankings = RankingStore(redis)
        following = Following(client, listing)
        catalogue = CatalogueReader(
            listing, inventory, clock, lambda spu_ids: rankings.sales_if_known(spu_ids, clock())
        )
        engine = await stack.enter_async_context(open_engine(settings))
        reviews, notifications, users = (
            await database("reviews"),
            await database("notifications"),
            await database("users"),
        )
        sender = WebhookSender(allow_private=settings.webhooks_to_private_addresses)
        stack.push_async_callback(sender.close)
        known_events()  # so that every process can read every event that a workflow is given
        pricing = Pricing(
            ProductStore(products),
            parcels,
            PromotionStore(promotions),
            CouponStore(promotions),
            limits,
            points,
            points_terms,
        )
        placed, paid = OrderStore(orders), PaymentStore(await database("payments"))
        aftersales, ops = await database("aftersales"), await database("ops")
        cases, review_store = (
            AftersaleStore(aftersales),
            ReviewStore(reviews, WordStore(reviews), reports_to_hold=settings.review_reports_to_hold),
        )
        auditor = Auditor(
            client=client,
            orders=placed,
            parcels=parcels,
            inventory=inventory,
            payments=paid,
            promotions=PromotionStore(promotions),
            coupons=CouponStore(promotions),
            benefits=BenefitStore(promotions),
            points=points,
            cases=cases,
            reviews=review_store,
        )
        deliveries = DeliveryStore(notifications, disable_after=settings.webhook_disable_after)
        media = open_blobs(settings, "media")
        housekeeping = HousekeepingActivities(
            Keeping(**settings.keeping),
            notices=NoticeStore(notifications),
            deliveries=deliveries,
            review_pictures=ReviewPictures(reviews, media),
            media=MediaStore(products, media),
            evidence=EvidenceStore(aftersales, open_blobs(settings, "evidence")),
            requests=IdempotencyStore(ops),
            sessions=OldSessions(users),
        )
        channels, carriers = payment_channels(settings, http, clock), carriers_of(settings, http, clock)
        yield Activities(
            aftersales=AftersaleActivities(
                cases,
                siblings,
                announcer,
                AutomaticTerms(**settings.aftersale_automatic),
            ),
            audit=AuditActivities(auditor, clock),
            bus=BusActivities(publisher),
            fulfillment=FulfillmentActivities(parcels, inventory, carriers, siblings, announcer),
            housekeeping=housekeeping,
            inventory=InventoryActivities(inventory, clock, announcer, siblings, following.stock_turned),
            orders=OrderActivities(
                placed,
                pricing,
                Addresses(users),
                ListStore(ops, derived_key(token_key, LISTS)),
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
            products=ProductsActivities(catalogue, in_step, publisher),
            promotions=PromotionActivities(BenefitStore(promotions), limits, announcer, clock),
            rankings=RankingsActivities(rankings, engine),
            reconciliation=ReconciliationActivities(paid, channels, siblings, clock, placement=settings.placement),
            reviews=ReviewActivities(review_store, announcer),
            search=SearchActivities(catalogue, engine, in_step, following, CatalogueCopies(ReadThrough(redis))),
            tracking=TrackingActivities(parcels, Reports(parcels, siblings), carriers, siblings, clock),
            supplement=SupplementActivities(paid, placed, channels, siblings, clock, placement=settings.placement),
            webhooks=WebhookActivities(
                EndpointStore(notifications, Seal(derived_key(token_key, WEBHOOKS))),
                deliveries,
                sender,
                announcer,
                clock,
            ),
        )
