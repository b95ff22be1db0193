"""The shop before the first order: sellers with a warehouse each, goods, shipping fees and stock. Safe to repeat."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cli.calling import Login, Shop
from cli.replay.files import CURRENCY
from cli.replay.memory import Memory
from cli.replay.script import Good, GoodKey, PlayedOrder, Script, Seller
from hanse.stack.part import StackError
from models.products.amounts import format_amount
from models.shared import Money

COUNTRY = "BR"
_AT_ONCE = 8
_LINES_AT_ONCE = 2_000
_HEAVIEST = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True)
class Sku:
    """Where a good is found in the shop."""

    sku_id: str
    spu_id: str


Progress = Callable[[str, int, int], None]
"""Told what is being done, how many are done, and of how many."""


class Stocking:
    """Loads what the script needs as operators do it, over HTTP."""

    def __init__(self, shop: Shop, operator: Login, memory: Memory, progress: Progress) -> None:
        self._shop = shop
        self._operator = operator
        self._memory = memory
        self._progress = progress
        self.skus: dict[GoodKey, Sku] = {}

    async def load(self, script: Script) -> None:
        """Everything; what an earlier, interrupted run did is not done again."""
        merchants = await self._merchants(script.sellers)
        warehouses = await self._warehouses(script.sellers, merchants)
        await self._categories(script.goods)
        if not self._memory.get("loaded", "goods"):
            await self._goods(script.goods)
            self._memory.put("loaded", "goods", True)
        await self._find_skus(script.sellers, merchants)
        if missing := [good.key for good in script.goods if good.key not in self.skus]:
            raise StackError(f"the shop does not have {len(missing)} goods after their import, {missing[0]} among them")
        await self._stock(script.goods, warehouses)
        await self._fees(script.orders, merchants)

    async def _merchants(self, sellers: Sequence[Seller]) -> dict[str, str]:
        known = {one["code"]: one["merchant_id"] for one in (await self._shop.ask("GET", "/v1/merchants")).body}

        async def add(seller: Seller) -> None:
            ask = {"code": seller.id, "name": f"Seller {seller.id[:8]}", "city": seller.city, "region": seller.state}
            answer = await self._shop.ask("POST", "/v1/catalogue/merchants", ask, who=self._operator)
            known[seller.id] = answer.body["merchant_id"]

        await self._each("Sellers", [seller for seller in sellers if seller.id not in known], add)
        return known

    async def _warehouses(self, sellers: Sequence[Seller], merchants: Mapping[str, str]) -> dict[str, str]:
        listed = await self._shop.pages("/v1/inventory/warehouses", self._operator)
        known = {one["code"]: one for one in listed}

        async def keep(seller: Seller) -> None:
            wanted = {
                "code": seller.id[:32],
                "merchant_id": merchants[seller.id],
                "name": f"{seller.city}, {seller.state}",
                "country": COUNTRY,
                "region": seller.state,
                "city": seller.city,
                "postal_code": seller.postal_prefix,
                "outbound": "automatic" if seller.automatic else "manual",
            }
            found = known.get(wanted["code"])
            if found is None:
                key = f"{self._memory.key}/warehouse/{seller.id}"
                path = "/v1/inventory/warehouses"
                known[wanted["code"]] = (await self._shop.ask("POST", path, wanted, who=self._operator, key=key)).body
            elif any(found[name] != value for name, value in wanted.items()):
                path = f"/v1/inventory/warehouses/{found['warehouse_id']}"
                await self._shop.ask("PUT", path, wanted, who=self._operator, etag=f'"{found["version"]}"')

        await self._each("Warehouses", sellers, keep)
        return {seller.id: known[seller.id[:32]]["warehouse_id"] for seller in sellers}

    async def _categories(self, goods: Sequence[Good]) -> None:
        known = {one["code"] for one in (await self._shop.ask("GET", "/v1/categories")).body}

        async def add(code: str) -> None:
            ask = {"code": code, "name": code.replace("_", " ").capitalize()}
            await self._shop.ask("POST", "/v1/catalogue/categories", ask, who=self._operator)

        await self._each("Categories", sorted({good.category for good in goods} - known), add)

    async def _goods(self, goods: Sequence[Good]) -> None:
        for start in range(0, len(goods), _LINES_AT_ONCE):
            self._progress("Goods", start, len(goods))
            part = goods[start : start + _LINES_AT_ONCE]
            text = "".join(json.dumps(_import_line(good)) + "\n" for good in part).encode()
            content = (text, "application/x-ndjson")
            report = (await self._shop.ask("POST", "/v1/catalogue/import", who=self._operator, content=content)).body
            if report["faults"]:
                raise StackError(f"the shop does not take the goods: {report['faults'][0]}")
        self._progress("Goods", len(goods), len(goods))

    async def _find_skus(self, sellers: Sequence[Seller], merchants: Mapping[str, str]) -> None:
        async def find(seller: Seller) -> None:
            path = f"/v1/catalogue/products?merchant_id={merchants[seller.id]}"
            for product in await self._shop.pages(path, self._operator):
                for sku in product["skus"]:
                    self.skus[seller.id, sku["code"]] = Sku(sku["sku_id"], product["spu_id"])

        await self._each("SKUs", sellers, find)

    async def _stock(self, goods: Sequence[Good], warehouses: Mapping[str, str]) -> None:
        """Exactly what all orders together want, received once a run."""
        received = self._memory.all("stock")

        async def receive(good: Good) -> None:
            name = "/".join(good.key)
            ask = {
                "warehouse_id": warehouses[good.key[0]],
                "sku_id": self.skus[good.key].sku_id,
                "quantity": good.units,
                "note": "for the replay",
            }
            key = f"{self._memory.key}/stock/{name}"
            await self._shop.ask("POST", "/v1/inventory/receive", ask, who=self._operator, key=key)
            self._memory.put("stock", name, good.units)

        await self._each("Stock", [good for good in goods if "/".join(good.key) not in received], receive)

    async def _fees(self, orders: Sequence[PlayedOrder], merchants: Mapping[str, str]) -> None:
        """A shipping rate for each good and postal code: every order's freight is exactly the file's."""
        put = self._memory.all("fees")

        async def set_rates(order: PlayedOrder) -> None:
            for fee in order.fees:
                ask = {
                    "merchant_id": merchants[fee.good[0]],
                    "sku_id": self.skus[fee.good].sku_id,
                    "country": COUNTRY,
                    "postal_prefix": order.buyer.postal_code,
                    "base": {"minor": fee.base, "currency": CURRENCY},
                    "per_unit": {"minor": fee.per_unit, "currency": CURRENCY},
                }
                await self._shop.ask("PUT", "/v1/operators/shipping-rates", ask, who=self._operator)
            self._memory.put("fees", order.order_id, True)

        await self._each("Shipping fees", [order for order in orders if order.order_id not in put], set_rates)

    async def _each(self, what: str, things: Sequence[T], do: Callable[[T], Awaitable[None]]) -> None:
        done = 0
        self._progress(what, 0, len(things))
        async for _ in side_by_side(things, do, _AT_ONCE):
            done += 1
            self._progress(what, done, len(things))


async def side_by_side(things: Iterable[T], do: Callable[[T], Awaitable[None]], at_once: int) -> AsyncIterator[T]:
    """Do it for each, so many at once; each thing that is done comes back. The first failure ends it all."""
    waiting = iter(things)
    running: dict[asyncio.Task[None], T] = {}
    try:
        while True:
            for thing in waiting:
                running[asyncio.ensure_future(_awaited(do(thing)))] = thing
                if len(running) >= at_once:
                    break
            if not running:
                return
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                task.result()
                yield running.pop(task)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _import_line(good: Good) -> dict[str, Any]:
    return {
        "merchant_code": good.key[0],
        "spu_code": good.key[1],
        "sku_code": good.key[1],
        "title": good.title,
        "category_code": good.category,
        "weight_g": min(good.weight_g, _HEAVIEST),
        "price": format_amount(Money(minor=good.first_price, currency=CURRENCY)),
        "currency": CURRENCY,
        "published": True,
    }
