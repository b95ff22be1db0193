"""Opening payments and tries to pay."""

import asyncio

import pytest

from models.orders.messages import SettlementKind
from models.payments.errors import (
    AttemptAmountInvalid,
    AttemptConflict,
    AttemptExceedsRest,
    PaymentAlreadyComplete,
    PaymentClosed,
    PaymentConflict,
    PaymentWindowOver,
    TooManyAttempts,
)
from models.payments.types import MAX_OPEN_ATTEMPTS, AttemptState, PaymentState
from models.shared import Money
from models.shared.refusals import NotFound
from tests.integration.payments.till import OPENED, WINDOW, Till, cny


async def test_an_order_has_one_payment_however_often_it_is_opened(till: Till) -> None:
    ask = till.ask(10_000)
    opened = await asyncio.gather(*(till.store.open_payment(ask) for _ in range(20)))
    assert set(opened) == {await till.store.payment_for_order(ask.order_id)}


async def test_a_repeated_opening_finds_the_payment_as_it_stands_now(till: Till) -> None:
    ask = till.ask(10_000)
    payment = await till.store.open_payment(ask)
    await till.capture(await till.attempt(payment))
    assert (await till.store.open_payment(ask)).state is PaymentState.PAID


async def test_a_payment_is_never_opened_with_another_amount(till: Till) -> None:
    payment = await till.open(10_000)
    with pytest.raises(PaymentConflict):
        await till.store.open_payment(till.ask(9_999, payment.order_id))


async def test_an_attempt_without_an_amount_is_for_all_that_is_left(till: Till) -> None:
    payment = await till.open(10_000)
    await till.capture(await till.attempt(payment, 2_500, "sandbox_voucher"))
    assert (await till.attempt(payment)).amount == cny(7_500)


async def test_open_attempts_may_overlap_because_only_captures_count(till: Till) -> None:
    payment = await till.open(10_000)
    amounts = [(await till.attempt(payment)).amount for _ in range(2)]
    assert amounts == [cny(10_000), cny(10_000)]


async def test_an_attempt_for_more_than_is_left_is_told_what_is_left(till: Till) -> None:
    payment = await till.open(10_000)
    await till.capture(await till.attempt(payment, 4_000))
    with pytest.raises(AttemptExceedsRest) as refused:
        await till.attempt(payment, 6_001)
    assert refused.value.fields["left"] == {"minor": 6_000, "currency": "CNY"}


@pytest.mark.parametrize("amount", [cny(0), cny(-1), Money(minor=100, currency="USD")], ids=str)
async def test_an_attempt_pays_something_in_the_payments_currency(till: Till, amount: Money) -> None:
    payment = await till.open()
    with pytest.raises(AttemptAmountInvalid):
        await till.store.open_attempt(payment.payment_id, "sandbox", "wallet", amount, till.new_attempt(), OPENED)


async def test_nothing_is_opened_on_a_complete_a_closed_or_an_unknown_payment(till: Till) -> None:
    paid, _ = await till.paid()
    closed = await till.open()
    await till.store.close_window(closed.order_id, SettlementKind.CANCELLED, till.tick())
    with pytest.raises(PaymentAlreadyComplete):
        await till.attempt(paid)
    with pytest.raises(PaymentClosed):
        await till.attempt(closed)
    with pytest.raises(NotFound):
        await till.attempt(paid.model_copy(update={"payment_id": till.ask(1).payment_id}))


async def test_nothing_is_opened_when_the_time_is_over(till: Till) -> None:
    payment = await till.open()
    with pytest.raises(PaymentWindowOver):
        await till.store.open_attempt(
            payment.payment_id, "sandbox", "wallet", None, till.new_attempt(), OPENED + WINDOW
        )


async def test_a_repeated_attempt_is_the_same_attempt_even_after_the_end(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    again = await till.store.open_attempt(
        payment.payment_id, "sandbox_card", "card", None, attempt.attempt_id, OPENED + WINDOW
    )
    assert again == attempt


async def test_an_attempt_id_names_one_try_only(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    with pytest.raises(AttemptConflict):
        await till.store.open_attempt(payment.payment_id, "sandbox", "wallet", None, attempt.attempt_id, OPENED)


async def test_attempts_do_not_pile_up(till: Till) -> None:
    payment = await till.open()
    for _ in range(MAX_OPEN_ATTEMPTS):
        last = await till.attempt(payment)
    with pytest.raises(TooManyAttempts):
        await till.attempt(payment)
    await till.store.close_attempt(last.attempt_id)
    assert (await till.attempt(payment)).state is AttemptState.PENDING


async def test_the_first_answer_of_the_channel_stays_bound(till: Till) -> None:
    attempt = await till.attempt(await till.open())
    again = await till.store.bind_attempt(attempt.attempt_id, "another", "http://elsewhere.example")
    assert again == attempt


async def test_an_attempt_that_brought_money_is_not_closed(till: Till) -> None:
    _, attempt = await till.paid()
    assert (await till.store.close_attempt(attempt.attempt_id)).state is AttemptState.CAPTURED


async def test_only_waiting_attempts_are_open(till: Till) -> None:
    payment = await till.open()
    waiting, closed, paid = [await till.attempt(payment, 1_000) for _ in range(3)]
    await till.store.close_attempt(closed.attempt_id)
    await till.capture(paid)
    assert await till.store.attempts_open(payment.order_id) == (waiting,)


async def test_waiting_attempts_of_closed_payments_are_asked_after_too(till: Till) -> None:
    payment = await till.open()
    waiting = await till.attempt(payment)
    await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    assert await till.store.attempts_waiting_since(OPENED + WINDOW, limit=10) == (waiting,)
    assert await till.store.attempts_waiting_since(OPENED + WINDOW, limit=10, after=waiting.attempt_id) == ()
    assert await till.store.attempts_waiting_since(OPENED, limit=10) == ()


async def test_payments_are_listed_in_pages_newest_first(till: Till) -> None:
    opened = [await till.open() for _ in range(5)]
    first = await till.store.list_payments(limit=3)
    rest = await till.store.list_payments(limit=3, before=first[-1].payment_id)
    assert [*first, *rest] == sorted(opened, key=lambda payment: payment.payment_id, reverse=True)
