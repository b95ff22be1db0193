"""The audit finds every kind of break, and names the rows."""

from datetime import timedelta

import pytest

from models.payments.types import MoneyBreak
from tests.integration.payments.till import Till, cny

_BREAKS = {
    "every_capture_is_booked": "UPDATE attempts SET state = 'pending', held_minor = 0, channel_transaction = NULL, "
    "captured_at = NULL",
    "captured_is_the_kept_attempts": "UPDATE payments SET captured_minor = captured_minor - 1, state = 'pending', settled_at = NULL",
    "refunded_and_held_are_the_attempts": "UPDATE payments SET refunded_minor = refunded_minor + 1",
    "refunds_are_their_legs": "UPDATE attempts SET held_minor = held_minor + 1",
    "finished_refunds_went_back_whole": "UPDATE refunds SET state = 'succeeded', finished_at = now()",
    "chargebacks_are_covered_as_far_as_possible": "UPDATE attempts SET charged_back_minor = 1",
    "ledger_says_what_payments_say": "INSERT INTO ledger (kind, reference, debit, credit, amount_minor, currency, payment_id, order_id, at) "
    "SELECT 'unkeep', 'x', 'customer_deposits', 'fees', 1, 'CNY', payment_id, order_id, now() FROM payments",
}

_BREAKS_OF_CHECKS = {
    "state_says_what_is_held": (
        "payments_paid_is_complete",
        "UPDATE payments SET state = 'pending', settled_at = NULL",
    ),
    "never_refunded_above_captured": (
        "attempts_never_more_back_than_came",
        "UPDATE attempts SET refunded_minor = amount_minor + 1",
    ),
    "never_kept_above_the_amount": (
        "attempts_amount",
        "UPDATE attempts SET amount_minor = amount_minor + 1",
    ),
}


async def findings(till: Till, check: str) -> list[MoneyBreak]:
    return [entry for entry in await till.store.audit(till.now) if entry.check == check]


@pytest.mark.parametrize("check", _BREAKS)
async def test_a_break_is_found_and_named(till: Till, check: str) -> None:
    payment, _ = await till.paid()
    await till.hold(payment, 1_000)
    assert await till.store.audit(till.now) == ()
    await till.db.pool.execute(_BREAKS[check])
    (found,) = await findings(till, check)
    assert (found.payment_id, found.order_id) == (payment.payment_id, payment.order_id)


@pytest.mark.parametrize("check", _BREAKS_OF_CHECKS)
async def test_what_the_database_itself_refuses_would_be_found_too(till: Till, check: str) -> None:
    payment, _ = await till.paid()
    constraint, damage = _BREAKS_OF_CHECKS[check]
    table = damage.split()[1]
    await till.db.pool.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    await till.db.pool.execute(damage)
    (found,) = await findings(till, check)
    assert found.payment_id == payment.payment_id


async def test_a_surplus_without_a_refund_is_a_break_after_a_while(till: Till) -> None:
    payment = await till.open()
    attempts = [await till.attempt(payment) for _ in range(2)]
    for attempt in attempts:
        await till.capture(attempt)
    assert await till.store.audit(till.now) == ()
    (found,) = await till.store.audit(till.now + timedelta(hours=1))
    assert (found.check, found.facts["attempt_id"]) == ("every_surplus_has_a_refund", attempts[1].attempt_id)
    await till.hold(payment, surplus=attempts[1])
    assert await till.store.audit(till.now + timedelta(hours=1)) == ()


async def test_an_adjustment_that_nobody_decided_is_a_break(till: Till) -> None:
    await till.db.pool.execute(
        "INSERT INTO ledger (kind, reference, debit, credit, amount_minor, currency, at) "
        "VALUES ('adjustment', 'adj_x', 'fees', 'channel:sandbox_card', 1, 'CNY', now())"
    )
    (found,) = await till.store.audit(till.now)
    assert (found.check, found.facts["adjustment_id"]) == ("adjustments_are_booked", "adj_x")


async def test_the_trial_balance_speaks_of_each_account(till: Till) -> None:
    payment = await till.open()
    await till.capture(await till.attempt(payment), fee=60)
    await till.hold(payment, 1_000)
    balances = {entry.account: entry.balance for entry in await till.store.trial_balance()}
    assert balances == {
        "channel:sandbox_card": 9_940,
        "customer_deposits": -9_000,
        "fees": 60,
        "refunds_payable": -1_000,
    }
    kinds = [entry.kind for entry in await till.store.transfers(payment.payment_id)]
    assert kinds == ["capture", "fee", "refund_hold"]
    assert (await till.store.transfers(payment.payment_id))[0].amount == cny(10_000)
