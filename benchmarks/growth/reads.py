"""The reads that a past could slow down: lists, their deep pages and filters, and what schedules look for."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import asyncpg

from benchmarks.figures import Figure, percentile
from benchmarks.ground import Ground, log_in
from benchmarks.wire import Wire
from cli.demo_data.people import OPERATOR
from hanse.database import Database
from models.fulfillment.types import ShipmentSearch
from stores.fulfillment import FulfillmentStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.points import PointsStore

_TIMES = 15
_LONGEST = 30.0
"""Seconds that one kind of read may take of all; slow ones are asked less often."""
Read = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Middle:
    """An order from the middle of what a shop has, and what belongs to it."""

    order_id: str
    user_id: str
    payment_id: str
    shipment_id: str
    placed_at: datetime
    merchant_id: str
    warehouse_id: str
    sku_id: str


async def middle_of(ground: Ground) -> Middle:
    """By order id; with a parcel."""
    connection = await asyncpg.connect(ground.settings.dsn("orders"))
    try:
        row = await connection.fetchrow(
            """
            SELECT o.order_id, o.user_id, o.payment_id, s.shipment_id, o.placed_at, s.merchant_id, s.warehouse_id, l.sku_id
            FROM orders o JOIN shipments s USING (order_id) JOIN order_lines l USING (order_id)
            ORDER BY o.order_id OFFSET (SELECT count(*) / 2 FROM shipments) LIMIT 1
            """,
            timeout=120,
        )
    finally:
        await connection.close()
    if row is None:
        raise RuntimeError("the shop has no order with a parcel: nothing to read")
    return Middle(**dict(row))


def reads_over_http(middle: Middle) -> dict[str, str]:
    """Name and path of what buyers and operators look at; a name that begins with `buyer` is asked as one."""

    def after(key: object) -> str:
        return "cursor=" + base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")

    orders, payments, entries = "/v1/operators/orders", "/v1/operators/payments", "/v1/ledger/entries"
    since, until = (quote((middle.placed_at + timedelta(hours=hours)).isoformat()) for hours in (-3, 3))
    stock = f"warehouse_id={middle.warehouse_id}"
    return {
        "buyer: own orders": "/v1/orders",
        "buyer: own orders, a deep page": f"/v1/orders?{after(middle.order_id)}",
        "buyer: own orders, cancelled": "/v1/orders?status=cancelled",
        "buyer: own after-sales": "/v1/aftersales",
        "buyer: points": "/v1/points",
        "buyer: points, entries": "/v1/points/entries",
        "buyer: cart": "/v1/cart",
        "operator: orders": orders,
        "operator: orders, a deep page": f"{orders}?{after(middle.order_id)}",
        "operator: orders, cancelled": f"{orders}?status=cancelled",
        "operator: orders, of a buyer": f"{orders}?user_id={middle.user_id}",
        "operator: orders, of a merchant": f"{orders}?merchant_id={middle.merchant_id}",
        "operator: orders, of six hours": f"{orders}?placed_from={since}&placed_until={until}",
        "operator: orders, a word that all have": f"{orders}?text=Product",
        "operator: orders, a word that none has": f"{orders}?text=zeppelin",
        "operator: orders, words that few have": f"{orders}?text={quote('number 17')}",
        "operator: one order": f"/orders/{middle.order_id}",
        "operator: its timeline": f"/v1/orders/{middle.order_id}/timeline",
        "operator: payments": payments,
        "operator: payments, a deep page": f"{payments}?{after(middle.payment_id)}",
        "operator: payments, pending": f"{payments}?state=pending",
        "operator: payments, of a buyer": f"{payments}?user_id={middle.user_id}",
        "operator: refunds": "/v1/operators/refunds",
        "operator: mismatches": f"{payments}/mismatches",
        "operator: ledger": entries,
        "operator: ledger, of an order": f"{entries}?order_id={middle.order_id}",
        "operator: ledger, fees": f"{entries}?kind=fee",
        "operator: ledger, an unused account": f"{entries}?account=adjustments",
        "operator: ledger, of six hours": f"{entries}?since={since}&until={until}",
        "operator: ledger balances": "/v1/ledger/balances",
        "operator: parcels": "/v1/operators/shipments",
        "operator: parcels, picking": "/v1/operators/shipments?status=picking",
        "operator: parcels, in trouble": "/v1/operators/shipments?exception=lost",
        "operator: parcels, of a warehouse": f"/v1/operators/shipments?{stock}",
        "operator: picking list": f"/v1/operators/picking-list?{stock}",
        "operator: stock levels": "/v1/inventory/levels",
        "operator: stock levels, low": "/v1/inventory/levels?only_low=true",
        "operator: stock levels, of a SKU": f"/v1/inventory/levels?sku_id={middle.sku_id}",
        "operator: journal": "/v1/inventory/journal",
        "operator: journal, of a SKU": f"/v1/inventory/journal?sku_id={middle.sku_id}",
        "operator: journal, of an order": f"/v1/inventory/journal?reference={middle.order_id}",
        "operator: claims": "/v1/inventory/claims",
        "operator: catalogue": "/v1/catalogue/products",
        "operator: accounts": "/v1/operators/accounts",
        "operator: trail": "/v1/operators/audit-log",
        "operator: trail, of a subject": f"/v1/operators/audit-log?subject={middle.order_id}",
        "anybody: products, a word": f"/v1/products?text={quote('number 17')}",
    }


async def time_http(ground: Ground) -> dict[str, Figure | None]:
    """Milliseconds of each, one client; None for one that did not answer."""
    tokens = {"buyer": ground.shop.token, "operator": await log_in(ground.settings.api_url, OPERATOR[0], OPERATOR[1])}
    wire = Wire(ground.settings.api_url)
    found: dict[str, Figure | None] = {}
    try:
        for name, path in reads_over_http(await middle_of(ground)).items():
            token = tokens.get(name.partition(":")[0], "")
            headers = {"authorization": f"Bearer {token}"} if token else {}
            found[name] = await _time(lambda path=path, headers=headers: wire.call("GET", path, headers))  # type: ignore[misc]
    finally:
        await wire.close()
    return found


async def time_stores(ground: Ground) -> dict[str, Figure | None]:
    """Milliseconds of what schedules look for."""
    now = datetime.now(UTC)
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(ground.settings.dsn(name), max_size=2).open()
            stack.push_async_callback(opened.close)
            return opened

        orders_db = await database("orders")
        orders, parcels = OrderStore(orders_db), FulfillmentStore(orders_db)
        payments, points = PaymentStore(await database("payments")), PointsStore(await database("promotions"))
        reads: dict[str, Read] = {
            "Supplement: unfinished orders": lambda: orders.unfinished_since(now, limit=500),
            "Supplement: attempts that wait": lambda: payments.attempts_waiting_since(now, limit=40),
            "Supplement: channels that wait": lambda: payments.channels_waiting_since(now),
            "ParcelWatch: delivered, unsigned": lambda: parcels.delivered_before(now, 100),
            "ParcelWatch: parcels to ask about": lambda: parcels.take_for_polling(now, now - timedelta(days=400), 100),
            "warehouse: what waits": lambda: parcels.search(ShipmentSearch(), limit=20),
            "SalesToSearch: an hour's sales": lambda: _drain(orders.sales_since(now - timedelta(hours=1))),
            "PointsExpiry: accounts that are due": lambda: points.expire_due(now, 0, 100),
        }
        return {name: await _time(read) for name, read in reads.items()}


async def _drain(pages: AsyncIterator[object]) -> None:
    async for _ in pages:
        pass


async def _time(read: Read) -> Figure | None:
    """The first one warms connections and statements, five more make PostgreSQL settle on its plan."""
    taken: list[float] = []
    begun = time.perf_counter()
    for turn in range(_TIMES + 6):
        started = time.perf_counter()
        try:
            async with asyncio.timeout(60):
                await read()
        except Exception:  # reported as not answered, which is what it is
            return None
        took = (time.perf_counter() - started) * 1000
        if turn >= 6 or time.perf_counter() - begun > _LONGEST:
            taken.append(took)
        if time.perf_counter() - begun > _LONGEST:
            break
    return Figure(percentile(taken, 0.5), min(taken), max(taken), tuple(taken))
