"""The cashier: which channels there are, a try to pay, and how the payment stands."""

import asyncio

from fastapi import APIRouter, Request

from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.payments.access import own_payment_for, payment_seen_by
from api.payments.schemas import AttemptView, ChannelView, PaymentView, PayRequest
from api.wiring import Services
from channels.payment.contract import CreatedPayment, CreatePayment, PaymentChannel
from channels.payment.errors import ChannelRefused, ChannelUnavailable, ChannelUnknown
from models.payments.errors import (
    AttemptAmountInvalid,
    AttemptClosed,
    AttemptConflict,
    AttemptExceedsRest,
    ChannelDoesNotTake,
    PaymentAlreadyComplete,
    PaymentClosed,
    PaymentWindowOver,
    TooManyAttempts,
)
from models.payments.rules import left_to_pay, refuse_when_over
from models.payments.types import Attempt, AttemptState, Payment
from models.shared.ids import AttemptId, OrderId, PaymentId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

bare = idempotent_router(tags=["payments"])
"""Served bare, as R19 writes it, and under /v1."""

bare_reads = APIRouter(tags=["payments"])
"""As R19 would write it, and under /v1."""

cashier = APIRouter(prefix="/v1/cashier", tags=["payments"])

_CHANNEL_ANSWERS_WITHIN = 10.0
_OPENING = (PaymentClosed, PaymentAlreadyComplete, PaymentWindowOver, AttemptExceedsRest, AttemptAmountInvalid)
_PAYING = (NotAuthenticated, NotFound, *_OPENING, AttemptConflict, AttemptClosed, TooManyAttempts)
_CHANNEL = (ChannelUnknown, ChannelDoesNotTake, ChannelRefused, ServiceBusy)


@cashier.get("/channels", summary="Ways to pay an order", responses=refusals(NotAuthenticated, NotFound))
async def list_channels(order_id: OrderId, who: CurrentUser, shop: Wired) -> list[ChannelView]:
    """The channels that take the order's currency, with their limits and what each costs the shop, in the cashier's order."""
    rest = left_to_pay(await own_payment_for(who, order_id, shop))
    terms = [channel.terms for channel in shop.payment_channels.all()]
    return [ChannelView.of(entry, rest) for entry in terms if rest.currency in entry.currencies]


@bare.post("/payments", status_code=201, summary="Try to pay", responses=refusals(*_PAYING, *_CHANNEL))
async def pay(ask: PayRequest, request: Request, who: CurrentUser, errand: Once, shop: Wired) -> AttemptView:
    """A try to pay on one channel; send the buyer to its `cashier_url`. Several may be open at once: whichever completes
    the payment first wins, and money beyond what is owed goes back by itself."""
    payment = await own_payment_for(who, ask.order_id, shop)
    channel = shop.payment_channels.named(ask.channel)
    wanted = ask.amount or left_to_pay(payment)
    if wanted.minor > 0 and not channel.terms.accepts(wanted):
        raise ChannelDoesNotTake.of(ask.channel, wanted)
    attempt = await shop.payments.open_attempt(
        payment.payment_id,
        ask.channel,
        ask.method or ask.channel,
        ask.amount,
        _attempt_of(errand),
        shop.clock(),
        ask.instalments,
    )
    extras = _extras(ask, channel, request.client.host if request.client else None)
    return AttemptView.of(await _payable(shop, payment, attempt, channel, ask, extras))


@bare_reads.get("/payments/{payment_id}", summary="A payment", responses=refusals(NotAuthenticated, NotFound))
async def show_payment(payment_id: PaymentId, who: CurrentUser, shop: Wired) -> PaymentView:
    """What is owed, what came, what went back, and every try to pay."""
    payment = await payment_seen_by(who, payment_id, shop)
    return PaymentView.of(payment, await shop.payments.attempts(payment_id))


def _attempt_of(errand: Errand) -> AttemptId:
    """The attempt this request makes: the same for every repetition of it."""
    return AttemptId.derive(errand.first_seen_at, errand.caller, errand.key)


def _extras(ask: PayRequest, channel: PaymentChannel, client_ip: str | None) -> dict[str, str]:
    """What this channel asks for; no other is told who the buyer is and where."""
    told: dict[str, str | None] = {"payer_id": ask.payer_id, "client_ip": client_ip}
    told = {name: value for name, value in told.items() if name in channel.terms.needs}
    told["instalments"] = str(ask.instalments) if ask.instalments > 1 else None
    return {name: value for name, value in told.items() if value}


async def _payable(
    shop: Services,
    payment: Payment,
    attempt: Attempt,
    channel: PaymentChannel,
    ask: PayRequest,
    extras: dict[str, str],
) -> Attempt:
    """The attempt, known to its channel. A repeat asks the channel again only if its answer was lost."""
    if attempt.channel_reference is not None:
        return attempt
    created = await _create(shop, payment, attempt, channel, ask, extras)
    bound = await shop.payments.bind_attempt(attempt.attempt_id, created.channel_reference, created.cashier_url)
    if bound.state is AttemptState.CLOSED:  # while the channel was asked: by the payment's end, or by another price
        await channel.close(created.channel_reference)
        refuse_when_over(await shop.payments.payment(payment.payment_id), shop.clock())
        raise AttemptClosed.of(attempt.attempt_id)
    return bound


async def _create(
    shop: Services,
    payment: Payment,
    attempt: Attempt,
    channel: PaymentChannel,
    ask: PayRequest,
    extras: dict[str, str],
) -> CreatedPayment:
    base = shop.settings.api_url.rstrip("/")
    request = CreatePayment(
        attempt=attempt.attempt_id,
        amount=attempt.amount,
        description=f"Order {payment.order_id}",
        notify_url=f"{base}/payments/{attempt.attempt_id}/callbacks",
        return_url=f"{shop.settings.browser_url}{ask.return_path}",
        expires_at=payment.due_at,
        language=ask.language,
        metadata=extras,
    )
    try:
        async with asyncio.timeout(_CHANNEL_ANSWERS_WITHIN):
            return await channel.create(request)
    except (ChannelUnavailable, TimeoutError):
        raise ServiceBusy(
            f"{ask.channel} did not answer in time. Ask again with the same Idempotency-Key, or choose another channel."
        ) from None
    except ChannelRefused:
        await shop.payments.close_attempt(attempt.attempt_id)
        raise
