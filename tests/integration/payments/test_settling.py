"""What a reported capture turns out to be, and how a window ends."""

import asyncio

import pytest

from models.orders.messages import SettlementKind
from models.payments.messages import SettleResult
from models.payments.types import AttemptState, PaymentState, RefundReason
from models.shared import Money
from models.shared.refusals import NotFound
from tests.integration.payments.till import Till, cny


async def test_the_whole_amount_completes_the_payment(till: Till) -> None:
    payment = await till.open()
    booked = await till.capture(await till.attempt(payment))
    assert (booked.result, booked.payment.state, booked.payment.captured) == (
        SettleResult.PAID,
        PaymentState.PAID,
        cny(10_000),
    )
    assert await till.sound()


async def test_a_voucher_and_a_card_pay_one_order_together(till: Till) -> None:
    payment = await till.open(10_000)
    voucher = await till.attempt(payment, 3_000, "sandbox_voucher")
    card = await till.attempt(payment, 7_000)
    results = [(await till.capture(attempt)).result for attempt in (card, voucher)]
    assert results == [SettleResult.PART, SettleResult.PAID]
    assert await till.sound()


async def test_the_same_report_fifty_times_at_once_books_once(till: Till) -> None:
    payment = await till.open()
    report = till.report(await till.attempt(payment))
    booked = await asyncio.gather(*(till.store.settle(report, lambda _: cny(60)) for _ in range(50)))
    assert sorted(entry.result for entry in booked) == [SettleResult.KNOWN] * 49 + [SettleResult.PAID]
    assert {entry.payment.captured for entry in booked} == {cny(10_000)}
    assert len(await till.store.transfers(payment.payment_id)) == 2
    assert await till.sound()


async def test_of_racing_captures_one_wins_and_the_other_goes_back_whole(till: Till) -> None:
    for _ in range(10):
        payment = await till.open()
        attempts = [await till.attempt(payment, channel=name) for name in ("sandbox", "sandbox_card")]
        booked = await asyncio.gather(*(till.capture(attempt) for attempt in attempts))
        assert {entry.result for entry in booked} == {SettleResult.PAID, SettleResult.SURPLUS}
        lost = next(entry.attempt for entry in booked if entry.result is SettleResult.SURPLUS)
        assert (lost.state, lost.surplus_reason) == (AttemptState.SURPLUS, RefundReason.DUPLICATE_PAYMENT)
        assert (await till.fresh(payment)).captured == cny(10_000)
        await till.hold(payment, surplus=lost)
    assert await till.sound()


async def test_many_racing_parts_never_keep_more_than_is_owed(till: Till) -> None:
    payment = await till.open(10_000)
    attempts = [await till.attempt(payment, 3_000) for _ in range(12)]
    booked = await asyncio.gather(*(till.capture(attempt) for attempt in attempts))
    kept = [entry for entry in booked if entry.result is SettleResult.PART]
    assert len(kept) == 3
    assert (await till.fresh(payment)).captured == cny(9_000)


async def test_a_capture_larger_than_the_rest_is_never_kept_in_part(till: Till) -> None:
    payment = await till.open(10_000)
    large = await till.attempt(payment)
    await till.capture(await till.attempt(payment, 1))
    booked = await till.capture(large)
    assert (booked.result, booked.payment.state) == (SettleResult.SURPLUS, PaymentState.PENDING)
    assert booked.attempt.surplus_reason is RefundReason.DUPLICATE_PAYMENT


async def test_money_after_the_end_is_late(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    booked = await till.capture(attempt)
    assert (booked.result, booked.attempt.surplus_reason) == (SettleResult.SURPLUS, RefundReason.LATE_PAYMENT)
    assert (await till.fresh(payment)).state is PaymentState.CLOSED


async def test_an_attempt_closed_at_the_channel_can_still_be_the_winner(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    await till.store.close_attempt(attempt.attempt_id)
    assert (await till.capture(attempt)).result is SettleResult.PAID


@pytest.mark.parametrize("amount", [cny(9_999), cny(10_001), Money(minor=10_000, currency="USD")], ids=str)
async def test_another_amount_or_currency_is_never_booked(till: Till, amount: Money) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    booked = await till.capture(attempt, amount=amount)
    assert (booked.result, booked.payment, booked.attempt) == (SettleResult.MISMATCH, payment, attempt)
    (kept,) = await till.store.mismatches(limit=10)
    assert (kept.expected, kept.reported, kept.why) == (cny(10_000), amount, "amount")
    assert await till.store.trial_balance() == ()


async def test_a_repeated_mismatch_is_kept_once(till: Till) -> None:
    attempt = await till.attempt(await till.open())
    for _ in range(3):
        assert (await till.capture(attempt, amount=cny(1))).result is SettleResult.MISMATCH
    assert len(await till.store.mismatches(limit=10)) == 1


async def test_the_right_report_clears_up_a_wrong_one(till: Till) -> None:
    attempt = await till.attempt(await till.open())
    await till.capture(attempt, amount=cny(1))
    assert (await till.capture(attempt)).result is SettleResult.PAID
    assert await till.store.mismatches(limit=10) == ()


async def test_a_second_transaction_on_one_attempt_waits_for_a_person(till: Till) -> None:
    payment = await till.open(10_000)
    attempt = await till.attempt(payment, 5_000)
    await till.capture(attempt, "first")
    assert (await till.capture(attempt, "second")).result is SettleResult.MISMATCH
    assert [kept.why for kept in await till.store.mismatches(limit=10)] == ["transaction"]
    assert (await till.fresh(payment)).captured == cny(5_000)


async def test_a_transaction_is_booked_for_one_attempt_only(till: Till) -> None:
    payment = await till.open(10_000)
    first, second = [await till.attempt(payment, 5_000) for _ in range(2)]
    await till.capture(first, "same")
    assert (await till.capture(second, "same")).result is SettleResult.MISMATCH


async def test_a_report_for_another_order_is_refused(till: Till) -> None:
    attempt = await till.attempt(await till.open())
    report = till.report(attempt).model_copy(update={"order_id": (await till.open()).order_id})
    with pytest.raises(NotFound):
        await till.store.settle(report, lambda _: cny(0))


async def test_a_complete_payment_stays_paid_when_its_window_ends(till: Till) -> None:
    payment, _ = await till.paid()
    ended = await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    assert (ended.kind, ended.payment, ended.going_back) == (SettlementKind.PAID, payment, ())


async def test_parts_that_were_kept_go_back_when_the_window_ends(till: Till) -> None:
    payment = await till.open(10_000)
    part = (await till.capture(await till.attempt(payment, 4_000))).attempt
    ended = await till.store.close_window(payment.order_id, SettlementKind.CANCELLED, till.tick())
    assert [(entry.attempt_id, entry.surplus_reason) for entry in ended.going_back] == [
        (part.attempt_id, RefundReason.ORDER_CANCELLED)
    ]
    assert ended.payment is not None
    assert (ended.payment.state, ended.payment.captured) == (PaymentState.CLOSED, cny(0))
    held = await till.hold(payment, surplus=part)
    assert held.amount == cny(4_000)
    assert await till.sound()


async def test_a_window_ends_once_and_the_first_word_stays(till: Till) -> None:
    payment = await till.open(10_000)
    await till.capture(await till.attempt(payment, 4_000))
    first = await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    again = await till.store.close_window(payment.order_id, SettlementKind.CANCELLED, till.tick())
    assert again == first


async def test_ending_a_window_that_was_never_opened_does_nothing(till: Till) -> None:
    ended = await till.store.close_window(till.new_order(), SettlementKind.CANCELLED, till.tick())
    assert ended.payment is None


async def test_a_capture_racing_the_end_is_either_kept_or_goes_back(till: Till) -> None:
    for _ in range(10):
        payment = await till.open()
        attempt = await till.attempt(payment)
        booked, ended = await asyncio.gather(
            till.capture(attempt), till.store.close_window(payment.order_id, SettlementKind.CANCELLED, till.tick())
        )
        after = await till.fresh(payment)
        if ended.kind is SettlementKind.PAID:
            assert (booked.result, after.captured) == (SettleResult.PAID, cny(10_000))
        else:
            assert (booked.result, after.captured) == (SettleResult.SURPLUS, cny(0))
            await till.hold(payment, surplus=booked.attempt)
    assert await till.sound()
