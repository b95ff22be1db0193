"""Carries reports to the merchant until they are answered with 2xx, and lets parcels move that move by themselves.

All it needs to know is in the store, so a new courier goes on where a killed one stopped: a report may then arrive twice, never
not at all.
"""

import asyncio
import logging
from datetime import datetime, timedelta

import httpx

from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.types import Push
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback

_log = logging.getLogger(__name__)
_AT_ONCE = 64
_LONGEST_WAIT = timedelta(hours=1)
_IDLE_SECONDS = 5.0
_FORGED_SECRET = "whoever signs this does not know the secret"


class Courier:
    """Delivers with exponential backoff: `unit`, twice that, four times … up to an hour, `tries` times in all."""

    def __init__(self, depot: Depot, client: httpx.AsyncClient, secret: str, *, unit: timedelta, tries: int) -> None:
        self._depot = depot
        self._client = client
        self._secret = secret
        self._unit = unit
        self._tries = tries
        self._news = asyncio.Event()
        self._on_the_road: dict[int, asyncio.Task[None]] = {}
        depot.on_new_work = self._news.set

    async def run(self) -> None:
        """Work until cancelled. A failure of one round is logged and the next round tries again."""
        try:
            while True:
                self._news.clear()
                try:
                    self._depot.advance()
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
        for push in self._depot.store.pushes_due(self._depot.clock(), free, set(self._on_the_road)):
            self._on_the_road[push.number] = asyncio.create_task(self._carry(push))

    async def _carry(self, push: Push) -> None:
        try:
            answer, accepted = await self._send(push)
            self._record(push, answer, accepted=accepted)
        except Exception:
            _log.exception("push %s could not be booked; it will be sent again", push.event_id)
            await asyncio.sleep(1)
        finally:
            del self._on_the_road[push.number]
            self._news.set()

    async def _send(self, push: Push) -> tuple[str, bool]:
        headers = {"Content-Type": "application/json", CALLBACK_HEADER: self._signature(push)}
        try:
            response = await self._client.post(push.url, content=push.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return f"{type(problem).__name__}: {problem}"[:200], False
        return str(response.status_code), response.is_success

    def _signature(self, push: Push) -> str:
        disguise = push.disguise if push.tries == 0 else "genuine"
        age = push.stale_seconds if disguise == "stale" else 0
        secret = _FORGED_SECRET if disguise == "forged" else self._secret
        return sign_callback(secret, int(self._depot.clock().timestamp() - age), push.body.encode())

    def _record(self, push: Push, answer: str, *, accepted: bool) -> None:
        now = self._depot.clock()
        tried = push.tries + 1
        gave_up = not accepted and (push.once or tried >= self._tries)
        state = "delivered" if accepted else "gave_up" if gave_up else "waiting"
        store = self._depot.store
        with store.transaction():
            store.record_try(push, state, answer, now + self._pause(tried))
            if accepted:
                store.let_go(push, now)

    def _pause(self, tried: int) -> timedelta:
        doubled: int = 1 << min(tried - 1, 30)
        return min(self._unit * doubled, _LONGEST_WAIT)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), self._seconds_until_next(self._depot.clock()))
        except TimeoutError:
            return

    def _seconds_until_next(self, now: datetime) -> float:
        due = self._depot.store.next_due(besides=set(self._on_the_road))
        if due is None:
            return _IDLE_SECONDS
        return min(max((due - now).total_seconds(), 0.005), _IDLE_SECONDS)
