"""Carries callbacks to the merchant until they are answered with 2xx, and lets happen what is due by itself.

All it needs to know is in the books, so a new courier goes on where a killed one stopped: a callback may then arrive twice,
never not at all.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from channels.sandbox.books import Books
from channels.sandbox.callbacks import Callback, CallbackState
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from models.shared.time import Clock

_log = logging.getLogger(__name__)
_AT_ONCE = 64
_LONGEST_WAIT = timedelta(hours=1)
_IDLE_SECONDS = 5.0
_FORGED_SECRET = "whoever signs this does not know the secret"


class Party(Protocol):
    """Whoever does things by itself and reports them: the payment provider, the carriers' depot."""

    clock: Clock
    on_new_work: Callable[[], None]
    """Called after something was written that happens by itself later; the courier listens."""

    @property
    def store(self) -> Books:
        """Where what it did and the callbacks about it stand together."""

    def advance(self) -> None:
        """Do what is due by itself."""

    def lets_go(self, callback: Callback, /) -> bool:
        """Whether this callback, taken in, is what earlier ones about the same subject were held back for."""


class Courier:
    """Delivers with exponential backoff: `unit`, twice that, four times … up to an hour, `tries` times in all."""

    def __init__(self, party: Party, client: httpx.AsyncClient, secret: str, *, unit: timedelta, tries: int) -> None:
        self._party = party
        self._client = client
        self._secret = secret
        self._unit = unit
        self._tries = tries
        self._news = asyncio.Event()
        self._on_the_road: dict[int, asyncio.Task[None]] = {}
        party.on_new_work = self._news.set

    async def run(self) -> None:
        """Work until cancelled. A failure of one round is logged and the next round tries again."""
        try:
            while True:
                self._news.clear()
                try:
                    self._party.advance()
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
        for callback in self._party.store.callbacks.due(self._party.clock(), free, set(self._on_the_road)):
            self._on_the_road[callback.number] = asyncio.create_task(self._carry(callback))

    async def _carry(self, callback: Callback) -> None:
        try:
            answer, accepted = await self._send(callback)
            self._record(callback, answer, accepted=accepted)
        except Exception:
            _log.exception("callback %s could not be booked; it will be sent again", callback.event_id)
            await asyncio.sleep(1)
        finally:
            del self._on_the_road[callback.number]
            self._news.set()

    async def _send(self, callback: Callback) -> tuple[str, bool]:
        headers = {"Content-Type": "application/json", CALLBACK_HEADER: self._signature(callback)}
        try:
            response = await self._client.post(callback.url, content=callback.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return f"{type(problem).__name__}: {problem}"[:200], False
        return str(response.status_code), response.is_success

    def _signature(self, callback: Callback) -> str:
        disguise = callback.disguise if callback.tries == 0 else "genuine"
        age = callback.stale_seconds if disguise == "stale" else 0
        secret = _FORGED_SECRET if disguise == "forged" else self._secret
        return sign_callback(secret, int(self._party.clock().timestamp() - age), callback.body.encode())

    def _record(self, callback: Callback, answer: str, *, accepted: bool) -> None:
        now = self._party.clock()
        tried = callback.tries + 1
        gave_up = not accepted and (callback.once or tried >= self._tries)
        state: CallbackState = "delivered" if accepted else "gave_up" if gave_up else "waiting"
        with self._party.store.transaction():
            self._party.store.callbacks.record_try(callback, state, answer, now + self._pause(tried))
            if accepted and self._party.lets_go(callback):
                self._party.store.callbacks.let_go(callback, now)

    def _pause(self, tried: int) -> timedelta:
        doubled: int = 1 << min(tried - 1, 30)
        return min(self._unit * doubled, _LONGEST_WAIT)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), self._seconds_until_next(self._party.clock()))
        except TimeoutError:
            return

    def _seconds_until_next(self, now: datetime) -> float:
        coming = (self._party.store.callbacks.next_at(besides=set(self._on_the_road)), self._party.store.next_step_at())
        due = min((at for at in coming if at is not None), default=None)
        if due is None:
            return _IDLE_SECONDS
        return min(max((due - now).total_seconds(), 0.005), _IDLE_SECONDS)
