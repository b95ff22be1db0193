"""The books beyond captures and refunds: chargebacks, adjustments, and what they said at any past moment."""

import asyncio
from datetime import timedelta

import pytest

from models.orders.messages import SettlementKind
from models.payments.chargebacks import BookChargeback, Chargeback
from models.payments.errors import RefundExceedsRest
from models.payments.ledger import Adjustment, TransferKind
from models.payments.ledger_errors import (
    AccountNotAdjustable,
    AdjustmentConflict,
    ChargebackConflict,
    ChargebackExceedsCapture,
    NothingCaptured,
)
from models.payments.messages import ReleaseRefund
from models.payments.types import Attempt
from models.shared.ids import AdjustmentId, ChargebackId
from tests.integration.payments.till import OPENED, Till, cny, left_to_refund

CHANNELS = ("sandbox_card",)


def charged_back(till: Till, attempt: Attempt, amount: int, case: str = "CB-1") -> BookChargeback:
    return BookChargeback(
        chargeback_id=ChargebackId.derive(OPENED, attempt.attempt_id, case),
        attempt_id=attempt.attempt_id,
        reference=f"{case} of {attempt.attempt_id}",
        amount=cny(amount),
        reason="the buyer did not know the payment",
        source="operator",
        actor="operator:test",
        occurred_at=till.now,
    )


async def charge_back(till: Till, attempt: Attempt, amount: int, case: str = "CB-1") -> Chargeback:
    return await till.store.book_chargeback(charged_back(till, attempt, amount, case), till.tick())


async def balances(till: Till) -> dict[str, int]:
    return {entry.account: entry.balance for entry in await till.store.trial_balance()}


# ---- chargebacks -----------------------------------------------------------------------------------------------------


async def test_a_chargeback_leaves_that_much_less_to_refund(till: Till) -> None:
    payment, attempt = await till.paid()
    booked = await charge_back(till, attempt, 4_000)
    assert (booked.covered, booked.order_id) == (cny(4_000), payment.order_id)
    after = await till.fresh(payment)
    assert (after.charged_back, left_to_refund(after)) == (cny(4_000), cny(6_000))
    with pytest.raises(RefundExceedsRest):
        await till.hold(payment, 6_001)
    await till.hold(payment, 6_000)
    assert await balances(till) == {
        "channel:sandbox_card": 6_000,
        "refunds_payable": -6_000,
        "customer_deposits": 0,
    } | {"chargebacks": 0}
    assert await till.sound()


async def test_a_chargeback_of_money_that_had_gone_back_is_the_shops_loss(till: Till) -> None:
    payment, attempt = await till.paid()
    await till.hold(payment, 7_000)
    booked = await charge_back(till, attempt, 10_000)
    assert booked.covered == cny(3_000)
    assert (await balances(till))["chargebacks"] == 7_000
    assert await till.sound()


async def test_what_a_refused_refund_gives_back_pays_for_the_chargeback_first(till: Till) -> None:
    payment, attempt = await till.paid()
    held = await till.hold(payment, 7_000)
    await charge_back(till, attempt, 9_000)
    await till.store.release_refund(ReleaseRefund(refund_id=held.refund_id, at=till.tick(), detail="account closed"))
    (after,) = await till.store.list_chargebacks(limit=5, payment_id=payment.payment_id)
    assert (after.covered, left_to_refund(await till.fresh(payment))) == (cny(9_000), cny(1_000))
    assert await till.sound()


async def test_a_case_is_booked_once_whoever_tells_of_it_and_never_otherwise(till: Till) -> None:
    _, attempt = await till.paid()
    first = await charge_back(till, attempt, 4_000)
    ask = charged_back(till, attempt, 4_000)
    again = ask.model_copy(
        update={"chargeback_id": ChargebackId.derive(OPENED, "the statement"), "source": "statement"}
    )
    assert await till.store.book_chargeback(again, till.tick()) == first
    with pytest.raises(ChargebackConflict):
        await charge_back(till, attempt, 4_001)
    assert await till.sound()


async def test_chargebacks_never_exceed_the_capture_and_need_one(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment)
    with pytest.raises(NothingCaptured):
        await charge_back(till, attempt, 1)
    await till.capture(attempt)
    await charge_back(till, attempt, 6_000)
    with pytest.raises(ChargebackExceedsCapture, match=r"40\.00.* has not been charged back"):
        await charge_back(till, attempt, 4_001, "CB-2")
    assert await till.sound()


async def test_a_part_that_was_charged_back_before_the_window_closed_does_not_go_back_again(till: Till) -> None:
    payment = await till.open()
    attempt = await till.attempt(payment, 4_000)
    await till.capture(attempt)
    await charge_back(till, attempt, 1_500)
    ended = await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    (surplus,) = ended.going_back
    held = await till.hold(payment, surplus=surplus)
    assert held.amount == cny(2_500)
    assert await till.sound()


async def test_refunds_and_chargebacks_at_once_never_take_more_than_came(till: Till) -> None:
    payment, attempt = await till.paid()
    asks = [till.hold(payment, 1_000) for _ in range(8)]
    taken = [charge_back(till, attempt, 1_000, f"CB-{number}") for number in range(8)]
    answers = await asyncio.gather(*asks, *taken, return_exceptions=True)
    assert {type(answer).__name__ for answer in answers} <= {"RefundHeld", "Chargeback", "RefundExceedsRest"}
    after = await till.fresh(payment)
    assert after.held + after.charged_back == cny(10_000)
    assert left_to_refund(after) == cny(0)
    assert await till.sound()


# ---- adjustments -----------------------------------------------------------------------------------------------------


def adjustment(till: Till, debit: str, credit: str, amount: int = 250) -> Adjustment:
    return Adjustment(
        adjustment_id=AdjustmentId.derive(OPENED, "one"),
        debit=debit,
        credit=credit,
        amount=cny(amount),
        reason="the dispute was won",
        actor="operator:test",
        at=till.tick(),
    )


async def test_an_adjustment_is_written_once_with_its_reason(till: Till) -> None:
    written = await till.store.adjust(adjustment(till, "channel:sandbox_card", "chargebacks"), CHANNELS)
    assert await till.store.adjust(adjustment(till, "channel:sandbox_card", "chargebacks"), CHANNELS) == written
    with pytest.raises(AdjustmentConflict):
        await till.store.adjust(adjustment(till, "channel:sandbox_card", "chargebacks", 251), CHANNELS)
    assert await till.store.list_adjustments(limit=5) == (written,)
    assert await balances(till) == {"channel:sandbox_card": 250, "chargebacks": -250}
    (entry,) = await till.store.entries(limit=5)
    assert (entry.kind, entry.payment_id, entry.reference) == (TransferKind.ADJUSTMENT, None, written.adjustment_id)
    assert await till.sound()


@pytest.mark.parametrize(
    ("debit", "credit"),
    [
        ("customer_deposits", "fees"),
        ("fees", "refunds_payable"),
        ("fees", "channel:nobody"),
        ("fees", "fees"),
        ("petty cash", "fees"),
    ],
)
async def test_what_belongs_to_payments_and_what_is_no_account_cannot_be_adjusted(
    till: Till, debit: str, credit: str
) -> None:
    with pytest.raises(AccountNotAdjustable):
        await till.store.adjust(adjustment(till, debit, credit), CHANNELS)
    assert await till.store.trial_balance() == ()


# ---- fees ------------------------------------------------------------------------------------------------------------


async def test_a_fee_is_corrected_to_what_the_channel_states_once_up_and_down(till: Till) -> None:
    payment = await till.open()
    booked = await till.capture(await till.attempt(payment), fee=60)
    said = [
        await till.store.book_stated_fee(booked.attempt.attempt_id, cny(stated), report, till.tick())
        for report, stated in enumerate((67, 67, 40), 1)
    ]
    assert said == [cny(7), cny(0), cny(-27)]
    assert (await balances(till))["fees"] == 40
    assert await till.sound()


# ---- at any past moment ----------------------------------------------------------------------------------------------


async def test_the_books_can_be_asked_what_they_said_at_a_past_moment(till: Till) -> None:
    _, attempt = await till.paid()
    before = till.now
    till.tick()
    await charge_back(till, attempt, 4_000)
    then = {entry.account: entry.balance for entry in await till.store.trial_balance(before)}
    assert then == {"channel:sandbox_card": 10_000, "customer_deposits": -10_000}
    assert await till.store.trial_balance(OPENED - timedelta(days=1)) == ()
    assert (await balances(till))["customer_deposits"] == -6_000


async def test_entries_are_found_page_by_page_by_account_kind_order_and_time(till: Till) -> None:
    payment, attempt = await till.paid()
    await till.paid(500)
    await charge_back(till, attempt, 4_000)
    every = await till.store.entries(limit=10)
    assert [entry.kind for entry in every] == ["chargeback_cover", "chargeback", "capture", "capture"]
    page = await till.store.entries(limit=2)
    assert await till.store.entries(limit=10, before=page[-1].number) == every[2:]
    assert len(await till.store.entries(limit=10, account="chargebacks")) == 2
    assert len(await till.store.entries(limit=10, kind=TransferKind.CAPTURE)) == 2
    assert len(await till.store.entries(limit=10, order_id=payment.order_id)) == 3
    assert await till.store.entries(limit=10, until=every[3].at) == every[3:]
    assert await till.store.entries(limit=10, since=every[0].at) == every[:2]
