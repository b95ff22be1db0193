"""Who serves what: for each task queue its workflows and activities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activities.aftersales import AftersaleActivities
from activities.auditing import AuditActivities
from activities.bus import BusActivities
from activities.fulfillment import FulfillmentActivities
from activities.housekeeping import HousekeepingActivities
from activities.inventory import InventoryActivities
from activities.notifications import NotificationActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.points import PointsActivities
from activities.products import ProductsActivities
from activities.promotions import PromotionActivities
from activities.rankings import RankingsActivities
from activities.reconciliation import ReconciliationActivities
from activities.reviews import ReviewActivities
from activities.search import SearchActivities
from activities.supplement import SupplementActivities
from activities.tracking import TrackingActivities
from activities.webhooks import WebhookActivities
from workflows.aftersale import Aftersale
from workflows.audit import Audit
from workflows.catalog_sync import CatalogSync
from workflows.chargeback_notice import ChargebackNotice
from workflows.checkout import Checkout
from workflows.fulfillment import Fulfillment
from workflows.housekeeping import Housekeeping
from workflows.low_stock import StockLowNotice
from workflows.notify import Notify
from workflows.options import TaskQueue
from workflows.parcel_watch import ParcelWatch
from workflows.payment_timeout import PaymentTimeout
from workflows.points_adjustment import PointsAdjustment
from workflows.points_expiry import PointsExpiry
from workflows.reconciliation import Reconciliation
from workflows.refund import Refund
from workflows.reindex import Reindex
from workflows.review_change import ReviewChange
from workflows.sales_to_search import SalesToSearch
from workflows.search_drift import SearchDrift
from workflows.supplement import Supplement
from workflows.transfer import TransferSaga
from workflows.webhook_delivery import WebhookDelivery

SAGAS: Sequence[type] = (
    Checkout,
    PaymentTimeout,
    Fulfillment,
    ParcelWatch,
    Refund,
    PointsExpiry,
    PointsAdjustment,
    Supplement,
    Reconciliation,
    ChargebackNotice,
    TransferSaga,
    StockLowNotice,
    CatalogSync,
    Reindex,
    SearchDrift,
    SalesToSearch,
    Aftersale,
    ReviewChange,
    Notify,
    WebhookDelivery,
    Audit,
    Housekeeping,
)


@dataclass(frozen=True)
class Activities:
    """Every activity class of the shop, built in `wiring.py`."""

    aftersales: AftersaleActivities
    audit: AuditActivities
    bus: BusActivities
    fulfillment: FulfillmentActivities
    housekeeping: HousekeepingActivities
    inventory: InventoryActivities
    notifications: NotificationActivities
    orders: OrderActivities
    payments: PaymentActivities
    points: PointsActivities
    products: ProductsActivities
    promotions: PromotionActivities
    rankings: RankingsActivities
    reconciliation: ReconciliationActivities
    reviews: ReviewActivities
    search: SearchActivities
    supplement: SupplementActivities
    tracking: TrackingActivities
    webhooks: WebhookActivities


def workflows_on(queue: TaskQueue) -> Sequence[type]:
    """The workflows this queue runs."""
    return SAGAS if queue is TaskQueue.CHECKOUT else ()


def activities_on(queue: TaskQueue, built: Activities) -> Sequence[Callable[..., Any]]:
    """The activities this queue runs. `checkout` knows every store call too: placed inline they run there."""
    outside_payment: Sequence[Callable[..., Any]] = [
        built.payments.ask_channel,
        built.payments.close_attempt,
        built.payments.close_attempts,
        built.payments.send_refund_leg,
        built.payments.ask_refund_leg,
        built.supplement.ask_attempts,
        built.reconciliation.take_in,
    ]
    outside_carrier: Sequence[Callable[..., Any]] = [
        built.fulfillment.book_waybill,
        built.fulfillment.redirect_parcel,
        built.fulfillment.book_return,
        built.fulfillment.cancel_return,
        built.tracking.ask_silent,
    ]
    fulfillment = [*steps_of(built.fulfillment), *steps_of(built.tracking)]
    payments = [*steps_of(built.payments), *steps_of(built.supplement), *steps_of(built.reconciliation)]
    store_calls: dict[TaskQueue, list[Callable[..., Any]]] = {
        TaskQueue.ORDERS: steps_of(built.orders),
        TaskQueue.INVENTORY: steps_of(built.inventory),
        TaskQueue.PROMOTIONS: steps_of(built.promotions),
        TaskQueue.PAYMENTS: [step for step in payments if step not in outside_payment],
        TaskQueue.POINTS: steps_of(built.points),
        TaskQueue.AFTERSALES: steps_of(built.aftersales),
        TaskQueue.REVIEWS: steps_of(built.reviews),
        TaskQueue.FULFILLMENT: [step for step in fulfillment if step not in outside_carrier],
    }
    match queue:
        case TaskQueue.CHECKOUT:
            return [step for steps in store_calls.values() for step in steps]
        case TaskQueue.CHANNELS_PAYMENT:
            return outside_payment
        case TaskQueue.CHANNELS_CARRIER:
            return outside_carrier
        case TaskQueue.BUS:
            return [*steps_of(built.bus), *steps_of(built.products)]
        case TaskQueue.SEARCH:
            return [*steps_of(built.search), *steps_of(built.rankings)]
        case TaskQueue.NOTIFICATIONS:
            return steps_of(built.notifications)
        case TaskQueue.WEBHOOKS:
            return steps_of(built.webhooks)
        case TaskQueue.AUDIT:
            return [*steps_of(built.audit), *steps_of(built.housekeeping)]
        case _:
            return store_calls[queue]


def steps_of(activities: object) -> list[Callable[..., Any]]:
    """Every method of the class that is registered as an activity."""
    methods = (getattr(activities, name) for name in dir(type(activities)) if not name.startswith("_"))
    return [method for method in methods if hasattr(method, "__temporal_activity_definition")]
