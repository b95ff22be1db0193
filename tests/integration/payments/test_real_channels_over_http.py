"""Alipay, WeChat Pay and Stripe from outside: their simulators report to the real api, sagas book, refunds go back."""

from typing import Any

import httpx
import pytest
import segno

from models.payments.types import CallbackVerdict, PaymentState
from tests.integration.payments.counter import Counter, Customer, eventually
from tests.simulators.serving import Provider, spare_key

WANTS = {"alipay": (200, b"success"), "wechat_pay": (204, b""), "stripe": (200, b'{"received":true}')}
CHANNELS = list(WANTS)


def provider_of(counter: Counter, channel: str) -> Any:
    provider: Provider = getattr(counter, channel)
    provider.forget()
    return provider


async def paid(counter: Counter, buyer: Customer, channel: str) -> tuple[Any, dict[str, Any]]:
    """A payment that a buyer completed there, and its attempt."""
    provider = provider_of(counter, channel)
    payment = await counter.owed_by(buyer)
    answer = await buyer.pay(payment, channel=channel)
    assert answer.status_code == 201, answer.text
    attempt = answer.json()
    if channel == "alipay":
        assert await provider.opens(attempt["cashier_url"]) == "cashier"
    provider.pay((await counter.shop.payments.attempt(attempt["attempt_id"])).channel_reference)
    return await counter.until(payment, lambda now: now.state is PaymentState.PAID), attempt


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_buyer_pays_and_finance_gives_back(counter: Counter, channel: str) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment, attempt = await paid(counter, buyer, channel)
    kept = await counter.shop.payments.callbacks(attempt["attempt_id"], limit=10)
    assert [(entry.verdict, entry.channel) for entry in kept] == [(CallbackVerdict.GENUINE, channel)]
    given = await finance.post(f"/payments/{payment.payment_id}/refund", {"amount": {"minor": 4_000}})
    assert given.status_code == 201, given.text
    await counter.until(payment, lambda now: now.refunded.minor == 4_000)
    provider = getattr(counter, channel)
    await eventually(lambda: _now(provider.heard), lambda heard: len(heard) >= 2)
    assert provider.heard == [WANTS[channel]] * 2


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_repeat_gets_the_same_answer_and_books_nothing(counter: Counter, channel: str) -> None:
    payment, attempt = await paid(counter, await counter.person(), channel)
    (kept,) = await counter.shop.payments.callbacks(attempt["attempt_id"], limit=10)
    booked = await counter.shop.payments.transfers(payment.payment_id)
    headers = {name: value for name, value in kept.headers.items() if name.startswith(("wechatpay", "stripe"))}
    for _ in range(3):
        answer = await send(counter, address_of(channel, attempt), headers, kept.body)
        assert (answer.status_code, answer.content) == WANTS[channel]
    assert await counter.shop.payments.transfers(payment.payment_id) == booked


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_forgery_is_refused_and_kept(counter: Counter, channel: str) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = (await buyer.pay(payment, channel=channel)).json()
    address = address_of(channel, attempt)
    kept_at = attempt["attempt_id"] if channel != "stripe" else "channel/stripe"
    headers, body = forged(counter, channel, attempt["attempt_id"])
    answer = await send(counter, address, headers, body)
    assert (answer.status_code, answer.json()["code"]) == (401, "callback_signature_invalid")
    assert answer.content != b"success"
    (kept, *_) = await counter.shop.payments.callbacks(kept_at, limit=1)
    assert kept.verdict is CallbackVerdict.SIGNATURE_INVALID
    assert (await counter.shop.payments.payment(payment.payment_id)).captured.minor == 0


async def test_an_event_that_needs_nothing_is_kept_and_answered(counter: Counter) -> None:
    stripe = counter.stripe
    body = stripe.event("payout.paid", {"id": "po_1"})
    answer = await send(counter, "/payment-channels/stripe/callbacks", stripe.signed(body), body)
    assert (answer.status_code, answer.content) == WANTS["stripe"]
    (kept, *_) = await counter.shop.payments.callbacks("channel/stripe", limit=1)
    assert (kept.verdict, kept.channel) == (CallbackVerdict.GENUINE, "stripe")


async def test_a_report_about_another_channels_attempt_is_about_nothing_here(counter: Counter) -> None:
    buyer, stripe = await counter.person(), counter.stripe
    attempt = (await buyer.pay(await counter.owed_by(buyer))).json()["attempt_id"]
    told = {"id": "cs_1", "payment_status": "paid", "client_reference_id": attempt, "payment_intent": "pi_1"}
    body = stripe.event("checkout.session.completed", told | {"amount_total": 10_000, "currency": "cny"})
    answer = await send(counter, "/payment-channels/stripe/callbacks", stripe.signed(body), body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    (kept, *_) = await counter.shop.payments.callbacks("channel/stripe", limit=1)
    assert kept.verdict is CallbackVerdict.UNKNOWN_PAYMENT


async def test_a_channel_that_is_not_offered_has_no_address(counter: Counter) -> None:
    answer = await send(counter, "/payment-channels/barter/callbacks", {}, b"{}")
    assert (answer.status_code, answer.json()["code"]) == (422, "channel_unknown")


def address_of(channel: str, attempt: dict[str, Any]) -> str:
    """Where the channel reports."""
    return (
        f"/payment-channels/{channel}/callbacks"
        if channel == "stripe"
        else f"/payments/{attempt['attempt_id']}/callbacks"
    )


def forged(counter: Counter, channel: str, attempt_id: str) -> tuple[dict[str, str], bytes]:
    """A report of a payment, signed by somebody else."""
    if channel == "alipay":
        told = {"notify_id": "1", "out_trade_no": attempt_id, "trade_status": "TRADE_SUCCESS", "total_amount": "100.00"}
        return {}, counter.alipay.notice(told, spare_key())
    if channel == "stripe":
        body = counter.stripe.event("checkout.session.completed", {"client_reference_id": attempt_id})
        return counter.stripe.signed(body, secret="whsec_guessed"), body
    body = counter.wechat_pay.event("TRANSACTION.SUCCESS", "transaction", {"out_trade_no": attempt_id})
    return counter.wechat_pay.stamped(body, key=spare_key()), body


async def send(counter: Counter, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    async with httpx.AsyncClient(base_url=counter.url) as provider:
        return await provider.post(path, content=body, headers=headers)


async def _now(value: Any) -> Any:
    return value


async def test_wechat_pay_is_shown_as_a_code_to_its_buyer_only_and_only_while_it_can_be_paid(counter: Counter) -> None:
    buyer, stranger = await counter.person(), await counter.person()
    provider_of(counter, "wechat_pay")
    payment = await counter.owed_by(buyer)
    attempt = (await buyer.pay(payment, channel="wechat_pay")).json()
    assert attempt["cashier_url"].startswith("weixin:")
    path = f"/v1/payments/{payment.payment_id}/attempts/{attempt['attempt_id']}/code.svg"
    shown = await buyer.http.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/svg+xml")
    assert shown.headers["cache-control"] == "no-store"
    modules = segno.make(attempt["cashier_url"], error="m", micro=False).symbol_size(scale=8, border=4)
    assert f'width="{modules[0]}"' in shown.text
    assert (await stranger.http.get(path)).status_code == 404
    other = attempt["attempt_id"].replace("att_0", "att_7")
    assert (await buyer.http.get(path.replace(attempt["attempt_id"], other))).status_code == 404
    counter.wechat_pay.pay(attempt["attempt_id"])  # our number of the payment is the attempt's id there
    await counter.until(payment, lambda now: now.state is PaymentState.PAID)
    assert (await buyer.http.get(path)).status_code == 404
