"""Carries callbacks to the merchant until they are answered with 2xx, and lets happen what is due by itself.

All it needs to know is in the store, so a new courier goes on where a killed one stopped: a callback may then arrive twice,
never not at all.
"""

import asyncio
import logging
from datetime import datetime, timedelta

import httpx

from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.types import Delivery
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback

_log = logging.getLogger(__name__)
_AT_ONCE = 64
_LONGEST_WAIT = timedelta(hours=1)
_IDLE_SECONDS = 5.0
_FORGED_SECRET = "whoever signs this does not know the secret"


class Courier:
    """Delivers with exponential backoff: `unit`, twice that, four times … up to an hour, `tries` times in all."""

    def __init__(
        self, provider: Provider, client: httpx.AsyncClient, secret: str, *, unit: timedelta, tries: int
    ) -> None:
        self._provider = provider
        self._client = client
        self._secret = secret
        self._unit = unit
        self._tries = tries
        self._news = asyncio.Event()
        self._on_the_road: dict[int, asyncio.Task[None]] = {}
        provider.on_new_work = self._news.set

    async def run(self) -> None:
        """Work until cancelled. A failure of one round is logged and the next round tries again."""
        try:
            while True:
                self._news.clear()
                try:
                    self._provider.advance()
                    self._send_due()
                except Exception:
                    _log.exception("a round of the courier failed; trying again in a second")
                    await asyncio.sleep(1)
                await self._wait()
        finally:
            for task in self._on_the_road.values():
                task.cancel()

    def _send_due(self) -> None:
        free = _AT_ONCE - len(self._on_the_road)
        due = self._provider.store.deliveries_due(self._provider.clock(), free, set(self._on_the_road))
        for delivery in due:
            self._on_the_road[delivery.number] = asyncio.create_task(self._carry(delivery))

    async def _carry(self, delivery: Delivery) -> None:
        try:
            answer, accepted = await self._send(delivery)
            self._record(delivery, answer, accepted=accepted)
        except Exception:
            _log.exception("callback %s could not be booked; it will be sent again", delivery.event_id)
            await asyncio.sleep(1)
        finally:
            del self._on_the_road[delivery.number]
            self._news.set()

    async def _send(self, delivery: Delivery) -> tuple[str, bool]:
        headers = {"Content-Type": "application/json", CALLBACK_HEADER: self._signature(delivery)}
        try:
            response = await self._client.post(delivery.url, content=delivery.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return f"{type(problem).__name__}: {problem}"[:200], False
        return str(response.status_code), response.is_success

    def _signature(self, delivery: Delivery) -> str:
        disguise = delivery.disguise if delivery.tries == 0 else "genuine"
        age = delivery.stale_seconds if disguise == "stale" else 0
        secret = _FORGED_SECRET if disguise == "forged" else self._secret
        return sign_callback(secret, int(self._provider.clock().timestamp() - age), delivery.body.encode())

    def _record(self, delivery: Delivery, answer: str, *, accepted: bool) -> None:
        now = self._provider.clock()
        tried = delivery.tries + 1
        gave_up = not accepted and (delivery.once or tried >= self._tries)
        state = "delivered" if accepted else "gave_up" if gave_up else "waiting"
        store = self._provider.store
        with store.transaction():
            store.record_try(delivery, state, answer, now + self._pause(tried))
            if accepted and delivery.kind.startswith("refund"):
                store.let_go(delivery.reference, now)

    def _pause(self, tried: int) -> timedelta:
        doubled: int = 1 << min(tried - 1, 30)
        return min(self._unit * doubled, _LONGEST_WAIT)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), self._seconds_until_next(self._provider.clock()))
        except TimeoutError:
            return

    def _seconds_until_next(self, now: datetime) -> float:
        due = self._provider.store.next_due(besides=set(self._on_the_road))
        if due is None:
            return _IDLE_SECONDS
        return min(max((due - now).total_seconds(), 0.005), _IDLE_SECONDS)
