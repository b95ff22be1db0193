"""Undo, repeats, ended workflows and a channel that refuses: money finds its way all the same."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

from models.orders.messages import OrderRef, SettlementKind
from models.payments.messages import OpenPayment, RequestStop, payment_timeout_id
from models.payments.types import PaymentState, RefundState
from tests.integration.payments.counter import Counter, eventually
from tests.integration.payments.test_paying_over_http import is_paid, refund, send


async def test_undoing_a_payment_sends_back_even_a_complete_one_once(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    await counter.buyer_pays(await buyer.pay(payment))
    await counter.until(payment, is_paid)
    for _ in range(3):
        await counter.built.payments.close_payment(OrderRef(order_id=payment.order_id))
    await counter.until(payment, lambda now: now.refunded == now.amount)
    assert len(await counter.shop.payments.refunds(payment.order_id)) == 1


async def test_undoing_a_payment_sends_kept_parts_back_and_closes_the_rest_at_the_channel(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    part = await buyer.pay(payment, channel="sandbox_voucher", amount={"minor": 2_000})
    await counter.buyer_pays(part)
    await counter.until(payment, lambda now: now.captured.minor == 2_000)
    await buyer.pay(payment)
    await counter.built.payments.close_payment(OrderRef(order_id=payment.order_id))
    (back,) = await counter.refunds_that_ended(payment)
    assert (back.reason, back.amount.minor, back.state) == ("order_cancelled", 2_000, RefundState.SUCCEEDED)
    assert (await counter.shop.payments.payment(payment.payment_id)).state is PaymentState.CLOSED
    await eventually(lambda: counter.shop.payments.attempts_open(payment.order_id), lambda waiting: waiting == ())


async def test_undoing_what_was_never_done_does_nothing(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    unknown = payment.order_id[:-4] + "zzzz"
    await counter.built.payments.close_payment(OrderRef.model_validate({"order_id": unknown}))
    assert (await counter.shop.payments.payment(payment.payment_id)).state is PaymentState.PENDING


async def test_opening_a_payment_again_starts_no_second_window(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    ask = OpenPayment(
        **payment.model_dump(include={"order_id", "payment_id", "user_id", "amount", "due_at"}),
        at=payment.created_at,
        placement="inline",
    )
    before = await counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id)).describe()
    await asyncio.gather(*(counter.built.payments.open_payment(ask) for _ in range(5)))
    after = await counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id)).describe()
    assert before.run_id == after.run_id


async def test_a_window_sleeps_in_temporal_until_the_order_stops_it(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    window = counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id))
    assert (await window.describe()).history_length == 1
    stop = RequestStop(order_id=payment.order_id, actor="buyer")
    await counter.built.payments.request_stop(stop)
    assert await asyncio.wait_for(window.result(), 30) == SettlementKind.CANCELLED
    await counter.built.payments.request_stop(stop)
    assert (await window.describe()).close_time is not None


async def test_a_payment_whose_window_was_terminated_is_taken_up_by_the_next_report(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    parts = [await buyer.pay(payment, amount={"minor": 5_000}) for _ in range(2)]
    await counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id)).terminate()
    await counter.buyer_pays(parts[0])
    await counter.until(payment, lambda now: now.captured.minor == 5_000)
    window = await counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id)).describe()
    assert window.close_time is None
    await counter.buyer_pays(parts[1])
    await counter.until(payment, is_paid)


async def test_a_report_may_be_addressed_to_the_payment(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt)
    await counter.until(payment, is_paid)
    (kept, *_) = await counter.shop.payments.callbacks(attempt.json()["attempt_id"], limit=1)
    assert (await send(counter, payment.payment_id, kept.body)).status_code == 200
    other = await counter.owed_by(buyer)
    await buyer.pay(other)
    assert (await send(counter, other.payment_id, kept.body)).status_code == 404


async def test_a_refund_the_channel_refuses_waits_for_finance(counter: Counter) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment = await counter.owed_by(buyer)
    await counter.buyer_pays(await buyer.pay(payment))
    await counter.until(payment, is_paid)
    await counter.sandbox.set_faults({"fault": "refund_refused"})
    given = await refund(finance, payment.payment_id, amount={"minor": 4_000})
    refund_id = given.json()["refund_id"]
    await eventually(
        lambda: counter.shop.payments.refund(refund_id), lambda now: now.state is RefundState.REFUSED, seconds=50
    )
    await counter.sandbox.set_faults()
    decided = await finance.post(f"/v1/refunds/{refund_id}/decide", {"decision": "retry"})
    assert decided.status_code == 200, decided.text
    await counter.until(payment, lambda now: now.refunded.minor == 4_000, seconds=50)


async def test_refunds_of_operators_of_after_sales_and_of_late_money_at_once_go_one_way_and_never_exceed_what_came(
    counter: Counter,
) -> None:
    buyer, finance = await counter.person(), await counter.person("finance")
    payment = await counter.owed_by(buyer)
    attempts = [await buyer.pay(payment) for _ in range(2)]
    await asyncio.gather(*map(counter.buyer_pays, attempts))  # twice: one goes back whole, whatever else goes back
    await counter.until(payment, is_paid)
    reasons = ["by_operator", "aftersale"] * 5
    answers = await asyncio.gather(
        *(refund(finance, payment.payment_id, amount={"minor": 1_500}, reason=reason) for reason in reasons)
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 6 + [409] * 4
    refunds = await eventually(
        lambda: counter.shop.payments.refunds(payment.order_id),
        lambda found: len(found) == 7 and all(each.finished_at for each in found),
        30,
    )
    assert {each.reason.value for each in refunds} >= {"duplicate_payment"}
    after = await counter.shop.payments.payment(payment.payment_id)
    assert (after.refunded.minor, after.held.minor) == (9_000, 0)
    for each in refunds:
        described = await counter.shop.temporal.get_workflow_handle(f"refund/{each.refund_id}").describe()
        assert described.workflow_type == "Refund"


async def test_nothing_above_left_the_books_unsound(counter: Counter) -> None:
    breaks = await counter.shop.payments.audit(datetime.now(UTC) + timedelta(days=1))
    assert breaks == ()


async def test_who_pays_twice_at_once_hears_that_it_is_paid_and_not_that_it_is_too_late(counter: Counter) -> None:
    """The first try is answered by nobody; the second is paid, and closes the first, of which no channel knows."""
    buyer = await counter.person()
    payment, key = await counter.owed_by(buyer), secrets.token_hex(8)
    await counter.sandbox.stop()
    try:
        unanswered = await buyer.pay(payment, key=key)
    finally:
        await counter.sandbox.start()
    assert unanswered.json()["code"] == "service_busy", unanswered.text
    await counter.buyer_pays(await buyer.pay(payment))
    await counter.until(payment, is_paid)
    await eventually(lambda: counter.shop.payments.attempts_open(payment.order_id), lambda waiting: waiting == ())
    again = await buyer.pay(payment, key=key)
    assert (again.status_code, again.json()["code"]) == (409, "payment_already_complete"), again.text
