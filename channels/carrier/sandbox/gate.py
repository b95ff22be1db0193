"""The door of the merchant's api: nobody passes unsigned, stale or twice; and calls fail here when they are meant to.

Plain ASGI, because the signature covers the raw body and must be checked before anyone parses it, and because a call that is
never answered has to be held after its work is done.
"""

import asyncio
import re
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.types import CarrierSaysNo
from channels.sandbox_signing import (
    NONCE_HEADER,
    REQUEST_SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TOLERANCE_SECONDS,
    same_signature,
    sign_request,
)

_MAX_BODY = 65_536
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PATH = re.compile(r"/v1/(?P<company>[a-z_]+)/(?P<thing>waybills|cancellations)(?:/[^/]+)?(?P<label>/label)?")


class Gate:
    """Wraps the application; guards every path under /v1/ and lets the rest through."""

    def __init__(self, app: ASGIApp, depot: Depot, secret: str) -> None:
        self._app = app
        self._depot = depot
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, misbehave if so scheduled, and pass on."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
            self._check(scope, body)
        except CarrierSaysNo as no:
            await JSONResponse({"code": no.code, "message": no.message}, no.status)(scope, receive, send)
            return
        await self._serve(scope, body, receive, send)

    def _check(self, scope: Scope, body: bytes) -> None:
        headers = Headers(scope=scope)
        stamp = headers.get(TIMESTAMP_HEADER, "")
        nonce = headers.get(NONCE_HEADER, "")
        given = headers.get(REQUEST_SIGNATURE_HEADER, "")
        if not (re.fullmatch(r"[0-9]{1,12}", stamp) and _NONCE.fullmatch(nonce) and given):
            raise CarrierSaysNo(401, "request_unsigned", "Timestamp, nonce and signature are needed on every request.")
        path = scope["raw_path"].decode("latin-1")
        if not same_signature(sign_request(self._secret, stamp, nonce, scope["method"], path, body), given):
            raise CarrierSaysNo(401, "request_signature_invalid", "The signature does not fit this request.")
        now = self._depot.clock()
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise CarrierSaysNo(
                401, "request_stale", f"The request was signed more than {TOLERANCE_SECONDS} s ago or ahead."
            )
        forget_before = now - timedelta(seconds=2 * TOLERANCE_SECONDS + 1)
        with self._depot.store.transaction():
            new = self._depot.store.remember_nonce(nonce, now, forget_before)
        if not new:
            raise CarrierSaysNo(401, "request_replayed", "This nonce was used before; sign again with a new one.")

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        places = _places(scope["method"], scope["path"])
        hits = self._depot.fate.hits_on_call(self._depot.clock(), *places)
        strength = {rule.fault: rule.strength for rule in hits}
        await asyncio.sleep(strength.get("slow", 0))
        if "unavailable" in strength:
            message = {"code": "unavailable", "message": "The carrier cannot answer now."}
            await JSONResponse(message, int(strength["unavailable"]))(scope, receive, send)
            return
        if "address_refused" in strength and places[0] == "book":
            message = {"code": "address_unknown", "message": "There is no such street."}
            await JSONResponse(message, 422)(scope, receive, send)
            return
        if "timeout_after_effect" not in strength:
            await self._app(scope, _replay(body, receive), send)
            return
        await self._app(scope, _replay(body, receive), _drop)
        await _hold(receive, strength["timeout_after_effect"])


def _places(method: str, path: str) -> tuple[str, str]:
    """The operation and the company of a call."""
    match = _PATH.fullmatch(path)
    if match is None:
        return "elsewhere", ""
    if match["thing"] == "cancellations":
        return "cancel", match["company"]
    if method == "POST":
        return "book", match["company"]
    return ("label" if match["label"] else "query"), match["company"]


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CarrierSaysNo(400, "request_cut_off", "The request ended before its body did.")
        body += bytes(message.get("body", b""))
        if len(body) > _MAX_BODY:
            raise CarrierSaysNo(413, "request_too_large", f"A request has at most {_MAX_BODY} bytes.")
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
