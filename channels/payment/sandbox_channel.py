"""The sandbox as a payment channel: one channel per method that the sandbox takes."""

import asyncio
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from channels import sandbox_signing as signing
from channels.payment.contract import (
    CALLBACK_TOLERANCE,
    CallbackAnswer,
    CallbackKind,
    ChannelCallback,
    ChannelPayment,
    ChannelRefund,
    ChannelTerms,
    CreatedPayment,
    CreatePayment,
    FeeRule,
    PaymentState,
    RefundRequest,
    RefundState,
    StatementLine,
)
from channels.payment.errors import (
    CallbackMalformed,
    CallbackSignatureInvalid,
    CallbackTimestampStale,
    ChannelRefused,
    ChannelUnavailable,
    StatementNotReady,
)
from channels.payment.sandbox import wire
from channels.payment.sandbox_statement import read_sandbox_statement
from models.shared import Money
from models.shared.ids import RefundId
from models.shared.time import Clock

_NAMES: dict[wire.Method, tuple[str, str]] = {
    "wallet": ("Sandbox wallet", "沙箱钱包"),
    "card": ("Sandbox credit card", "沙箱信用卡"),
    "debit_card": ("Sandbox debit card", "沙箱借记卡"),
    "voucher": ("Sandbox voucher", "沙箱代金券"),
    "boleto": ("Sandbox boleto", "沙箱 Boleto 账单"),
}
_TIMEOUT = httpx.Timeout(8.0, connect=2.0)
_DOWNLOAD = httpx.Timeout(60.0, connect=2.0)
"""For each piece of a statement, and for its beginning, which takes the sandbox as long as it writes the whole."""
_CHUNK = 262_144
_NOBODY_KNOWS = {401, 408, 425, 429}
"""Refusals that say nothing about the payment: try again, or look at clock and secret."""
_Answer = TypeVar("_Answer", bound=BaseModel)


def channel_name(method: wire.Method) -> str:
    """`sandbox` for the wallet and `sandbox_<method>` for the others."""
    return "sandbox" if method == "wallet" else f"sandbox_{method}"


class SandboxChannel:
    """One method of the sandbox. `client` is shared and closed by whoever built it."""

    def __init__(
        self,
        method: wire.Method,
        url: str,
        secret: str,
        client: httpx.AsyncClient,
        clock: Clock,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> None:
        self._method = method
        self._url = url.rstrip("/")
        self._secret = secret
        self._client = client
        self._clock = clock
        self._timeout = timeout
        english, chinese = _NAMES[method]
        self._terms = ChannelTerms(
            name=channel_name(method),
            display_names={"en": english, "zh": chinese},
            currencies=frozenset(wire.CURRENCIES),
            min_minor=wire.MIN_MINOR,
            max_minor=wire.MAX_MINOR,
            fee=FeeRule(basis_points=wire.FEE_BASIS_POINTS),
        )

    @property
    def terms(self) -> ChannelTerms:
        """Named `sandbox` for the wallet and `sandbox_<method>` for the others."""
        return self._terms

    @property
    def received(self) -> CallbackAnswer:
        """See PaymentChannel. The sandbox wants any 2xx."""
        return CallbackAnswer()

    async def create(self, request: CreatePayment) -> CreatedPayment:
        """See PaymentChannel. `metadata["faults"]` says what the sandbox shall do wrong with this payment."""
        body = wire.CreateBody(
            attempt_id=request.attempt,
            method=self._method,
            amount_minor=request.amount.minor,
            currency=request.amount.currency,
            **request.model_dump(
                include={"description", "notify_url", "return_url", "expires_at", "language", "metadata"}
            ),
        )
        answer = await self._ask("POST", "/v1/payments", wire.PaymentAnswer, body)
        return CreatedPayment(channel_reference=answer.reference, cashier_url=answer.cashier_url)

    async def query(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel."""
        return await self._payment("GET", f"/v1/payments/{quote(channel_reference, safe='')}", channel_reference)

    async def close(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel."""
        return await self._payment("POST", f"/v1/payments/{quote(channel_reference, safe='')}/close", channel_reference)

    async def refund(self, request: RefundRequest) -> ChannelRefund:
        """See PaymentChannel."""
        body = wire.RefundBody(
            refund_id=request.refund_id,
            reference=request.channel_reference,
            amount_minor=request.amount.minor,
            currency=request.amount.currency,
            reason=request.reason,
            notify_url=request.notify_url,
        )
        return _refund(await self._ask("POST", "/v1/refunds", wire.RefundAnswer, body))

    async def query_refund(self, refund_id: RefundId, channel_reference: str) -> ChannelRefund:  # noqa: ARG002
        """See PaymentChannel. The sandbox finds a refund by its id alone."""
        try:
            return _refund(await self._ask("GET", f"/v1/refunds/{refund_id}", wire.RefundAnswer))
        except ChannelRefused as refusal:
            if refusal.channel_code != "refund_unknown":
                raise
            return ChannelRefund(status=RefundState.UNKNOWN_REFUND, refund_id=refund_id)

    def parse_callback(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> ChannelCallback:
        """See PaymentChannel. The signature is checked before the timestamp, and both before the body is parsed."""
        lower = {name.lower(): value for name, value in headers.items()}
        signature = signing.read_callback_header(lower.get(signing.CALLBACK_HEADER.lower(), ""))
        if signature is None:
            raise CallbackMalformed(
                f"There is no readable {signing.CALLBACK_HEADER} header; only the channel may call this."
            )
        if not signing.callback_is_genuine(self._secret, signature, raw_body):
            raise CallbackSignatureInvalid(
                "The signature does not fit the body; the channel's secret may have changed."
            )
        if abs(now.timestamp() - signature.timestamp) > CALLBACK_TOLERANCE.total_seconds():
            raise CallbackTimestampStale("It was signed more than 300 s away from now; send it again, signed afresh.")
        try:
            return _callback(wire.EventBody.model_validate_json(raw_body))
        except ValidationError as problem:
            raise CallbackMalformed(
                f"The body is not an event of the sandbox: {problem.errors()[0]['msg']}."
            ) from problem

    async def fetch_statement(self, day: date, into: Path) -> Path:
        """See PaymentChannel. Days are UTC; whether today's statement, of what happened so far, can be had is the sandbox's
        setting `statement_delay_seconds`."""
        path = f"/v1/statements/{day.isoformat()}?method={self._method}"
        file = into / f"{self._terms.name}-{day.isoformat()}.csv.gz"
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        part = file.with_suffix(".part")  # nobody reads half a file
        try:
            expected, digest = await self._download(path, part)
        except ChannelRefused as refusal:
            if refusal.channel_code != "statement_not_ready":
                raise
            raise StatementNotReady(refusal.channel_message) from None
        if digest != expected:
            raise ChannelUnavailable(f"the statement of {day} arrived damaged; fetch it again")
        await asyncio.to_thread(part.replace, file)
        return file

    async def _download(self, path: str, file: Path) -> tuple[str | None, str]:
        """Stream an answer into a file: the digest it should have, and that of what came."""
        digest = hashlib.sha256()
        try:
            async with self._client.stream(
                "GET",
                self._url + path,
                headers=self._signed("GET", path, b""),
                timeout=_DOWNLOAD,
                follow_redirects=False,
            ) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise self._no(response, f"GET {path}")
                with file.open("wb") as written:
                    async for chunk in response.aiter_bytes(_CHUNK):
                        digest.update(chunk)
                        await asyncio.to_thread(written.write, chunk)
        except httpx.HTTPError as problem:
            raise ChannelUnavailable(f"no whole answer to GET {path} ({type(problem).__name__})") from problem
        return response.headers.get(wire.STATEMENT_DIGEST_HEADER), digest.hexdigest()

    def read_statement(self, path: Path) -> Iterator[StatementLine]:
        """See PaymentChannel. The totals are compared after the last line, so take all lines before you act on one."""
        return read_sandbox_statement(path)

    async def _payment(self, verb: Literal["GET", "POST"], path: str, reference: str) -> ChannelPayment:
        try:
            answer = await self._ask(verb, path, wire.PaymentAnswer)
        except ChannelRefused as refusal:
            if refusal.channel_code != "payment_unknown":
                raise
            return ChannelPayment(status=PaymentState.UNKNOWN_PAYMENT, channel_reference=reference)
        return ChannelPayment(
            status=PaymentState(answer.status),
            channel_reference=answer.reference,
            amount=Money(minor=answer.amount_minor, currency=answer.currency),
            transaction_id=answer.transaction_id,
            paid_at=answer.paid_at,
        )

    async def _ask(
        self, verb: Literal["GET", "POST"], path: str, answer: type[_Answer], body: BaseModel | None = None
    ) -> _Answer:
        raw = b"" if body is None else body.model_dump_json().encode()
        response = await self._send(verb, path, raw)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as problem:
            raise ChannelUnavailable(f"the sandbox answered {verb} {path} with something unreadable") from problem

    async def _send(self, verb: Literal["GET", "POST"], path: str, raw: bytes) -> httpx.Response:
        headers = self._signed(verb, path, raw)
        try:
            response = await self._client.request(
                verb, self._url + path, content=raw, headers=headers, timeout=self._timeout, follow_redirects=False
            )
        except httpx.HTTPError as problem:
            name = type(problem).__name__
            raise ChannelUnavailable(
                f"no answer from the sandbox to {verb} {path} ({name}); it may have acted"
            ) from problem
        if response.status_code == 200:
            return response
        raise self._no(response, f"{verb} {path}")

    def _signed(self, verb: Literal["GET", "POST"], path: str, raw: bytes) -> dict[str, str]:
        stamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        return {
            "Content-Type": "application/json",
            signing.TIMESTAMP_HEADER: stamp,
            signing.NONCE_HEADER: nonce,
            signing.REQUEST_SIGNATURE_HEADER: signing.sign_request(self._secret, stamp, nonce, verb, path, raw),
        }

    def _no(self, response: httpx.Response, call: str) -> ChannelRefused | ChannelUnavailable:
        try:
            error = wire.ErrorAnswer.model_validate_json(response.content)
        except ValidationError:
            return ChannelUnavailable(f"the sandbox answered {call} with {response.status_code} and no reason")
        if response.status_code >= 500 or response.status_code in _NOBODY_KNOWS:
            return ChannelUnavailable(
                f"the sandbox answered {call} with {response.status_code} {error.code}: {error.message}"
            )
        return ChannelRefused(self._terms.name, error.code, error.message)


def _refund(answer: wire.RefundAnswer) -> ChannelRefund:
    return ChannelRefund(
        status=RefundState(answer.status),
        refund_id=answer.refund_id,
        amount=Money(minor=answer.amount_minor, currency=answer.currency),
        transaction_id=answer.transaction_id,
        reason=answer.refusal,
        settled_at=answer.settled_at,
    )


def _callback(event: wire.EventBody) -> ChannelCallback:
    return ChannelCallback(
        event_id=event.event_id,
        kind=CallbackKind(event.kind),
        channel_reference=event.reference,
        attempt=event.attempt_id,
        refund_id=event.refund_id,
        amount=Money(minor=event.amount_minor, currency=event.currency),
        transaction_id=event.transaction_id,
        reason=event.reason,
        occurred_at=event.occurred_at,
    )
