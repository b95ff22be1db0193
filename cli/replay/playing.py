"""One order from its basket to its end, as its buyer, the warehouse and the operators do it over HTTP."""

import time
from collections.abc import Callable
from typing import Any

from cli.calling import Login, Refused, Shop
from cli.parcels import Parcels
from cli.replay.buyers import Buyers
from cli.replay.files import CURRENCY
from cli.replay.memory import Memory
from cli.replay.script import Ending, Payment, PlayedOrder
from cli.replay.stocking import Stocking
from cli.settling import looked_at_until

_LAPSED = {"hold_expired", "payment_window_over", "payment_closed"}
"""What an order answers that was left alone for too long, in a replay that was interrupted."""
_TRIES = 3
_PAID_WITHIN = 60.0

Fact = dict[str, Any]
"""What is remembered of an order: `try`, `order_id`, `placed`, `paid`, `ended`, `lapsed`, `review_id`, and how long steps took."""


class Player:
    """Plays orders. Every step that was taken before is not taken again, or answered by the shop as it was."""

    def __init__(
        self, shop: Shop, operator: Login, memory: Memory, stocking: Stocking, buyers: Buyers, parcels: Parcels
    ) -> None:
        self._shop = shop
        self._operator = operator
        self._memory = memory
        self._stocking = stocking
        self._buyers = buyers
        self._parcels = parcels

    async def play(self, order: PlayedOrder, placed: Callable[[], None]) -> None:
        """Take the order to its end; `placed` is told as soon as it stands. `Refused` when the shop says no."""
        fact: Fact = self._memory.get("order", order.order_id) or {"try": 1, "lapsed": []}
        if not fact.get("ended"):
            who = self._buyers.login_of(order.buyer.person)
            await self._placed_and_paid(order, fact, who, placed)
            await self._ended(order, fact["order_id"], who)
            await self._review(order, fact, who)
            self._keep(order, fact, ended=True)

    async def _placed_and_paid(self, order: PlayedOrder, fact: Fact, who: Login, placed: Callable[[], None]) -> None:
        while True:
            try:
                if not fact.get("placed"):
                    await self._set_prices(order)
                    await self._place(order, fact, who)
                placed()
                if order.payments and not fact.get("paid"):
                    await self._pay(order, fact, who)
            except Refused as refusal:
                if refusal.code not in _LAPSED or fact["try"] >= _TRIES:
                    raise
                fact["lapsed"].append(fact.get("order_id"))
                self._keep(order, fact, placed=False, **{"try": fact["try"] + 1})
            else:
                return

    def _keep(self, order: PlayedOrder, fact: Fact, **news: Any) -> None:
        fact.update(news)
        self._memory.put("order", order.order_id, fact)

    def _key(self, order: PlayedOrder, fact: Fact, step: str) -> str:
        return f"{self._memory.key}/{order.order_id}/{step}/{fact['try']}"

    # ---- until it is paid --------------------------------------------------------------------------------------------

    async def _set_prices(self, order: PlayedOrder) -> None:
        for good, price in order.new_prices:
            sku = self._stocking.skus[good]
            path = f"/v1/catalogue/products/{sku.spu_id}"
            etag = (await self._shop.ask("GET", path, who=self._operator)).etag
            ask = {"price": {"minor": price, "currency": CURRENCY}}
            await self._shop.ask("PUT", f"/v1/catalogue/skus/{sku.sku_id}/price", ask, who=self._operator, etag=etag)

    async def _place(self, order: PlayedOrder, fact: Fact, who: Login) -> None:
        lines = [{"sku_id": self._stocking.skus[line.good].sku_id, "quantity": line.quantity} for line in order.lines]
        basket = {"lines": lines, "address_id": await self._buyers.settle(order.buyer)}
        prepared = await self._shop.ask("POST", "/orders/prepare", basket, who=who, key=self._key(order, fact, "hold"))
        order_id = prepared.body["order_id"]
        ask = {"order_id": order_id, "expected_total": {"minor": order.total, "currency": CURRENCY}}
        fact["order_id"] = order_id
        answer = await self._shop.ask("POST", "/orders", ask, who=who, key=self._key(order, fact, "place"))
        self._keep(
            order,
            fact,
            placed=True,
            payment_id=answer.body["payment_id"],
            prepare_s=prepared.seconds,
            place_s=answer.seconds,
        )

    async def _pay(self, order: PlayedOrder, fact: Fact, who: Login) -> None:
        took = []
        began = time.perf_counter()
        for turn, payment in enumerate(order.payments, 1):
            key = self._key(order, fact, f"pay/{turn}")
            took.append(await self._pay_one(fact["order_id"], payment, who, key))
        await self._until_paid(fact["order_id"], who)
        self._keep(order, fact, paid=True, pay_s=took, paid_s=time.perf_counter() - began)

    async def _pay_one(self, order_id: str, payment: Payment, who: Login, key: str) -> float:
        """Open the attempt and pay it at the cashier; how long opening it took."""
        ask = {
            "order_id": order_id,
            "channel": payment.channel,
            "method": payment.kind,
            "amount": {"minor": payment.amount, "currency": CURRENCY},
            "instalments": payment.instalments,
        }
        attempt = await self._shop.ask("POST", "/payments", ask, who=who, key=key)
        await self._shop.ask("POST", f"{attempt.body['cashier_url']}/pay")
        return attempt.seconds

    async def _until_paid(self, order_id: str, who: Login) -> None:
        async def look() -> dict[str, Any]:
            order: dict[str, Any] = (await self._shop.ask("GET", f"/orders/{order_id}", who=who)).body
            return order

        order = await looked_at_until(look, lambda seen: seen["status"] != "pending_payment", _PAID_WITHIN)
        if order["cancel_reason"] == "payment_timeout":  # any other cancelled order was paid, and ended as it should
            raise Refused(order_id, {"code": "payment_window_over", "detail": "it was not paid in time"})
        if order["status"] == "pending_payment":
            raise Refused(order_id, {"code": "not_paid", "detail": f"still unpaid {_PAID_WITHIN:.0f} s later"})

    # ---- how it ends -------------------------------------------------------------------------------------------------

    async def _ended(self, order: PlayedOrder, order_id: str, who: Login) -> None:
        match order.ending:
            case Ending.SHIPPED:
                await self._parcels.send(order_id)
                await self._parcels.carry(order_id, order.collected_at, None)
            case Ending.DELIVERED:
                await self._parcels.send(order_id)
                await self._parcels.carry(order_id, order.collected_at, order.signed_at)
                await self._parcels.deliver(order_id)
            case Ending.SOLD_OUT:
                await self._parcels.find_nothing(order_id)
            case Ending.CANCELLED:
                await self._cancel(order, order_id, who)
        if order.filed_state == "invoiced":
            ask = {"kind": "personal", "title": order.buyer.person, "email": who.contact}
            await self._shop.ask("PUT", f"/v1/orders/{order_id}/invoice", ask, who=who)

    async def _cancel(self, order: PlayedOrder, order_id: str, who: Login) -> None:
        key = f"{self._memory.key}/{order.order_id}/cancel"
        ask = {"why": "cancelled in the files"}
        await self._shop.ask("POST", f"/orders/{order_id}/cancel", ask, who=who, key=key)

    async def _review(self, order: PlayedOrder, fact: Fact, who: Login) -> None:
        """The files' review is of the whole order: it is posted for the first line. Whether others see it is up to the shop."""
        if order.review is not None:
            path = f"/v1/orders/{fact['order_id']}/lines/1/review"
            ask = {"stars": order.review.stars, "text": order.review.text}
            key = f"{self._memory.key}/{order.order_id}/review"
            answer = await self._shop.ask("POST", path, ask, who=who, key=key)
            self._keep(order, fact, review_id=answer.body["review_id"], review_s=answer.seconds)
