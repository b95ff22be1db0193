"""A payment that asks another amount: only while no money came and none is expected, whoever races."""

import asyncio

import pytest

from models.orders.errors import PriceNotAdjustable
from models.orders.messages import SettlementKind
from models.payments.errors import AttemptExceedsRest, PaymentConflict
from models.payments.messages import ChangeAmount, SettleResult
from models.payments.types import AttemptState, Payment, PaymentState
from models.shared import Money
from models.shared.refusals import NotFound
from tests.integration.payments.till import Till, cny


def to(payment: Payment, minor: int, key: str | None = None) -> ChangeAmount:
    return ChangeAmount(
        order_id=payment.order_id, key=key or f"change/{payment.order_id}", amount=cny(minor), at=payment.created_at
    )


async def test_what_is_left_to_pay_is_the_new_amount(till: Till) -> None:
    payment = await till.open(10_000)
    assert (await till.store.change_amount(to(payment, 8_000))).amount == cny(8_000)
    with pytest.raises(AttemptExceedsRest):
        await till.attempt(payment, 10_000)
    booked = await till.capture(await till.attempt(payment))
    assert (booked.result, booked.payment.captured) == (SettleResult.PAID, cny(8_000))
    assert await till.sound()


async def test_the_same_wish_changes_it_once_whatever_came_since(till: Till) -> None:
    payment = await till.open(10_000)
    first, again = to(payment, 8_000, "first"), to(payment, 9_000, "second")
    for change in (first, again):
        await till.store.change_amount(change)
    assert (await till.store.change_amount(first)).amount == cny(9_000)
    await till.capture(await till.attempt(payment))
    assert (await till.store.change_amount(again)).state is PaymentState.PAID
    with pytest.raises(PaymentConflict):
        await till.store.change_amount(to(payment, 7_000, "first"))
    assert await till.sound()


async def test_the_same_wish_many_times_at_once_is_one_change(till: Till) -> None:
    payment = await till.open(10_000)
    changed = await asyncio.gather(*(till.store.change_amount(to(payment, 8_000)) for _ in range(20)))
    assert {each.amount for each in changed} == {cny(8_000)}


async def test_money_that_came_or_may_come_keeps_the_amount(till: Till) -> None:
    part, open_one, over = await till.open(), await till.open(), await till.open()
    await till.capture(await till.attempt(part, 1_000))
    await till.attempt(open_one)
    await till.store.close_window(over.order_id, SettlementKind.EXPIRED, till.tick())
    paid, _ = await till.paid()
    for payment in (part, open_one, over, paid):
        with pytest.raises(PriceNotAdjustable):
            await till.store.change_amount(to(payment, 8_000))
        assert (await till.fresh(payment)).amount == cny(10_000)


async def test_another_currency_or_order_is_refused(till: Till) -> None:
    payment = await till.open()
    with pytest.raises(PaymentConflict):
        await till.store.change_amount(to(payment, 1).model_copy(update={"amount": Money(minor=1, currency="USD")}))
    with pytest.raises(NotFound):
        await till.store.change_amount(to(payment, 1).model_copy(update={"order_id": till.new_order()}))


async def test_money_of_a_closed_attempt_that_comes_at_the_old_amount_goes_back_whole(till: Till) -> None:
    payment = await till.open(10_000)
    attempt = await till.attempt(payment)
    await till.store.close_attempt(attempt.attempt_id)
    await till.store.change_amount(to(payment, 8_000))
    booked = await till.capture(attempt)
    assert (booked.result, booked.payment.captured) == (SettleResult.SURPLUS, cny(0))
    await till.hold(payment, surplus=booked.attempt)
    assert (await till.capture(await till.attempt(payment))).result is SettleResult.PAID
    assert await till.sound()


async def test_a_capture_that_races_the_change_pays_the_old_amount_or_goes_back_whole(till: Till) -> None:
    """Its attempt was closed, and its channel took the money all the same."""
    for number in range(20):
        payment = await till.open(10_000)
        attempt = await till.attempt(payment)
        await till.store.close_attempt(attempt.attempt_id)
        change, capture = till.store.change_amount(to(payment, 8_000)), till.capture(attempt)
        if number % 2:
            changed, booked = await asyncio.gather(change, capture, return_exceptions=True)
        else:
            booked, changed = await asyncio.gather(capture, change, return_exceptions=True)
        assert not isinstance(booked, BaseException)
        after = await till.fresh(payment)
        if isinstance(changed, PriceNotAdjustable):
            assert (after.state, after.amount, after.captured) == (PaymentState.PAID, cny(10_000), cny(10_000))
        else:
            assert (after.state, after.amount, after.captured) == (PaymentState.PENDING, cny(8_000), cny(0))
            assert booked.attempt.state is AttemptState.SURPLUS
            await till.hold(payment, surplus=booked.attempt)
    assert await till.sound()


async def test_an_attempt_that_races_the_change_asks_what_is_owed(till: Till) -> None:
    for _ in range(10):
        payment = await till.open(10_000)
        changed, opened = await asyncio.gather(
            till.store.change_amount(to(payment, 8_000)), till.attempt(payment), return_exceptions=True
        )
        assert not isinstance(opened, BaseException)
        after = await till.fresh(payment)
        assert opened.amount == after.amount == (cny(10_000) if isinstance(changed, PriceNotAdjustable) else cny(8_000))
