"""Buyers who keep shopping while processes die around them, and what must be true of them afterwards."""

import asyncio
import os
import random
from dataclasses import dataclass, field
from typing import Literal

import httpx

from tests.e2e.calls import JSON, Buyer, eventually, said
from tests.e2e.goods import Good
from tests.e2e.running import RunningShop

Wish = Literal["pays", "pays twice", "cancels", "pays and cancels", "leaves it"]
_WISHES: tuple[Wish, ...] = ("pays", "pays", "pays", "pays twice", "cancels", "pays and cancels", "leaves it")


def dice_for(name: str) -> random.Random:
    """Seeded by HANSE_CHAOS_SEED, or by chance; the seed is printed with a failure."""
    seed = os.environ.get("HANSE_CHAOS_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"{name}: HANSE_CHAOS_SEED={seed}")  # noqa: T201 # pytest shows it when the test fails
    return random.Random(f"{seed}/{name}")


@dataclass
class Shopping:
    """One buyer, one order, and what the shop has acknowledged of it so far."""

    buyer: Buyer
    wish: Wish
    prepares: bool
    order_id: str = ""
    pressed: list[str] = field(default_factory=list)
    """Attempts that the payment sandbox said were paid."""
    cancelled: bool = False

    async def go(self, sku_id: str, dice: random.Random) -> None:
        """Order, then do as wished, repeating each request under its key until it is answered."""
        basket = self.buyer.basket(sku_id)
        if self.prepares:
            prepared = said(await self.buyer.insist("POST", "/orders/prepare", basket), 200)
            ask: JSON = {"order_id": prepared["order_id"]}
        else:
            ask = {"basket": basket}
        self.order_id = said(await self.buyer.insist("POST", "/orders", ask), 201)["order_id"]
        await asyncio.sleep(dice.uniform(0, 0.5))
        for _ in range({"pays": 1, "pays and cancels": 1, "pays twice": 2}.get(self.wish, 0)):
            await self._pay()
        if self.wish in ("cancels", "pays and cancels"):
            await self._cancel()

    async def _pay(self) -> None:
        ask = {"order_id": self.order_id, "channel": "sandbox"}
        answer = await self.buyer.insist("POST", "/payments", ask)
        if self.pressed and answer.status_code == 409:
            assert answer.json()["code"] == "payment_already_complete", answer.text
            return
        attempt = said(answer, 201)

        async def answered() -> httpx.Response:
            return await self.buyer.press_pay(attempt)

        pressed = await eventually("the sandbox answers", answered, within=90)
        if self.pressed and pressed.status_code == 409:  # the first payment won, and this attempt was closed meanwhile
            return
        said(pressed, 200)
        self.pressed.append(attempt["attempt_id"])

    async def _cancel(self) -> None:
        answer = await self.buyer.insist("POST", f"/orders/{self.order_id}/cancel", {"why": "chaos"})
        self.cancelled = answer.status_code == 200
        assert self.cancelled or answer.json()["code"] == "order_already_shipped", answer.text

    def wanted(self) -> str:
        """The status in which the order must come to rest."""
        if self.cancelled:
            return "cancelled"
        return "paid" if self.pressed else "pending_payment"


async def at_rest(shop: RunningShop, done: list[Shopping], within: float = 90.0) -> None:
    """Every acknowledged order is there once, in its right state, shipped if paid; its money is where it belongs."""

    async def unsettled() -> bool:
        orders = [await shop.operator.order(shopping.order_id) for shopping in done]
        wrong = [
            f"{order['order_id']} is {order['status']}/{order['fulfillment_status']}, {shopping}"
            for order, shopping in zip(orders, done, strict=True)
            if order["status"] != shopping.wanted()
            or (order["status"] == "paid" and order["fulfillment_status"] != "shipped")
        ]
        shop.differences = wrong
        return not wrong

    try:
        await eventually("every order is at rest", unsettled, within, pause=1)
    except AssertionError as broken:
        raise AssertionError(f"{broken}: {shop.differences[:10]}") from None
    for shopping in done:
        mine = await shopping.buyer.read("/v1/orders")
        assert [order["order_id"] for order in mine["items"]] == [shopping.order_id], shopping
    await shop.books_agree([shopping.order_id for shopping in done], within)


class Crowd:
    """Keeps `at_once` buyers shopping until told to stop."""

    def __init__(self, shop: RunningShop, good: Good, dice: random.Random, buyers: list[Buyer]) -> None:
        self._shop = shop
        self._good = good
        self._dice = dice
        self._waiting = buyers
        self._out = asyncio.Event()
        self.done: list[Shopping] = []

    async def shop_until_stopped(self, at_once: int) -> None:
        """Each buyer orders once; when all have, nobody follows."""

        async def queue() -> None:
            while self._waiting and not self._out.is_set():
                shopping = Shopping(self._waiting.pop(), self._dice.choice(_WISHES), self._dice.random() < 0.3)
                self.done.append(shopping)
                await shopping.go(self._good.sku_id, self._dice)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(queue())

    def stop(self) -> None:
        """Nobody begins any more; whoever has begun goes on to the end."""
        self._out.set()
