"""The door of the merchant's api: nobody passes unsigned, stale or twice; and calls fail here when they are meant to.

Plain ASGI, because the signature covers the raw body and must be checked before anyone parses it, and because a call that
is never answered has to be held after its work is done.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.payment.sandbox.faults import FaultRule, read_rules
from channels.payment.sandbox.provider import Provider, own_rules
from channels.payment.sandbox.types import ProviderRefusal
from channels.payment.sandbox.wire import Operation
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
_OPERATIONS: list[tuple[str, re.Pattern[str], Operation]] = [
    ("POST", re.compile(r"/v1/payments"), "create"),
    ("GET", re.compile(r"/v1/payments/(?P<reference>[^/]+)"), "query"),
    ("POST", re.compile(r"/v1/payments/(?P<reference>[^/]+)/close"), "close"),
    ("POST", re.compile(r"/v1/refunds"), "refund"),
    ("GET", re.compile(r"/v1/refunds/(?P<refund>[^/]+)"), "query_refund"),
    ("GET", re.compile(r"/v1/statements/[^/]+"), "statement"),
]


class Gate:
    """Wraps the application; guards every path under /v1/ and lets the rest through."""

    def __init__(self, app: ASGIApp, provider: Provider, secret: str) -> None:
        self._app = app
        self._provider = provider
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, misbehave if so scheduled, and pass on."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
            self._check(scope, body)
        except ProviderRefusal as refusal:
            await JSONResponse({"code": refusal.code, "message": refusal.message}, refusal.status)(scope, receive, send)
            return
        await self._serve(scope, body, receive, send)

    def _check(self, scope: Scope, body: bytes) -> None:
        headers = Headers(scope=scope)
        stamp = headers.get(TIMESTAMP_HEADER, "")
        nonce = headers.get(NONCE_HEADER, "")
        given = headers.get(REQUEST_SIGNATURE_HEADER, "")
        if not (re.fullmatch(r"[0-9]{1,12}", stamp) and _NONCE.fullmatch(nonce) and given):
            raise ProviderRefusal(
                401, "request_unsigned", "Timestamp, nonce and signature are needed on every request."
            )
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        if not same_signature(sign_request(self._secret, stamp, nonce, scope["method"], path, body), given):
            raise ProviderRefusal(401, "request_signature_invalid", "The signature does not fit this request.")
        now = self._provider.clock()
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise ProviderRefusal(
                401, "request_stale", f"The request was signed more than {TOLERANCE_SECONDS} s ago or ahead."
            )
        forget_before = now - timedelta(seconds=2 * TOLERANCE_SECONDS + 1)
        with self._provider.store.transaction():
            new = self._provider.store.remember_nonce(nonce, now, forget_before)
        if not new:
            raise ProviderRefusal(401, "request_replayed", "This nonce was used before; sign again with a new one.")

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        strength = {rule.fault: rule.strength for rule in self._hits(scope, body)}
        await asyncio.sleep(strength.get("slow", 0))
        if "unavailable" in strength:
            message = {"code": "unavailable", "message": "The provider cannot answer now."}
            await JSONResponse(message, int(strength["unavailable"]))(scope, receive, send)
            return
        if "statement_not_ready" in strength:
            message = {"code": "statement_not_ready", "message": "This statement is not published yet."}
            await JSONResponse(message, 404)(scope, receive, send)
            return
        if "timeout_after_effect" not in strength:
            await self._app(scope, _replay(body, receive), send)
            return
        await self._app(scope, _replay(body, receive), _drop)
        await _hold(receive, strength["timeout_after_effect"])

    def _hits(self, scope: Scope, body: bytes) -> list[FaultRule]:
        path = unquote(scope["path"])
        for method, pattern, operation in _OPERATIONS:
            match = pattern.fullmatch(path)
            if match and method == scope["method"]:
                attempt, own = self._payment_rules(match.groupdict(), body)
                return self._provider.fate.hits_on_call(operation, attempt, own, self._provider.clock())
        return []

    def _payment_rules(self, path: Mapping[str, str], body: bytes) -> tuple[str | None, list[FaultRule]]:
        """Which attempt a call is about and what its payment asks to go wrong; malformed calls are the route's to refuse."""
        store = self._provider.store
        try:
            sent = json.loads(body) if body else {}
            if "attempt_id" in sent:
                return str(sent["attempt_id"]), read_rules(sent.get("metadata", {}).get("faults", ""))
            reference = path.get("reference") or sent.get("reference")
            payment = store.payment(reference or store.refund(path.get("refund", "")).reference)  # type: ignore[arg-type]
            return payment.attempt, own_rules(payment)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None, []


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProviderRefusal(400, "request_cut_off", "The request ended before its body did.")
        body += bytes(message.get("body", b""))
        if len(body) > _MAX_BODY:
            raise ProviderRefusal(413, "request_too_large", f"A request has at most {_MAX_BODY} bytes.")
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
