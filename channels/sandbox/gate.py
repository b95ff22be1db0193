"""The door of the merchant's api: nobody passes unsigned, stale or twice; and calls fail here when they are meant to.

Plain ASGI, because the signature covers the raw body and must be checked before anyone parses it, and because a call that
is never answered has to be held after its work is done.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.sandbox.books import Books
from channels.sandbox.refusal import SandboxRefusal
from channels.sandbox_signing import (
    NONCE_HEADER,
    REQUEST_SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TOLERANCE_SECONDS,
    same_signature,
    sign_request,
)
from models.shared.time import Clock

_MAX_BODY = 65_536
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Calls(Protocol):
    """What a sandbox knows of the calls at its gate."""

    def strength(self, method: str, path: str, body: bytes, /) -> Mapping[str, float]:
        """The faults that hit this call, each with its value. `slow` and `timeout_after_effect` are the gate's to do."""

    def turned_down(self, strength: Mapping[str, float]) -> SandboxRefusal | None:
        """What the call is answered instead of being done, if one of the faults says so."""


class Gate:
    """Wraps the application; guards every path under /v1/ and lets the rest through."""

    def __init__(self, app: ASGIApp, calls: Calls, books: Books, clock: Clock, secret: str) -> None:
        self._app = app
        self._calls = calls
        self._books = books
        self._clock = clock
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, misbehave if so scheduled, and pass on."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
            self._check(scope, body)
        except SandboxRefusal as refusal:
            await refusal.answer()(scope, receive, send)
            return
        await self._serve(scope, body, receive, send)

    def _check(self, scope: Scope, body: bytes) -> None:
        headers = Headers(scope=scope)
        stamp = headers.get(TIMESTAMP_HEADER, "")
        nonce = headers.get(NONCE_HEADER, "")
        given = headers.get(REQUEST_SIGNATURE_HEADER, "")
        if not (re.fullmatch(r"[0-9]{1,12}", stamp) and _NONCE.fullmatch(nonce) and given):
            raise SandboxRefusal(401, "request_unsigned", "Timestamp, nonce and signature are needed on every request.")
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        if not same_signature(sign_request(self._secret, stamp, nonce, scope["method"], path, body), given):
            raise SandboxRefusal(401, "request_signature_invalid", "The signature does not fit this request.")
        now = self._clock()
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise SandboxRefusal(
                401, "request_stale", f"The request was signed more than {TOLERANCE_SECONDS} s ago or ahead."
            )
        forget_before = now - timedelta(seconds=2 * TOLERANCE_SECONDS + 1)
        with self._books.transaction():
            new = self._books.remember_nonce(nonce, now, forget_before)
        if not new:
            raise SandboxRefusal(401, "request_replayed", "This nonce was used before; sign again with a new one.")

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        strength = self._calls.strength(scope["method"], scope["path"], body)
        await asyncio.sleep(strength.get("slow", 0))
        turned_down = self._calls.turned_down(strength)
        if turned_down is not None:
            await turned_down.answer()(scope, receive, send)
        elif "timeout_after_effect" in strength:
            await self._app(scope, _replay(body, receive), _drop)
            await _hold(receive, strength["timeout_after_effect"])
        else:
            await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SandboxRefusal(400, "request_cut_off", "The request ended before its body did.")
        body += bytes(message.get("body", b""))
        if len(body) > _MAX_BODY:
            raise SandboxRefusal(413, "request_too_large", f"A request has at most {_MAX_BODY} bytes.")
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _drop(message: Message) -> None:
    """Where the answer goes of a call that did its work and is never answered."""


async def _hold(receive: Receive, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
