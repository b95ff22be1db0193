"""Buyers and operators as good clients: the same request under the same key until the shop has an answer."""

import asyncio
import time
from typing import Any

import httpx

from tests.e2e.calls import JSON, Buyer, Caller, Operator, eventually, fresh_key, said

PATIENCE = 240.0
"""Seconds until a request that is never answered, or a state that never comes, is a failure. Most of it is for being held at a step
until all others are, and for a busy machine."""
_LATER = ("idempotency_key_in_flight", "service_busy")


class Stubborn(Caller):
    """Asks again while the shop is away, busy, or cannot look up who asks."""

    async def send(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Until there is an answer that would not change by asking again."""
        key = fresh_key() if key is None and method != "GET" else key
        deadline, last = time.monotonic() + PATIENCE, ""
        while True:
            try:
                answer = await super().send(method, path, json, key=key, **more)
                if answer.status_code < 500 and answer.status_code not in (401, 429) and not _to_ask_again(answer):
                    return answer
                last = answer.text[:300]
            except httpx.TransportError as away:
                last = repr(away)
            assert time.monotonic() < deadline, f"{method} {path} was not answered within {PATIENCE:.0f} s: {last}"
            await asyncio.sleep(0.3)


def _to_ask_again(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json().get("code") in _LATER


class StubbornBuyer(Stubborn, Buyer):
    """Presses the button of the cashier again and again, too."""

    async def press_pay(self, attempt: JSON, faults: str = "") -> httpx.Response:
        """Until the channel answers."""

        async def answered() -> httpx.Response | None:
            answer = await super(StubbornBuyer, self).press_pay(attempt, faults)
            return answer if answer.status_code < 500 else None

        answer: httpx.Response = await eventually("the cashier answers", answered, PATIENCE, pause=0.3)
        return answer

    async def until(self, order_id: str, status: str, within: float = PATIENCE) -> JSON:
        """The order, once it has this status."""
        return await super().until(order_id, status, within)


class StubbornOperator(Stubborn, Operator):
    """Does so as an operator."""

    async def set_price(self, spu_id: str, sku_id: str, minor: int) -> None:
        """Whatever version the product has by now; a lost answer is recognised by the price."""
        path = f"/v1/catalogue/products/{spu_id}"
        while True:
            product = await self.read(path)
            if any(sku["sku_id"] == sku_id and sku["price"]["minor"] == minor for sku in product["skus"]):
                return
            answer = await self.send(
                "PUT",
                f"/v1/catalogue/skus/{sku_id}/price",
                {"price": {"minor": minor}},
                headers={"if-match": f'"{product["version"]}"'},
            )
            if answer.status_code != 412:
                said(answer, 200)
                return
