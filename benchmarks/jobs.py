"""What the load process can do, by name: each job is one `Work` on what it needs."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
from redis.asyncio import Redis
from temporalio.client import Client

from benchmarks import empty
from benchmarks.loops import Refused, Work
from benchmarks.rush import SOLD_OUT
from benchmarks.visits import Ends, Visits
from benchmarks.wire import Wire

_LOOKS_EVERY = 0.01
"""Seconds between two looks for orders that were handed to fulfillment."""
_PATIENCE = 60.0


@dataclass(frozen=True)
class Shop:
    """Where the parts are and what to buy; made by `ground.py`, sent to the load process as JSON."""

    temporal_address: str
    temporal_namespace: str
    redis_url: str
    api_url: str
    bare_url: str
    sandbox_url: str
    orders_dsn: str
    token: str
    address_id: str
    buyers: list[tuple[str, str]]
    """Token and address of everybody who buys in a crowd; the first is the one above."""
    spu_ids: list[str]
    sku_ids: list[str]
    skus_that_leave: list[str]
    """Those whose parcels leave the warehouse without being told to."""
    scarce: list[str]
    """Those of which there are `few`."""
    few: int


@dataclass
class Handed:
    """Looks, for all clients together, which orders have been handed to fulfillment: one statement a look."""

    database: "asyncpg.Connection[asyncpg.Record]"
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_LOOKS_EVERY)
            if not self.waiting:
                continue
            rows = await self.database.fetch(
                "SELECT DISTINCT order_id FROM shipments WHERE order_id = ANY($1)", list(self.waiting)
            )
            for row in rows:
                self.waiting.pop(row["order_id"]).set_result(None)

    async def over(self, order_id: str) -> None:
        """Returns when this order has been handed to fulfillment."""
        handed = self.waiting[order_id] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(handed, _PATIENCE)
        finally:
            self.waiting.pop(order_id, None)


class Jobs:
    """Every job, on connections that are opened once."""

    def __init__(self, shop: Shop, temporal: Client, redis: Redis, handed: Handed) -> None:
        self._shop = shop
        self._temporal = temporal
        self._redis = redis
        self._handed = handed
        self._api, self._bare, self._sandbox = Wire(shop.api_url), Wire(shop.bare_url), Wire(shop.sandbox_url)
        self._chance = random.Random(11)
        self._visits = Visits(self._api, self._sandbox, handed.over, Ends(), self._chance)
        self.scarce = shop.scarce[0]
        """Which SKU `few` asks for."""

    def named(self, name: str) -> Work:
        """The work of this name."""
        return cast(Work, getattr(self, name))

    async def empty_ask(self) -> float:
        """An empty workflow; what counts is the answer to its update."""
        return await empty.once(self._temporal)

    async def empty_life(self) -> None:
        """An empty workflow, from start to end."""
        await empty.once(self._temporal)

    async def place(self) -> None:
        """`POST /orders` with one line."""
        await self._place()

    async def few(self) -> None:
        """`POST /orders` for one unit of the SKU that `scarce` names, by any of the buyers; who is told to come again does, then."""
        token, address = self._chance.choice(self._shop.buyers)
        basket = {"lines": [{"sku_id": self.scarce, "quantity": 1}], "address_id": address}
        while True:
            try:
                await self._post(self._api, "/orders", {"basket": basket}, token)
            except Refused as refusal:
                if refusal.again_in is None:
                    raise
                await asyncio.sleep(refusal.again_in)
            else:
                return

    async def life(self) -> None:
        """An order placed, paid at the channel, its stock committed, its parcel handed to fulfillment."""
        order_id = (await self._place())["order_id"]
        attempt = await self._post(self._api, "/payments", {"order_id": order_id, "channel": "sandbox_card"})
        handed = asyncio.ensure_future(self._handed.over(order_id))
        try:
            await self._post(self._sandbox, urlsplit(attempt["cashier_url"]).path + "/pay", {})
        except BaseException:
            handed.cancel()
            raise
        await handed

    async def sold_out(self) -> None:
        """The same, and to be told that nothing is left is what is wanted."""
        try:
            await self.few()
        except Refused as refusal:
            if str(refusal) != SOLD_OUT:
                raise
        else:
            raise RuntimeError(f"{self.scarce} was to be sold out, and an order was placed")

    async def visit(self) -> None:
        """What a buyer of a whole day does, by any of them; see `visits.py`."""
        shop = self._shop
        await self._visits.one(self._chance.choice(shop.buyers), shop.spu_ids, shop.sku_ids, shop.skus_that_leave)

    async def product(self) -> None:
        """`GET /v1/products/{id}`, any of them."""
        await self._get(self._api, f"/v1/products/{self._chance.choice(self._shop.spu_ids)}")

    async def products(self) -> None:
        """`GET /v1/products`, the first page."""
        await self._get(self._api, "/v1/products")

    async def bare(self) -> None:
        """The bare FastAPI route."""
        await self._get(self._bare, "/bare")

    async def evalsha(self) -> None:
        """One Lua script that counts."""
        await self._redis.evalsha(self._script, 1, "bench")

    _script = ""

    async def prepare(self) -> None:
        """What must be there before any work."""
        self._script = await self._redis.script_load("return redis.call('INCR', KEYS[1])")

    async def _get(self, wire: Wire, path: str) -> None:
        answer = await wire.send(wire.request("GET", path))
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status} {answer.body[:200]!r}")

    async def _place(self) -> Any:
        line = {"sku_id": self._chance.choice(self._shop.sku_ids), "quantity": 1}
        return await self._post(
            self._api, "/orders", {"basket": {"lines": [line], "address_id": self._shop.address_id}}
        )

    async def _post(self, wire: Wire, path: str, body: Any, token: str = "") -> Any:
        headers = {
            "idempotency-key": secrets.token_hex(12),
            "authorization": f"Bearer {token or self._shop.token}",
        }
        return await wire.call("POST", path, headers, body)


@asynccontextmanager
async def open_jobs(shop: Shop) -> AsyncIterator[Jobs]:
    """Connect everything."""
    temporal = await empty.connect(shop.temporal_address, shop.temporal_namespace)
    redis = Redis.from_url(shop.redis_url)
    handed = Handed(await asyncpg.connect(shop.orders_dsn))
    looking = asyncio.create_task(handed.look())
    jobs = Jobs(shop, temporal, redis, handed)
    await jobs.prepare()
    try:
        yield jobs
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await handed.database.close()
        await redis.aclose()
