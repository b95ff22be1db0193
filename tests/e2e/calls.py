"""HTTP as clients of the shop speak it: buyers, operators, and whoever knocks without a name.

`send` sends once. `insist` repeats the same request under the same Idempotency-Key while the shop is away or busy, as a good
client does: no answer, 5xx, 409 while in flight, 401 while sessions cannot be looked up.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

JSON = dict[str, Any]


def fresh_key() -> str:
    """An Idempotency-Key that nobody used before."""
    return secrets.token_hex(12)


async def eventually(what: str, holds: Callable[[], Awaitable[Any]], within: float = 30.0, pause: float = 0.1) -> Any:
    """The first answer of `holds` that is true; an AssertionError naming the last one when none is in time. No answer at all
    (a part is down) counts as not yet."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            last = await holds()
            if last:
                return last
        except (httpx.HTTPError, OSError) as away:
            last = away
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}; last seen: {last!r}"
        await asyncio.sleep(pause)


class Caller:
    """Someone with an access token (or none) at one address of the shop."""

    def __init__(self, http: httpx.AsyncClient, api_url: str, token: str | None = None) -> None:
        self.http = http
        self.api_url = api_url
        self.token = token
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def send(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Once. `key` is sent as Idempotency-Key; an empty one sends none."""
        headers = {**self._headers, **({"idempotency-key": key} if key else {}), **more.pop("headers", {})}
        return await self.http.request(method, self.api_url + path, json=json, headers=headers, **more)

    async def post(self, path: str, json: Any = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        """POST once, under a fresh key unless one is given."""
        return await self.send("POST", path, json, key=fresh_key() if key is None else key, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """GET once."""
        return await self.send("GET", path, **more)

    async def insist(self, method: str, path: str, json: Any = None, *, within: float = 60.0) -> httpx.Response:
        """Until the shop answers: the same request, the same key."""
        key, deadline = fresh_key(), time.monotonic() + within
        while True:
            try:
                answer = await self.send(method, path, json, key=key)
                if answer.status_code < 500 and answer.json().get("code") != "idempotency_key_in_flight":
                    return answer
                last = answer.text
            except httpx.TransportError as away:
                last = repr(away)
            assert time.monotonic() < deadline, f"{method} {path} was not answered within {within:.0f} s: {last}"
            await asyncio.sleep(0.2)

    async def read(self, path: str) -> Any:
        """The JSON at a path; anything but 200 is an error that `eventually` waits out when it is a 5xx."""
        answer = await self.get(path)
        answer.raise_for_status()
        return answer.json()


def said(answer: httpx.Response, status: int) -> JSON:
    """The JSON of an answer that must have this status."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text}"
    body: JSON = answer.json()
    return body


class Buyer(Caller):
    """Someone who buys."""

    def __init__(self, http: httpx.AsyncClient, api_url: str, token: str, address_id: str) -> None:
        super().__init__(http, api_url, token)
        self.address_id = address_id

    def basket(self, *skus: str, quantity: int = 1) -> JSON:
        """One line for each SKU, to the buyer's own address."""
        return {"lines": [{"sku_id": sku, "quantity": quantity} for sku in skus], "address_id": self.address_id}

    async def place(self, *skus: str, quantity: int = 1, key: str | None = None) -> httpx.Response:
        """Order once."""
        return await self.post("/orders", {"basket": self.basket(*skus, quantity=quantity)}, key=key)

    async def placed(self, *skus: str, quantity: int = 1) -> JSON:
        """An order that stands."""
        return said(await self.place(*skus, quantity=quantity), 201)

    async def try_to_pay(self, order_id: str, channel: str = "sandbox") -> JSON:
        """A try to pay, with the `cashier_url` where to."""
        return said(await self.post("/payments", {"order_id": order_id, "channel": channel}), 201)

    async def press_pay(self, attempt: JSON, faults: str = "") -> httpx.Response:
        """Pay at the channel, as its page would; `faults` is what the channel shall do wrong."""
        return await self.http.post(f"{attempt['cashier_url']}/pay", json={"faults": faults})

    async def pay(self, order_id: str, faults: str = "") -> JSON:
        """Try and pay; answers with the attempt."""
        attempt = await self.try_to_pay(order_id)
        said(await self.press_pay(attempt, faults), 200)
        return attempt

    async def order(self, order_id: str) -> JSON:
        """The buyer's own order."""
        order: JSON = await self.read(f"/orders/{order_id}")
        return order

    async def until(self, order_id: str, status: str, within: float = 30.0) -> JSON:
        """The order, once it has this status."""

        async def reached() -> JSON | None:
            order = await self.order(order_id)
            return order if order["status"] == status else None

        order: JSON = await eventually(f"order {order_id} is {status}", reached, within)
        return order

    async def cancel(self, order_id: str, why: str = "changed my mind") -> httpx.Response:
        """Cancel once."""
        return await self.post(f"/orders/{order_id}/cancel", {"why": why})


class Operator(Caller):
    """Someone who may do everything."""

    async def order(self, order_id: str) -> JSON:
        """Any order."""
        order: JSON = await self.read(f"/orders/{order_id}")
        return order

    async def payment_of(self, order: JSON) -> JSON:
        """An order's payment with its attempts."""
        payment: JSON = await self.read(f"/payments/{order['payment_id']}")
        return payment

    async def refunds_of(self, order: JSON) -> list[JSON]:
        """An order's refunds, oldest first."""
        refunds: list[JSON] = await self.read(f"/v1/payments/{order['payment_id']}/refunds")
        return refunds

    async def refund(self, order: JSON, minor: int | None = None, key: str | None = None) -> httpx.Response:
        """Give back so much, or all that is left; once."""
        ask = {} if minor is None else {"amount": {"minor": minor}}
        return await self.post(f"/payments/{order['payment_id']}/refund", ask, key=key)

    async def available(self, sku_id: str) -> int:
        """How many can be sold now."""
        shown = await self.read(f"/v1/inventory/skus/{sku_id}")
        return int(shown["available"])

    async def metric(self, name: str, url: str | None = None, **labels: str) -> float:
        """A counter of the api, or of the process that serves `url`; 0 while it was never counted."""
        text = (await self.http.get(f"{url or self.api_url}/metrics")).text
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [line for line in text.splitlines() if line.startswith((f"{name}_total ", f"{name}_total{{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(part in line for part in wanted))
