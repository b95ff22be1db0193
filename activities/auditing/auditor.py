"""Every invariant of the shop by its name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from activities.auditing import across, books
from models.auditing.types import Invariant, Section

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from temporalio.client import Client

    from stores.aftersales import AftersaleStore
    from stores.fulfillment import FulfillmentStore
    from stores.inventory import InventoryStore
    from stores.orders import OrderStore
    from stores.payments import PaymentStore
    from stores.points import PointsStore
    from stores.promotions import BenefitStore, CouponStore, PromotionStore
    from stores.reviews import ReviewStore


@dataclass(frozen=True)
class Auditor:
    """Looks at every book of the shop and changes nothing."""

    client: "Client"
    orders: "OrderStore"
    parcels: "FulfillmentStore"
    inventory: "InventoryStore"
    payments: "PaymentStore"
    promotions: "PromotionStore"
    coupons: "CouponStore"
    benefits: "BenefitStore"
    points: "PointsStore"
    cases: "AftersaleStore"
    reviews: "ReviewStore"

    async def look(self, invariant: Invariant, now: "datetime") -> Section:
        """One look. A book of one domain is seen in one snapshot. What two domains must agree on is read one after the other,
        so a saga between two of its steps may look broken: whoever judges looks again (`models/auditing/rules.py`)."""
        return await self._looks(now)[invariant]()

    def _looks(self, now: "datetime") -> "dict[Invariant, Callable[[], Awaitable[Section]]]":
        client, orders, money, stock = self.client, self.orders, self.payments, self.inventory
        return {
            Invariant.STOCK: lambda: books.stock(stock, now),
            Invariant.MONEY: lambda: books.money(money, now),
            Invariant.ORDERS: lambda: books.orders(orders, self.parcels, now),
            Invariant.AFTERSALES: lambda: books.aftersales(self.cases),
            Invariant.PROMOTIONS: lambda: books.promotions(self.promotions),
            Invariant.COUPONS: lambda: books.coupons(self.coupons),
            Invariant.POINTS: lambda: books.points(self.points),
            Invariant.REVIEWS: lambda: books.reviews(self.reviews),
            Invariant.ORDERS_AND_MONEY: lambda: across.money_of_orders(orders, money),
            Invariant.ORDERS_AND_WORKFLOWS: lambda: across.orders_and_workflows(client, orders),
            Invariant.HOLDS_AND_WORKFLOWS: lambda: across.holds_and_workflows(client, stock),
            Invariant.TRANSFERS_AND_WORKFLOWS: lambda: across.transfers_and_workflows(client, stock),
            Invariant.AFTERSALES_AND_MONEY: lambda: across.aftersales_and_their_money(
                client, self.cases, orders, money
            ),
            Invariant.BENEFITS_AND_WORKFLOWS: lambda: across.benefits_and_workflows(client, self.benefits),
        }
