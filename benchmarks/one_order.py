"""What exactly one order takes: history events, bytes and transitions of its workflows, and its SQL statements."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from temporalio.client import Client

from benchmarks.ground import Ground
from benchmarks.wire import Wire
from hanse.temporal import connect
from models.fulfillment.messages import SignOff, fulfillment_id
from models.orders.messages import Progress, checkout_id
from models.payments.messages import payment_timeout_id
from models.shared.ids import OrderId, ShipmentId

_ENTRY = re.compile(r"^(?=\w*\|)", re.MULTILINE)
_STATEMENT = re.compile(r"hanse_(?P<database>\w+)\|LOG:  (?:execute [^:]*|statement): (?P<sql>.*)", re.DOTALL)
_EXPLICIT = ("BEGIN", "COMMIT", "ROLLBACK")
_LOOKS_EVERY = 0.05
_PATIENCE = 30.0
_SETTLES_WITHIN = 0.5
"""Seconds for what a step still does by itself after it was answered."""


@dataclass(frozen=True)
class Histories:
    """What Temporal keeps and did for all workflows of an order together."""

    events: int
    bytes: int
    transitions: int


@dataclass(frozen=True)
class Statements:
    """SQL statements the shop sent for one order. `transaction_borders` are BEGIN and COMMIT, each a round trip too."""

    statements: int
    transaction_borders: int
    by_database: dict[str, int]
    in_order: list[str]
    """Database and the beginning of each, for whoever wants to spare some."""


class OneOrder:
    """One order taken step by step, as buyer and operator would."""

    def __init__(self, ground: Ground, temporal: Client, sku_id: str) -> None:
        self._sku_id = sku_id
        self._shop = ground.shop
        self._temporal = temporal
        self._api, self._sandbox = Wire(ground.shop.api_url), Wire(ground.shop.sandbox_url)
        self.order_id = OrderId.mint(datetime.now(UTC), secrets.token_bytes(10))

    async def until_cancelled(self) -> None:
        """Placed and, before it was paid, given up."""
        line = {"sku_id": self._sku_id, "quantity": 1}
        placed = await self._post("/orders", {"basket": {"lines": [line], "address_id": self._shop.address_id}})
        self.order_id = OrderId(placed["order_id"])
        await self._post(f"/orders/{self.order_id}/cancel", {"why": "bench"})
        await self._temporal.get_workflow_handle(checkout_id(self.order_id)).result()
        await asyncio.sleep(_SETTLES_WITHIN)

    async def until_handed_over(self) -> None:
        """Placed, paid, committed, handed to fulfillment."""
        line = {"sku_id": self._sku_id, "quantity": 1}
        placed = await self._post("/orders", {"basket": {"lines": [line], "address_id": self._shop.address_id}})
        self.order_id = OrderId(placed["order_id"])
        attempt = await self._post("/payments", {"order_id": self.order_id, "channel": "sandbox_card"})
        await self._sandbox.call("POST", urlsplit(attempt["cashier_url"]).path + "/pay", body={})
        await _until(self._is_with_fulfillment)
        await asyncio.sleep(_SETTLES_WITHIN)

    async def until_completed(self) -> None:
        """Gone by itself, signed for, confirmed."""
        shipment = self._temporal.get_workflow_handle(fulfillment_id(await self._shipment()))
        await _until(self._is_shipped)
        await shipment.execute_update("sign_off", SignOff(actor="bench", at=datetime.now(UTC)))
        await shipment.result()
        await self._post(f"/v1/orders/{self.order_id}/confirm", None)
        await self._temporal.get_workflow_handle(checkout_id(self.order_id)).result()

    async def histories(self) -> Histories:
        """All workflows of the order, as they are now."""
        ids = [checkout_id(self.order_id), payment_timeout_id(self.order_id), fulfillment_id(await self._shipment())]
        found = [(await self._temporal.get_workflow_handle(name).describe()).raw_info for name in ids]
        return Histories(
            events=sum(info.history_length for info in found),
            bytes=sum(info.history_size_bytes for info in found),
            transitions=sum(info.state_transition_count for info in found),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
        await self._sandbox.close()

    async def _is_with_fulfillment(self) -> bool:
        """Asked from the saga, since looking into the shop would cost statements."""
        saga = self._temporal.get_workflow_handle(checkout_id(self.order_id))
        return bool((await saga.query("progress", result_type=Progress)).step == "fulfilling")

    async def _is_shipped(self) -> bool:
        return bool((await self._parcels())[0]["status"] == "shipped")

    async def _shipment(self) -> ShipmentId:
        return ShipmentId((await self._parcels())[0]["shipment_id"])

    async def _parcels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._api.call(
            "GET", f"/v1/orders/{self.order_id}/shipments", self._headers()
        )
        return found

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._shop.token}", "idempotency-key": secrets.token_hex(12)}

    async def _post(self, path: str, body: Any) -> Any:
        return await self._api.call("POST", path, self._headers(), body)


async def _until(there: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await there():
                return
            await asyncio.sleep(_LOOKS_EVERY)


async def histories_of_one(ground: Ground) -> dict[str, Histories]:
    """An order that was handed over and waits, and one that was completed."""
    temporal = await connect(ground.settings)
    waiting = OneOrder(ground, temporal, ground.shop.sku_ids[0])
    whole = OneOrder(ground, temporal, ground.shop.skus_that_leave[0])
    try:
        await waiting.until_handed_over()
        await whole.until_handed_over()
        await whole.until_completed()
        return {"handed to fulfillment": await waiting.histories(), "completed": await whole.histories()}
    finally:
        await waiting.close()
        await whole.close()


async def statements_of_one(ground: Ground) -> Statements:
    """The statements of one order until it was handed over, as PostgreSQL's log has them."""
    order = OneOrder(ground, await connect(ground.settings), ground.shop.sku_ids[0])
    log = ground.settings.data_dir / "logs" / "postgres.log"
    server = await asyncpg.connect(ground.settings.postgres_url)
    try:
        await _log_statements(server, on=True)
        begin = log.stat().st_size
        await order.until_handed_over()
        text = log.read_bytes()[begin:].decode(errors="replace")
    finally:
        await _log_statements(server, on=False)
        await server.close()
        await order.close()
    return _count(text)


def _count(log: str) -> Statements:
    found = [match for entry in _ENTRY.split(log) if (match := _STATEMENT.match(entry))]
    texts = [f"{match['database']}: {' '.join(match['sql'].split())}" for match in found]
    borders = [text for text in texts if text.split(": ")[1].startswith(_EXPLICIT)]
    counted = Counter(text.split(":")[0] for text in texts if text not in borders)
    return Statements(sum(counted.values()), len(borders), dict(counted), [text[:120] for text in texts])


async def _log_statements(server: "asyncpg.Connection[asyncpg.Record]", *, on: bool) -> None:
    for name, value in (("log_statement", "'all'"), ("log_line_prefix", "'%d|'")):
        await server.execute(f"ALTER SYSTEM SET {name} = {value}" if on else f"ALTER SYSTEM RESET {name}")
    await server.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.5)
