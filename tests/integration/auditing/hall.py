"""Every book of a shop, an auditor over all of them, and checkouts that run without a worker."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.auditing import AuditActivities, Auditor
from hanse.database import Database
from models.auditing.messages import Audited, AuditInput
from models.orders.messages import checkout_id
from models.orders.types import CancelReason, Order, OrderStatus
from models.shared.ids import OrderId
from stores.aftersales import AftersaleStore
from stores.inventory import InventoryStore
from stores.points import PointsStore
from stores.promotions import BenefitStore, CouponStore, PromotionStore
from stores.reviews import ReviewStore, WordStore
from tests.conftest import OpenDatabase
from tests.integration.inventory.shop import Shop as Stockroom
from tests.integration.orders.shop import LATER, Shop, opening, to
from tests.integration.payments.till import Till
from workers.sandbox import runner
from workflows.audit import Audit
from workflows.options import TaskQueue


@dataclass
class Hall:
    """What the audit's tests work with."""

    client: Client
    shop: Shop
    till: Till
    stock: Stockroom
    promotions: Database
    aftersales: Database
    auditor: Auditor
    queue: str = field(default_factory=lambda: f"audit-{uuid.uuid4()}")
    checkouts: list[WorkflowHandle[Any, Any]] = field(default_factory=list)

    async def runs(self, order_id: OrderId) -> None:
        """A checkout of this order runs; nobody serves it."""
        nobody, name = f"{self.queue}-nobody", checkout_id(order_id)
        self.checkouts.append(await self.client.start_workflow("Checkout", id=name, task_queue=nobody))

    async def order(self, name: str, status: OrderStatus = OrderStatus.PENDING_PAYMENT, *, runs: bool = True) -> Order:
        """An order in this state, with or without its checkout."""
        order = await self.shop.orders.open_once(opening(name))
        if status is not OrderStatus.PENDING_PAYMENT:
            reason = CancelReason.BY_USER if status is OrderStatus.CANCELLED else None
            order = await self.shop.orders.advance(to(order.order_id, status, reason))
        if runs:
            await self.runs(order.order_id)
        return order

    async def pays(self, order_id: OrderId, amount: int) -> None:
        """The till takes this for an order."""
        payment = await self.till.store.open_payment(self.till.ask(amount, order_id))
        await self.till.capture(await self.till.attempt(payment))

    async def audited(self) -> tuple[Audited, str]:
        """What a run says, and its details in Temporal."""
        steps = AuditActivities(self.auditor, lambda: LATER)
        async with (
            Worker(self.client, task_queue=self.queue, workflows=[Audit], workflow_runner=runner()),
            Worker(self.client, task_queue=TaskQueue.AUDIT, activities=[steps.look]),
        ):
            start = AuditInput(looks=2, look_again_after=timedelta(milliseconds=100))
            run = await self.client.start_workflow(Audit.run, start, id=f"audit-{uuid.uuid4()}", task_queue=self.queue)
            told = await run.result()
            shown = await run.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
            return told, shown.current_details


async def open_hall(client: Client, database: OpenDatabase) -> Hall:
    """An empty shop."""
    shop, till, promotions = (
        Shop(await database("orders")),
        Till(await database("payments")),
        await database("promotions"),
    )
    inventory, aftersales, reviews = (
        await database("inventory"),
        await database("aftersales"),
        await database("reviews"),
    )
    stock = Stockroom(InventoryStore(inventory), inventory)
    auditor = Auditor(
        client=client,
        orders=shop.orders,
        parcels=shop.parcels,
        inventory=stock.store,
        payments=till.store,
        promotions=PromotionStore(promotions),
        coupons=CouponStore(promotions),
        benefits=BenefitStore(promotions),
        points=PointsStore(promotions),
        cases=AftersaleStore(aftersales),
        reviews=ReviewStore(reviews, WordStore(reviews)),
    )
    return Hall(client, shop, till, stock, promotions, aftersales, auditor)
