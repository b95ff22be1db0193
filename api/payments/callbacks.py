"""What channels report. A report is verified, kept as it came, handed to its saga, and only then answered as its channel wants.

So nothing that was answered can be lost, and everything that was not is sent again by the channel. Whether the report is
true to what is owed is the saga's judgement, not that of this page.
"""

import logging
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import Counter

from api.edge.problems import refusals
from api.edge.refusals import BodyTooLarge
from api.edge.sagas import answer_of
from api.edge.wired import Wired
from api.payments.schemas import Received
from api.wiring import Services
from channels.payment.contract import CallbackKind, ChannelCallback, ChannelNotice, PaymentChannel
from channels.payment.errors import (
    CallbackMalformed,
    CallbackSignatureInvalid,
    CallbackTimestampStale,
    ChannelUnknown,
)
from models.payments.messages import PaymentReport, PaymentTimeoutInput, RefundLegState, RefundReport
from models.payments.types import Attempt, CallbackVerdict
from models.shared import Refusal
from models.shared.ids import AttemptId, PaymentId
from models.shared.refusals import NotFound

bare = APIRouter(tags=["payments"])
"""Served bare, as R19 writes it, and under /v1. Repeats are known by the channel's event id, not by an Idempotency-Key."""

MAX_CALLBACK_BYTES = 65_536
_log = logging.getLogger(__name__)
_callbacks = Counter(
    "hanse_payment_callbacks", "Callbacks of payment channels by what was thought of them", ["verdict"]
)
_VERDICTS: dict[type[Refusal], CallbackVerdict] = {
    CallbackSignatureInvalid: CallbackVerdict.SIGNATURE_INVALID,
    CallbackTimestampStale: CallbackVerdict.TIMESTAMP_STALE,
    CallbackMalformed: CallbackVerdict.MALFORMED,
    NotFound: CallbackVerdict.UNKNOWN_PAYMENT,
}
_UNTRUE = (*_VERDICTS, BodyTooLarge)


async def raw_body(request: Request) -> bytes:
    """The body as it came, byte for byte, since it is signed; refused above the limit before it is read whole."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_CALLBACK_BYTES:
            raise BodyTooLarge(f"A callback has at most {MAX_CALLBACK_BYTES} bytes.")
    return bytes(body)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"const": "success"}, "example": "success"}}},
    204: {"description": "Understood (WeChat Pay)"},
}


@bare.post(
    "/payments/{addressee}/callbacks",
    summary="A channel's report",
    response_model=Received,
    responses={**_ANSWERS, **refusals(*_UNTRUE)},
)
async def receive(
    addressee: AttemptId | PaymentId, request: Request, body: Annotated[bytes, Depends(raw_body)], shop: Wired
) -> Response:
    """For payment channels: `addressee` is the attempt (or the payment) the report is about. The signature is checked over
    the raw body; repeats, in any order and at any time, get the same answer, in the words that the channel expects."""
    come = _Come(addressee, dict(request.headers), body)
    try:
        attempts = await _attempts_of(addressee, shop)
        channel, told = _verified(shop, attempts, come)
        attempt = None if isinstance(told, ChannelNotice) else _about(told, attempts)
    except tuple(_VERDICTS) as refusal:
        await _keep(shop, come, _VERDICTS[type(refusal)])
        raise
    return await _understood(shop, come, channel, told, attempt)


@bare.post(
    "/payment-channels/{name}/callbacks",
    summary="A channel's report, at the channel's one address",
    response_model=Received,
    responses={**_ANSWERS, **refusals(*_UNTRUE, ChannelUnknown)},
)
async def receive_at_the_channel(
    name: str, request: Request, body: Annotated[bytes, Depends(raw_body)], shop: Wired
) -> Response:
    """For payment channels that report everything to one address (Stripe): which attempt it is about is read in the report,
    once its signature holds."""
    come = _Come(f"channel/{name}", dict(request.headers), body)
    channel = shop.payment_channels.named(name)
    try:
        told = _read(channel, come, shop)
        attempt = None if isinstance(told, ChannelNotice) else await _attempt_on(channel, told, shop)
    except tuple(_VERDICTS) as refusal:
        await _keep(shop, come, _VERDICTS[type(refusal)])
        raise
    if attempt is not None:
        come = _Come(attempt.attempt_id, come.headers, come.body)
    return await _understood(shop, come, channel, told, attempt)


@dataclass(frozen=True)
class _Come:
    addressee: str
    headers: dict[str, str]
    body: bytes


async def _keep(
    shop: Services, come: _Come, verdict: CallbackVerdict, channel: str | None = None, event_id: str | None = None
) -> None:
    await shop.payments.keep_callback(come.addressee, channel, come.headers, come.body, event_id, verdict, shop.clock())
    _callbacks.labels(verdict.value).inc()


async def _attempts_of(addressee: AttemptId | PaymentId, shop: Services) -> tuple[Attempt, ...]:
    if isinstance(addressee, AttemptId):
        return (await shop.payments.attempt(addressee),)
    return await shop.payments.attempts((await shop.payments.payment(addressee)).payment_id)


def _verified(
    shop: Services, attempts: tuple[Attempt, ...], come: _Come
) -> tuple[PaymentChannel, ChannelCallback | ChannelNotice]:
    """Read by the channel of one of these attempts; the last channel's refusal if none of them sent it."""
    refusal: Refusal = NotFound("Nobody has tried to pay this yet.")
    for name in dict.fromkeys(attempt.channel for attempt in attempts):
        channel = shop.payment_channels.named(name)
        try:
            return channel, _read(channel, come, shop)
        except (CallbackSignatureInvalid, CallbackTimestampStale, CallbackMalformed) as unread:
            refusal = unread
    raise refusal


def _read(channel: PaymentChannel, come: _Come, shop: Services) -> ChannelCallback | ChannelNotice:
    told = channel.parse_callback(come.headers, come.body, shop.clock())
    if isinstance(told, ChannelNotice) or told.kind is not CallbackKind.PAYMENT_PAID:
        return told
    if told.transaction_id is None or told.amount is None:
        raise CallbackMalformed("The report says that money came, but not how much or under which transaction.")
    return told


async def _attempt_on(channel: PaymentChannel, told: ChannelCallback, shop: Services) -> Attempt:
    attempt = await shop.payments.attempt(told.attempt)
    if attempt.channel != channel.terms.name:
        raise NotFound(f"{told.attempt} is not an attempt on {channel.terms.name}.")
    return attempt


async def _understood(
    shop: Services,
    come: _Come,
    channel: PaymentChannel,
    told: ChannelCallback | ChannelNotice,
    attempt: Attempt | None,
) -> Response:
    """Kept, told once, and only then answered."""
    await _keep(shop, come, CallbackVerdict.GENUINE, channel.terms.name, told.event_id)
    if attempt is not None and isinstance(told, ChannelCallback):
        await _tell_once(shop, attempt, told)
    answer = channel.received
    return Response(answer.body, answer.status, media_type=answer.media_type)


def _about(callback: ChannelCallback, attempts: tuple[Attempt, ...]) -> Attempt:
    for attempt in attempts:
        if attempt.attempt_id == callback.attempt:
            return attempt
    raise NotFound(f"The report is about {callback.attempt}, which does not belong to this address.")


async def _tell_once(shop: Services, attempt: Attempt, callback: ChannelCallback) -> None:
    """A report that reached its saga before needs no more; one that did not, perhaps in a crash, is told again."""
    if await shop.payments.was_told(attempt.channel, callback.event_id):
        return
    match callback.kind:
        case CallbackKind.PAYMENT_PAID:
            await _report_payment(shop, attempt, callback)
        case CallbackKind.PAYMENT_CLOSED:
            await shop.payments.close_attempt(attempt.attempt_id)
        case CallbackKind.REFUND_SUCCEEDED | CallbackKind.REFUND_REFUSED:
            await _report_refund(shop, attempt, callback)
    await shop.payments.mark_told(attempt.channel, callback.event_id, shop.clock())


async def _report_payment(shop: Services, attempt: Attempt, callback: ChannelCallback) -> None:
    if callback.amount is None:
        raise CallbackMalformed("The report says that money came, but not how much.")
    payment = await shop.payments.payment(attempt.payment_id)
    start = PaymentTimeoutInput.taking_up(payment, shop.settings.placement)
    report = PaymentReport(
        attempt_id=attempt.attempt_id,
        channel_transaction=callback.transaction_id or "",
        amount=callback.amount,
        paid_at=callback.occurred_at,
        event_id=callback.event_id,
        source="callback",
    )
    await answer_of(shop.siblings.report_payment(start, report))


async def _report_refund(shop: Services, attempt: Attempt, callback: ChannelCallback) -> None:
    if callback.refund_id is None:
        raise CallbackMalformed("The report is about a refund, but does not say which.")
    refund = await shop.payments.refund_of_leg(callback.refund_id)
    leg = next((part for part in refund.legs if part.leg_id == callback.refund_id), None)
    if leg is not None and callback.amount is not None and leg.amount != callback.amount:
        _log.error("%s reports %s for refund leg %s of %s", attempt.channel, callback.amount, leg.leg_id, leg.amount)
        return
    succeeded = callback.kind is CallbackKind.REFUND_SUCCEEDED
    report = RefundReport(
        leg_id=callback.refund_id,
        state=RefundLegState.SUCCEEDED if succeeded else RefundLegState.REFUSED,
        detail=(callback.reason or "")[:500],
    )
    standing = await shop.payments.record_leg(report, shop.clock())
    await answer_of(shop.siblings.report_refund(refund.refund_id, standing))
