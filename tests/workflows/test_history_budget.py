"""What an order costs Temporal, which is the bottleneck of order throughput: 60 events and 40 KB (docs/decisions/0005).

Everything is real: the server, the stores, the event bus, encrypted payloads, the channel's report that pays. The exact
numbers stand here, so that a change which makes orders dearer (or cheaper) shows.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.reports import Reports
from activities.search_attributes import attributes
from activities.siblings import Siblings
from channels.carrier.contract import TrackingPush
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from hanse.temporal import connect
from models.fulfillment.messages import fulfillment_id
from models.fulfillment.rules import reported
from models.fulfillment.types import TrackingEvent, TrackingState
from models.inventory.types import WarehouseDetails
from models.orders.messages import Basket, CheckoutInput, CheckoutTerms, Placed, PlaceOrder, checkout_id
from models.orders.types import LineRequest, OrderStatus
from models.payments.messages import PaymentReport, PaymentTimeoutInput, payment_of, payment_timeout_id
from models.shared import Money
from models.shared.ids import AddressId, AttemptId, OrderId, ShipmentId, UserId, WarehouseId
from models.users.rules import parse_contact
from stores.fulfillment import FulfillmentStore
from stores.inventory import InventoryStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.users.accounts import insert_account
from stores.users.addresses import Addresses
from tests.homes import HOME
from tests.integration.products.catalogue import open_catalogue
from workers.main import worker_for
from workers.wiring import open_activities
from workflows.checkout import Checkout
from workflows.fulfillment import Fulfillment
from workflows.options import TaskQueue

EVENTS, BYTES = 60, 40_000
EXPECTED = {"Checkout": 29, "PaymentTimeout": 7, "Fulfillment": 18}
_WAY = (
    TrackingState.COLLECTED,
    TrackingState.IN_TRANSIT,
    TrackingState.OUT_FOR_DELIVERY,
    TrackingState.DELIVERED,
    TrackingState.SIGNED,
)
UNITS = 2
PLACE = {"country": "CN", "region": "Shanghai", "city": "Shanghai"}


@dataclass
class RealShop:
    """What the test needs of the shop."""

    client: Client
    orders: OrderStore
    payments: PaymentStore
    parcels: FulfillmentStore
    basket: Basket
    buyer: UserId
    total: Money


@pytest.fixture
async def shop(
    stack: EmbeddedStack, migrated_settings: Settings, kafka_bootstrap: str, carrier_sandbox: str, tmp_path: Path
) -> AsyncIterator[RealShop]:
    """Workers on every queue, on the embedded servers; one SKU on the shelf of one warehouse."""
    await stack.ensure("temporal")
    settings = migrated_settings
    async with AsyncExitStack() as closing:
        client = await connect(settings)
        built = await closing.enter_async_context(open_activities(settings, client))
        for queue in TaskQueue:
            await closing.enter_async_context(worker_for(client, queue, built))

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name)).open()
            closing.push_async_callback(opened.close)
            return opened

        buyer, address_id = await _buyer(await database("users"))
        catalogue = await open_catalogue(await database("products"), tmp_path)
        product = await catalogue.on_sale()
        sku_id = product.skus[0].sku_id
        inventory = InventoryStore(await database("inventory"))
        house = WarehouseDetails(
            code="house", name="House", merchant_id=catalogue.merchant.merchant_id, outbound="automatic", **PLACE
        )
        warehouse = await inventory.add_warehouse(WarehouseId.mint(_now(), secrets.token_bytes(10)), house, _now())
        await inventory.receive(warehouse.warehouse_id, sku_id, 100, key="first", actor="test", now=_now())
        basket = Basket(lines=(LineRequest(sku_id=sku_id, quantity=UNITS),), address_id=address_id)
        books, payments = await database("orders"), PaymentStore(await database("payments"))
        orders, parcels = OrderStore(books), FulfillmentStore(books)
        yield RealShop(client, orders, payments, parcels, basket, buyer, Money(minor=19_900) * UNITS)


async def test_a_paid_shipped_and_completed_order_keeps_to_its_budget(shop: RealShop) -> None:
    order_id = OrderId.mint(_now(), secrets.token_bytes(10))
    checkout = await _place(shop, order_id)
    await _pay(shop, order_id)
    (parcel,) = (await shop.orders.order(order_id)).parcels
    fulfillment = shop.client.get_workflow_handle(fulfillment_id(parcel.shipment_id))
    await _arrives(shop, fulfillment, parcel.shipment_id)
    assert await asyncio.wait_for(checkout.result(), 30) == OrderStatus.COMPLETED
    assert (await shop.orders.order(order_id)).status is OrderStatus.COMPLETED
    spent = [
        await _spent("Checkout", checkout),
        await _spent("PaymentTimeout", shop.client.get_workflow_handle(payment_timeout_id(order_id))),
        await _spent("Fulfillment", fulfillment),
    ]
    table = "\n".join(each.line() for each in spent)
    assert {each.name: each.events for each in spent} == EXPECTED, table
    assert sum(each.events for each in spent) <= EVENTS, table
    assert sum(each.size for each in spent) <= BYTES, table


@dataclass
class Spent:
    """The history of one workflow."""

    name: str
    events: int
    size: int
    kinds: Counter[str]

    def line(self) -> str:
        """For people."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.most_common())
        return f"{self.name}: {self.events} events, {self.size} bytes ({kinds})"


async def _spent(name: str, handle: WorkflowHandle[Any, Any]) -> Spent:
    await handle.result()
    info = (await handle.describe()).raw_description.workflow_execution_info
    events = (await handle.fetch_history()).events
    kinds = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in events)
    return Spent(name, info.history_length, info.history_size_bytes, kinds)


async def _place(shop: RealShop, order_id: OrderId) -> WorkflowHandle[Any, Any]:
    """As the api does it."""
    terms = CheckoutTerms(completion=timedelta(seconds=1))
    starting = WithStartWorkflowOperation(
        Checkout.run,
        CheckoutInput(order_id=order_id, user_id=shop.buyer, terms=terms),
        id=checkout_id(order_id),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(
            OrderId=order_id,
            UserId=shop.buyer,
            OrderStatus="pending_payment",
            PaymentStatus="unpaid",
            SkuIds=[line.sku_id for line in shop.basket.lines],
            Amount=shop.total.minor,
        ),
        static_summary=f"Order {order_id}",
    )
    wish = PlaceOrder(asked_by=shop.buyer, basket=shop.basket, expected_total=shop.total)
    placed: Placed = await shop.client.execute_update_with_start_workflow(
        Checkout.place, wish, start_workflow_operation=starting
    )
    assert placed.total == shop.total
    return shop.client.get_workflow_handle_for(Checkout.run, checkout_id(order_id))


async def _pay(shop: RealShop, order_id: OrderId) -> None:
    """The buyer pays by card, and the channel's callback arrives."""
    payment = await shop.payments.payment(payment_of(order_id))
    attempt_id = AttemptId.mint(_now(), secrets.token_bytes(10))
    await shop.payments.open_attempt(payment.payment_id, "sandbox_card", "card", None, attempt_id, _now())
    await shop.payments.bind_attempt(attempt_id, f"ref-{attempt_id}", "http://pay.example/x")
    start = PaymentTimeoutInput(**payment.model_dump(include={"order_id", "payment_id", "user_id", "due_at"}))
    paid = PaymentReport(
        attempt_id=attempt_id,
        channel_transaction=f"t-{attempt_id}",
        amount=shop.total,
        paid_at=_now(),
        event_id=f"e-{attempt_id}",
        source="callback",
    )
    await Siblings(shop.client).report_payment(start, paid)


async def _arrives(shop: RealShop, fulfillment: WorkflowHandle[Any, Any], shipment_id: ShipmentId) -> None:
    """The parcel leaves by itself; when it is on its way, its carrier reports every step until the buyer signs. Queries cost
    no event."""
    for _ in range(400):
        with suppress(RPCError):  # it has not started yet
            if str(await fulfillment.query(Fulfillment.progress)).startswith("shipped"):
                break
        await asyncio.sleep(0.05)
    parcel = await shop.parcels.shipment(shipment_id)
    assert parcel.carrier is not None
    assert parcel.waybill is not None
    reports = Reports(shop.parcels, Siblings(shop.client))
    for state in _WAY:
        event = TrackingEvent(event_id=f"evt-{state}", status=state, place="Shanghai", at=_now())
        push = TrackingPush(waybill=parcel.waybill, report=reported(state, event, _now()))
        assert await reports.take_in(parcel.carrier, push, _now()) == shipment_id


async def _buyer(db: Database) -> tuple[UserId, AddressId]:
    buyer = UserId.mint(_now(), secrets.token_bytes(10))
    async with db.transaction() as tx:
        await insert_account(tx, buyer, parse_contact(f"{buyer}@example.com"), "no password", "Anna", _now())
    address_id = AddressId.mint(_now(), secrets.token_bytes(10))
    await Addresses(db).add(address_id, buyer, HOME, default=True, now=_now())
    return buyer, address_id


def _now() -> datetime:
    return datetime.now(UTC)
