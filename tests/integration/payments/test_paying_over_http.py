"""Paying from outside: HTTP, signed callbacks, sagas and the sandbox, all real."""

import asyncio
import time

import httpx
import pytest

from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from models.payments.types import CallbackVerdict, PaymentState, RefundState
from tests.integration.channels.sandbox_server import SECRET
from tests.integration.payments.counter import Counter, Customer, eventually


def is_paid(payment: object) -> bool:
    return getattr(payment, "state", None) is PaymentState.PAID


async def test_a_card_pays_the_order_and_the_buyer_sees_it(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    assert attempt.status_code == 201, attempt.text
    await counter.buyer_pays(attempt)
    await counter.until(payment, is_paid)
    seen = (await buyer.http.get(f"/payments/{payment.payment_id}")).json()
    assert (seen["state"], seen["left"]["minor"], seen["attempts"][0]["state"]) == ("paid", 0, "captured")


async def test_the_cashier_lists_channels_with_what_they_take(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    listed = await buyer.http.get("/v1/cashier/channels", params={"order_id": payment.order_id})
    card = next(entry for entry in listed.json() if entry["name"] == "sandbox_card")
    assert (card["takes_rest"], card["fee"]["minor"]) == (True, 60)


async def test_a_repeated_request_is_the_same_attempt(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    first, again = [await buyer.pay(payment, key="the same") for _ in range(2)]
    assert first.json() == again.json()


async def test_a_voucher_and_a_card_pay_together(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    voucher = await buyer.pay(payment, channel="sandbox_voucher", amount={"minor": 2_000})
    await counter.buyer_pays(voucher)
    await counter.until(payment, lambda now: now.captured.minor == 2_000)
    card = await buyer.pay(payment)
    assert card.json()["amount"]["minor"] == 8_000
    await counter.buyer_pays(card)
    await counter.until(payment, is_paid)


async def test_a_second_payment_of_one_order_goes_back_by_itself(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempts = [await buyer.pay(payment) for _ in range(2)]
    await asyncio.gather(*(counter.buyer_pays(attempt) for attempt in attempts))
    await counter.until(payment, is_paid)
    (refund,) = await counter.refunds_that_ended(payment)
    assert refund.state is RefundState.SUCCEEDED
    assert (refund.reason, refund.amount.minor) == ("duplicate_payment", 10_000)


async def test_money_after_the_window_goes_back_by_itself(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer, minutes=2 / 60)
    attempt = await buyer.pay(payment)
    await counter.until(payment, lambda now: now.state is PaymentState.CLOSED)
    await counter.buyer_pays(attempt, "paid_although_closed")
    refunds = await counter.refunds_that_ended(payment)
    assert refunds[0].reason == "late_payment"


async def test_a_lost_callback_is_found_when_the_window_ends(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer, minutes=4 / 60)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt, "lost")
    await counter.until(payment, is_paid)
    assert await counter.shop.payments.callbacks(attempt.json()["attempt_id"], limit=10) == ()


async def test_another_buyer_sees_nothing_and_pays_nothing(counter: Counter) -> None:
    buyer, other = await counter.person(), await counter.person()
    payment = await counter.owed_by(buyer)
    answers = [
        await other.pay(payment),
        await other.http.get(f"/payments/{payment.payment_id}"),
        await other.http.get(f"/v1/payments/{payment.payment_id}/refunds"),
        await other.http.get("/v1/cashier/channels", params={"order_id": payment.order_id}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 4


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"channel": "nowhere"}, 422, "channel_unknown"),
        ({"amount": {"minor": 10_001}}, 409, "attempt_exceeds_rest"),
        ({"amount": {"minor": 0}}, 422, "attempt_amount_invalid"),
        ({"amount": {"minor": 5, "currency": "JPY"}}, 422, "channel_does_not_take"),
        ({"return_path": "//evil.example"}, 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_paid_is_refused(
    counter: Counter, more: dict[str, object], status: int, code: str
) -> None:
    buyer = await counter.person()
    answer = await buyer.pay(await counter.owed_by(buyer), **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def refund(finance: Customer, payment_id: str, **body: object) -> httpx.Response:
    return await finance.post(f"/payments/{payment_id}/refund", dict(body))


async def test_finance_gives_back_a_part_and_never_more_than_came(counter: Counter) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment = await counter.owed_by(buyer)
    await counter.buyer_pays(await buyer.pay(payment))
    await counter.until(payment, is_paid)
    assert (await refund(buyer, payment.payment_id)).status_code == 403
    given = await refund(finance, payment.payment_id, amount={"minor": 4_000})
    assert (given.status_code, given.json()["state"]) == (201, "held")
    await counter.until(payment, lambda now: now.refunded.minor == 4_000)
    refused = await refund(finance, payment.payment_id, amount={"minor": 6_001})
    assert (refused.status_code, refused.json()["code"], refused.json()["left"]["minor"]) == (
        409,
        "refund_exceeds_rest",
        6_000,
    )
    listed = (await buyer.http.get(f"/v1/payments/{payment.payment_id}/refunds")).json()
    assert [entry["amount"]["minor"] for entry in listed] == [4_000]


async def test_twenty_refunds_at_once_give_back_what_came_and_no_more(counter: Counter) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment = await counter.owed_by(buyer)
    await counter.buyer_pays(await buyer.pay(payment))
    await counter.until(payment, is_paid)
    answers = await asyncio.gather(*(refund(finance, payment.payment_id, amount={"minor": 3_000}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 17
    await counter.until(payment, lambda now: now.refunded.minor == 9_000)


async def send(counter: Counter, to: str, body: bytes, *, secret: str = SECRET, age: int = 0) -> httpx.Response:
    header = sign_callback(secret, int(time.time()) - age, body)
    async with httpx.AsyncClient(base_url=counter.url) as channel:
        return await channel.post(f"/payments/{to}/callbacks", content=body, headers={CALLBACK_HEADER: header})


async def test_only_the_channel_is_believed_and_everything_is_kept(counter: Counter) -> None:
    buyer = await counter.person()
    attempt = (await buyer.pay(await counter.owed_by(buyer))).json()["attempt_id"]
    answers = [
        await send(counter, attempt, b"{}", secret="a forger's secret"),
        await send(counter, attempt, b"{}", age=301),
        await send(counter, attempt, b"{}"),
        await send(counter, attempt.replace("att_0", "att_7"), b"{}"),
        await send(counter, attempt, b"x" * 70_000),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 400, 404, 413]
    kept = await counter.shop.payments.callbacks(attempt, limit=10)
    assert [entry.verdict for entry in kept] == [
        CallbackVerdict.MALFORMED,
        CallbackVerdict.TIMESTAMP_STALE,
        CallbackVerdict.SIGNATURE_INVALID,
    ]


async def test_one_callback_fifty_times_at_once_gets_one_answer_and_books_once(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt)
    await counter.until(payment, is_paid)
    attempt_id = attempt.json()["attempt_id"]
    (kept, *_) = await counter.shop.payments.callbacks(attempt_id, limit=10)
    answers = await asyncio.gather(*(send(counter, attempt_id, kept.body) for _ in range(50)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, '{"received":true}')}
    assert [entry.kind for entry in await counter.shop.payments.transfers(payment.payment_id)] == ["capture", "fee"]


async def test_a_wrong_amount_is_accepted_kept_and_never_booked(counter: Counter) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt, "wrong_amount")
    found = await eventually(
        lambda: finance.http.get("/v1/operators/payments/mismatches"),
        lambda answer: attempt.json()["attempt_id"] in answer.text,
    )
    assert found.json()[0]["why"] == "amount"
    assert (await counter.shop.payments.payment(payment.payment_id)).captured.minor == 0


async def test_finance_sees_lists_in_pages_and_the_books_balance(counter: Counter) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payments = [await counter.owed_by(buyer) for _ in range(3)]
    first = (await finance.http.get("/v1/operators/payments", params={"user_id": buyer.user_id, "limit": 2})).json()
    rest = (
        await finance.http.get(
            "/v1/operators/payments", params={"user_id": buyer.user_id, "limit": 2, "cursor": first["next"]}
        )
    ).json()
    shown = [entry["payment_id"] for entry in first["items"] + rest["items"]]
    assert shown == sorted((entry.payment_id for entry in payments), reverse=True)
    assert (await buyer.http.get("/v1/operators/payments")).status_code == 403
    balances = (await finance.http.get("/v1/operators/ledger/trial-balance")).json()
    assert sum(entry["debit"] - entry["credit"] for entry in balances) == 0
    assert (await finance.http.get("/v1/operators/ledger/audit")).json() == []
