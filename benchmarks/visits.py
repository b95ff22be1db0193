"""What a buyer does in a day of the shop, from looking around to an order that is confirmed, left on its way or given up."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.loops import Refused
from benchmarks.wire import Wire

_LOOKS_EVERY = 0.5
_PATIENCE = 120.0
WORDS = ("商品", "product", "number", "说明", "ordinary", "prodct", "shangpin", "语言")
"""What is searched for, with a number behind it: nearly every search is a new one."""


@dataclass(frozen=True)
class Ends:
    """Which share of orders ends how; the rest is confirmed by its buyer. Most of a day's orders are still on their way when the
    day ends, as in a real shop: their sagas wait for weeks."""

    given_up: float = 0.10
    """Cancelled before it was paid."""
    cancelled: float = 0.05
    """Cancelled after it was paid: the money goes back."""
    waiting: float = 0.50
    """Paid, and its parcel with the warehouse for the time being."""


class Visits:
    """Buyers, one visit after another."""

    def __init__(
        self, api: Wire, sandbox: Wire, handed: Callable[[str], Awaitable[None]], ends: Ends, chance: Random
    ) -> None:
        self._api, self._sandbox, self._handed = api, sandbox, handed
        self._ends, self._chance = ends, chance

    async def one(self, buyer: tuple[str, str], products: list[str], waiting: list[str], leaving: list[str]) -> None:
        """Look around, then buy one thing. `waiting` and `leaving` are SKUs whose parcels wait or leave by themselves."""
        token, address = buyer
        await self._look_around(token, products)
        chance, ends = self._chance.random(), self._ends
        stays = chance < ends.given_up + ends.cancelled + ends.waiting
        sku = self._chance.choice(waiting if stays else leaving)
        order_id = await self._place(token, address, sku)
        if chance < ends.given_up:
            await self._post(token, f"/orders/{order_id}/cancel", {"why": "bench"})
            return
        await self._pay(token, order_id)
        if chance < ends.given_up + ends.cancelled:
            await self._post(token, f"/orders/{order_id}/cancel", {"why": "bench"})
        elif not stays:
            await self._confirm(token, order_id)

    async def _look_around(self, token: str, products: list[str]) -> None:
        word = f"{self._chance.choice(WORDS)} {self._chance.randrange(1_000_000)}"
        await self._get(token, "/v1/products")
        await self._get(token, f"/v1/search?q={quote(word)}")
        for _ in range(2):
            await self._get(token, f"/v1/products/{self._chance.choice(products)}")

    async def _place(self, token: str, address: str, sku_id: str) -> str:
        await self._post(token, "/v1/cart/lines", {"sku_id": sku_id, "quantity": 1})
        basket = {"lines": [{"sku_id": sku_id, "quantity": 1}], "address_id": address}
        placed = await self._post(token, "/orders", {"basket": basket})
        return str(placed["order_id"])

    async def _pay(self, token: str, order_id: str) -> None:
        attempt = await self._post(token, "/payments", {"order_id": order_id, "channel": "sandbox_card"})
        handed = asyncio.ensure_future(self._handed(order_id))
        try:
            await self._sandbox.call("POST", urlsplit(attempt["cashier_url"]).path + "/pay", body={})
        except BaseException:
            handed.cancel()
            raise
        await handed

    async def _confirm(self, token: str, order_id: str) -> None:
        """Once its parcel has left, as a buyer who looks now and then."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                if await self._is_confirmed(token, order_id):
                    break
                await asyncio.sleep(_LOOKS_EVERY)
        await self._get(token, f"/v1/orders/{order_id}/timeline")
        await self._get(token, "/v1/orders")

    async def _is_confirmed(self, token: str, order_id: str) -> bool:
        """Its buyer confirms as soon as it can be: what no carrier has taken yet is under way."""
        order = await self._get(token, f"/orders/{order_id}")
        if order["fulfillment_status"] not in ("shipped", "delivered"):
            return False
        try:
            await self._post(token, f"/v1/orders/{order_id}/confirm", None)
        except Refused as refusal:
            if str(refusal) != "409 parcels_under_way":
                raise
            return False
        return True

    async def _get(self, token: str, path: str) -> Any:
        return await self._api.call("GET", path, {"authorization": f"Bearer {token}"})

    async def _post(self, token: str, path: str, body: Any) -> Any:
        headers = {"idempotency-key": secrets.token_hex(12), "authorization": f"Bearer {token}"}
        return await self._api.call("POST", path, headers, body)
