"""The only place of the api that builds concrete stores and clients."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from redis.asyncio import Redis
from temporalio.client import Client

from activities.following import Following
from activities.pricing import Pricing
from activities.reports import Reports
from activities.siblings import Siblings
from api.credentials.account_keys import AccountKeys
from api.credentials.passwords import PasswordHasher
from api.credentials.tokens import AccessTokens
from api.showcase.finding import Finder
from api.showcase.ranked import Rankings
from api.showcase.shelf import Shelf
from api.showcase.views import Views
from bus.publisher import Publisher
from channels.carrier.registry import Carriers, carriers_of
from channels.notification.contract import Notifier
from channels.notification.sandbox import SandboxNotifier
from channels.payment.registry import PaymentChannels, payment_channels
from hanse.blobs import open_blobs
from hanse.caching import ReadThrough
from hanse.database import Database
from hanse.keys import LISTS, WEBHOOKS, derived_key
from hanse.sealing import Seal
from hanse.settings import Settings
from hanse.temporal import connect
from models.points.types import PointsTerms
from models.shared.time import Clock
from search.configured import open_engine
from stores.aftersales import AftersaleStore, EvidenceStore
from stores.audit_log import AuditLog
from stores.cart import CartStore
from stores.fulfillment import FulfillmentStore
from stores.idempotency import IdempotencyStore
from stores.inventory import InventoryStore
from stores.lists import ListStore
from stores.notifications import NoticeStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.points import PointsStore
from stores.products import (
    BulkStore,
    CatalogueCopies,
    CatalogueStore,
    ListingStore,
    MediaStore,
    ProductStore,
    TaxonomyStore,
)
from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore
from stores.reviews import ReviewPictures, ReviewStore, WordStore
from stores.search import RankingStore
from stores.users import UsersStore
from stores.webhooks import DeliveryStore, EndpointStore


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """Everything a handler may use, built once per process."""

    settings: Settings
    clock: Clock
    temporal: Client
    redis: Redis
    idempotency: IdempotencyStore
    audit_log: AuditLog
    inventory: InventoryStore
    orders: OrderStore
    fulfillment: FulfillmentStore
    payments: PaymentStore
    payment_channels: PaymentChannels
    points: PointsStore
    aftersales: AftersaleStore
    evidence: EvidenceStore
    """Pictures of after-sales; never served to everybody."""
    carriers: Carriers
    reports: Reports
    """Takes in what carriers say."""
    siblings: Siblings
    """Starts and tells sagas by name; for what is asked of a saga and answered, `temporal`."""
    following: Following
    """Has search index and listeners follow what changes in the catalogue."""
    users: UsersStore
    carts: CartStore
    passwords: PasswordHasher
    access_tokens: AccessTokens
    account_keys: AccountKeys
    notifier: Notifier
    outbox: SandboxNotifier
    """Where the sandbox channel keeps what it sent."""
    products: ProductStore
    """Reads of the catalogue; the four below change it."""
    shelf: Shelf
    """What buyers are shown of it, from caches; told of every change."""
    views: Views
    finder: Finder
    """Search as buyers meet it."""
    rankings: Rankings
    catalogue: CatalogueStore
    taxonomy: TaxonomyStore
    media: MediaStore
    bulk: BulkStore
    promotions: PromotionStore
    purchase_limits: PurchaseLimitStore
    coupons: CouponStore
    pricing: Pricing
    """What a basket costs, by the rules that checkout goes by."""
    reviews: ReviewStore
    review_pictures: ReviewPictures
    words: WordStore
    """What reviews are read for."""
    notices: NoticeStore
    endpoints: EndpointStore
    deliveries: DeliveryStore
    """Outgoing webhooks: who is told, and the log."""
    lists: ListStore
    """Who may not order, and who always may."""


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock = _utc_now) -> AsyncIterator[Services]:
    """Connect everything; closed in reverse order at the end."""
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            return await stack.enter_async_context(Database(settings.dsn(name)))

        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        passwords = PasswordHasher()
        stack.callback(passwords.close)
        token_key = settings.token_key.get_secret_value().encode()
        outbox = SandboxNotifier(settings.data_dir)
        ops = await database("ops")
        products = await database("products")
        orders = await database("orders")
        users = await database("users")
        promotions = await database("promotions")
        blobs = open_blobs(settings, "media")
        reviews = await database("reviews")
        words = WordStore(reviews)
        notifications = await database("notifications")
        catalogue_reads, parcels = ProductStore(products), FulfillmentStore(orders)
        points, limits, coupons = PointsStore(promotions), PurchaseLimitStore(promotions), CouponStore(promotions)
        rules, points_terms = PromotionStore(promotions), PointsTerms(**settings.points_terms)
        temporal = await connect(settings, lazy=True)
        aftersales = await database("aftersales")
        siblings = Siblings(temporal)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10, follow_redirects=False))
        taxonomy, inventory = TaxonomyStore(products), InventoryStore(await database("inventory"))
        publisher = await stack.enter_async_context(Publisher(settings.kafka_bootstrap, timeout_seconds=3))
        views = Views(publisher, clock)
        stack.push_async_callback(views.tell)
        shelf = Shelf(catalogue_reads, taxonomy, inventory, CatalogueCopies(ReadThrough(redis)), clock)
        await shelf.warm()
        engine = await stack.enter_async_context(open_engine(settings))

        yield Services(
            settings=settings,
            clock=clock,
            redis=redis,
            temporal=temporal,
            idempotency=IdempotencyStore(ops),
            audit_log=AuditLog(ops),
            inventory=inventory,
            orders=OrderStore(orders),
            fulfillment=parcels,
            payments=PaymentStore(await database("payments")),
            payment_channels=payment_channels(settings, http, clock),
            points=points,
            aftersales=AftersaleStore(aftersales),
            evidence=EvidenceStore(aftersales, open_blobs(settings, "evidence")),
            carriers=carriers_of(settings, http, clock),
            reports=Reports(parcels, siblings),
            siblings=siblings,
            following=Following(temporal, ListingStore(products)),
            users=UsersStore.on(
                users,
                redis,
                access_token_lifetime=settings.access_token_lifetime,
                session_lifetime=settings.refresh_token_lifetime,
            ),
            carts=CartStore.on(users, redis),
            passwords=passwords,
            access_tokens=AccessTokens(token_key, settings.access_token_lifetime),
            account_keys=AccountKeys(token_key),
            notifier=outbox,
            outbox=outbox,
            products=catalogue_reads,
            shelf=shelf,
            views=views,
            finder=Finder(engine, catalogue_reads, clock),
            rankings=Rankings(RankingStore(redis), catalogue_reads, shelf, clock),
            catalogue=CatalogueStore(products),
            taxonomy=taxonomy,
            media=MediaStore(products, blobs),
            bulk=BulkStore(products),
            promotions=rules,
            purchase_limits=limits,
            coupons=coupons,
            pricing=Pricing(catalogue_reads, parcels, rules, coupons, limits, points, points_terms),
            reviews=ReviewStore(reviews, words, reports_to_hold=settings.review_reports_to_hold),
            review_pictures=ReviewPictures(reviews, blobs),
            words=words,
            notices=NoticeStore(notifications),
            endpoints=EndpointStore(notifications, Seal(derived_key(token_key, WEBHOOKS))),
            deliveries=DeliveryStore(notifications, disable_after=settings.webhook_disable_after),
            lists=ListStore(ops, derived_key(token_key, LISTS)),
        )
