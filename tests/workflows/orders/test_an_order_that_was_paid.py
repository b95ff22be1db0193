"""From the payment to the end of an order: stock, parcels, receipt; and money and stock that come back."""

import asyncio
from datetime import timedelta

import pytest

from models.inventory.errors import NothingReserved, ReservationCommitted
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
from models.orders.events import OrderCompleted, OrderPaid
from models.orders.messages import CommitDecision, ParcelEnd, SettlementKind
from models.orders.types import CancelReason, OrderStatus
from models.payments.types import RefundReason
from models.shared import Money
from models.shared.done import Done
from models.shared.ids import UserId
from tests.unit.orders.baskets import NOW, sku
from tests.workflows.orders.one_order import (
    ADVANCE,
    BUYER,
    COMMIT,
    DISCARD,
    HAND_OVER,
    HERE,
    MONEY_CAME,
    PLACING,
    PUBLISH,
    REFUND,
    RELEASE,
    RESTOCK,
    RETURN,
    SOMEONE_ELSE,
    STOP_PARCELS,
    STOP_PAYMENT,
    THERE,
    TOTAL,
    OneOrder,
)
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted

BOTH = pytest.mark.parametrize("order", ["inline", "queue"], indirect=True)
SHIPPED = OrderAlreadyShipped("A parcel is with its carrier.")
CANCELLED, COMPLETED = OrderStatus.CANCELLED, OrderStatus.COMPLETED


def since_paid(steps: Scripted) -> list[str]:
    """The steps after those of placing."""
    return steps.names()[len(PLACING) :]


@BOTH
async def test_a_paid_order_is_shipped_signed_and_completed_by_time(order: OneOrder, steps: Scripted) -> None:
    await order.delivered()
    await order.later(days=6, hours=23)
    assert (await order.at("delivered")).step == "delivered"
    await order.later(hours=2)
    assert await order.result() == COMPLETED
    assert since_paid(steps) == [COMMIT, HAND_OVER, ADVANCE]
    (handed_over,), (completed,) = steps.told(HAND_OVER), steps.told(ADVANCE)
    assert handed_over.paid_at <= handed_over.at
    assert completed.to == COMPLETED
    assert completed.aftersale_until == completed.at + timedelta(days=15)
    shown = await order.shows()
    assert (shown["OrderStatus"], shown["PaymentStatus"], shown["Amount"]) == ("completed", "paid", 5000)


@BOTH
async def test_the_buyers_confirmation_completes_the_order_at_once(order: OneOrder, steps: Scripted) -> None:
    await order.delivered()
    assert await refused(order.confirm(by=SOMEONE_ELSE)) == "not_found"
    assert (await order.confirm()).order_id == order.order_id
    assert await order.result() == COMPLETED
    assert since_paid(steps) == [COMMIT, HAND_OVER, ADVANCE]


async def test_a_second_confirmation_is_answered_like_the_first(order: OneOrder, steps: Scripted) -> None:
    await order.delivered()
    steps.fail(ADVANCE)
    confirming = [asyncio.create_task(order.confirm())]
    await order.called(ADVANCE, 6)
    confirming.append(await order.asks_to_confirm())
    steps.heal(ADVANCE)
    assert {(await each).order_id for each in confirming} == {order.order_id}
    assert await order.result() == COMPLETED


@pytest.mark.parametrize("step", [COMMIT, HAND_OVER])
async def test_a_step_after_the_payment_that_fails_for_a_while_succeeds_in_the_end(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    steps.fail(step, 5)
    await order.fulfilling()
    assert [name for name in since_paid(steps) if name != step] == [
        name for name in (COMMIT, HAND_OVER) if name != step
    ]
    assert len(steps.told(step)) == 6


async def test_several_parcels_may_end_in_different_ways(order: OneOrder, steps: Scripted) -> None:
    order.warehouses = [HERE, THERE]
    await order.fulfilling()
    await order.parcels_end(ParcelEnd.REFUNDED)
    progress = await order.at("fulfilling")
    assert [report.end for report in progress.parcels_ended] == [ParcelEnd.REFUNDED]
    await order.parcels_end(ParcelEnd.SIGNED, ParcelEnd.SIGNED)  # the first word about a parcel counts
    progress = await order.at("delivered")
    assert [report.end for report in progress.parcels_ended] == [ParcelEnd.REFUNDED, ParcelEnd.SIGNED]
    await order.confirm()
    assert await order.result() == COMPLETED


async def test_nobody_confirms_an_order_of_which_nothing_arrived(order: OneOrder, steps: Scripted) -> None:
    await order.fulfilling()
    await order.parcels_end(ParcelEnd.REFUNDED)
    assert await order.result() == COMPLETED


# ---- not paid --------------------------------------------------------------------------------------------------------


@BOTH
async def test_an_order_that_is_not_paid_in_time_gives_its_stock_back(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    await order.payment_ends(SettlementKind.EXPIRED)
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [RETURN, RELEASE, ADVANCE]
    assert order.last_step() == (CANCELLED, CancelReason.PAYMENT_TIMEOUT)
    shown = await order.shows()
    assert (shown["OrderStatus"], shown["PaymentStatus"]) == ("cancelled", "unpaid")


@BOTH
async def test_the_buyer_cancels_an_order_that_waits_for_its_payment(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    cancelling = asyncio.create_task(order.cancel())
    await order.called(STOP_PAYMENT)
    await order.payment_ends(SettlementKind.CANCELLED)
    answer = await cancelling
    assert (answer.status, answer.refunding) == (CANCELLED, None)
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [STOP_PAYMENT, RETURN, RELEASE, ADVANCE]
    assert order.last_step() == (CANCELLED, CancelReason.BY_USER)


async def test_a_cancel_that_loses_the_race_against_the_payment_sends_the_money_back(
    order: OneOrder, steps: Scripted
) -> None:
    await order.place()
    cancelling = await order.asks_to_cancel()
    await order.called(STOP_PAYMENT)
    again = await order.asks_to_cancel(by=None)
    await order.payment_ends(SettlementKind.PAID)
    assert (await cancelling).refunding == (await again).refunding == TOTAL
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [STOP_PAYMENT, RELEASE, ADVANCE, REFUND]
    (refund,), (advance,) = steps.told(REFUND), steps.told(ADVANCE)
    assert (refund.reason, refund.amount, refund.restock) == (RefundReason.ORDER_CANCELLED, None, False)
    assert (advance.paid_at is not None, advance.actor) == (True, "buyer")
    assert (await order.shows())["PaymentStatus"] == "refunding"


async def test_parcels_of_a_worker_that_died_unheard_are_stopped_when_the_order_is_called_off(
    order: OneOrder, steps: Scripted
) -> None:
    """It had committed the stock and handed the parcels over; nothing of that was written down, and the buyer cancelled."""
    steps.refuse(RELEASE, ReservationCommitted.of(order.order_id))
    await order.place()
    cancelling = await order.asks_to_cancel()
    await order.called(STOP_PAYMENT)
    await order.payment_ends(SettlementKind.PAID)
    assert (await cancelling).refunding == TOTAL
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [STOP_PAYMENT, RELEASE, STOP_PARCELS, ADVANCE, STOP_PARCELS, REFUND]
    (refund,) = steps.told(REFUND)
    assert refund.restock
    assert order.last_step() == (CANCELLED, CancelReason.BY_USER)


async def test_a_parcel_that_such_a_worker_sent_goes_on_and_the_cancel_is_refused(
    order: OneOrder, steps: Scripted
) -> None:
    steps.refuse(RELEASE, ReservationCommitted.of(order.order_id))
    steps.refuse(STOP_PARCELS, SHIPPED)
    await order.place()
    cancelling = await order.asks_to_cancel()
    await order.called(STOP_PAYMENT)
    await order.payment_ends(SettlementKind.PAID)
    assert await refused(cancelling) == "order_already_shipped"
    await order.at("fulfilling")
    assert since_paid(steps) == [STOP_PAYMENT, RELEASE, STOP_PARCELS, COMMIT, HAND_OVER]
    await order.parcels_end(ParcelEnd.SIGNED)
    await order.at("delivered")
    await order.confirm()
    assert await order.result() == COMPLETED
    assert REFUND not in steps.names()


async def test_the_first_word_about_the_payment_counts(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    steps.meanwhile(RELEASE, order.payment_ends)
    await order.payment_ends(SettlementKind.EXPIRED)
    assert await order.result() == CANCELLED
    assert REFUND not in steps.names()


async def test_a_window_that_was_stopped_by_hand_ends_the_order_as_an_operators_doing(
    order: OneOrder, steps: Scripted
) -> None:
    await order.place()
    await order.payment_ends(SettlementKind.CANCELLED)
    assert await order.result() == CANCELLED
    assert order.last_step() == (CANCELLED, CancelReason.BY_OPERATOR)


async def test_temporals_cancel_while_waiting_for_the_payment_is_an_operators_wish(
    order: OneOrder, steps: Scripted
) -> None:
    await order.place()
    await order.handle.cancel()
    await order.called(STOP_PAYMENT)
    await order.payment_ends(SettlementKind.CANCELLED)
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [STOP_PAYMENT, RETURN, RELEASE, ADVANCE]
    assert order.last_step() == (CANCELLED, CancelReason.BY_OPERATOR)


# ---- cancelled after the payment -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [BUYER, None], ids=["buyer", "operator"])
@BOTH
async def test_a_paid_order_is_cancelled_before_its_parcels_leave(
    order: OneOrder, steps: Scripted, by: UserId | None
) -> None:
    await order.fulfilling()
    answer = await order.cancel(by=by)
    assert (answer.status, answer.refunding) == (CANCELLED, TOTAL)
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [COMMIT, HAND_OVER, STOP_PARCELS, ADVANCE, REFUND]
    (refund,) = steps.told(REFUND)
    assert (refund.restock, [(line.quantity) for line in refund.lines]) == (True, [2, 1])
    assert order.last_step() == (CANCELLED, CancelReason.BY_USER if by else CancelReason.BY_OPERATOR)


async def test_what_a_lost_parcel_has_paid_back_already_is_not_put_on_the_shelf_again(
    order: OneOrder, steps: Scripted
) -> None:
    order.warehouses = [HERE, THERE]
    await order.fulfilling()
    await order.parcels_end(ParcelEnd.REFUNDED)
    await order.cancel()
    assert await order.result() == CANCELLED
    (refund,), parcels = steps.told(REFUND), steps.told(HAND_OVER)[0].parcels
    assert [line.sku_id for line in refund.lines] == [item.sku_id for item in parcels[1].items]
    assert refund.amount is None  # all that is left


async def test_temporals_cancel_of_a_paid_order_gives_everything_back_once(order: OneOrder, steps: Scripted) -> None:
    await order.fulfilling()
    await order.handle.cancel()
    assert await order.result() == CANCELLED
    assert since_paid(steps) == [COMMIT, HAND_OVER, STOP_PARCELS, ADVANCE, REFUND]


@pytest.mark.parametrize("step", [COMMIT, HAND_OVER])
async def test_temporals_cancel_during_a_step_after_the_payment_is_heard_after_it(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    steps.fail(step)
    await order.paid()
    await order.called(step, 5)  # it has become an ordinary activity by now
    await order.handle.cancel()
    steps.heal(step)
    assert await order.result() == CANCELLED
    seen = since_paid(steps)
    in_order = [name for number, name in enumerate(seen) if name not in seen[:number]]
    assert in_order == [COMMIT, HAND_OVER, STOP_PARCELS, ADVANCE, REFUND]


async def test_a_cancel_after_a_parcel_left_is_refused_and_the_order_goes_on(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(STOP_PARCELS, SHIPPED)
    await order.fulfilling()
    both = await asyncio.gather(refused(order.cancel()), refused(order.cancel(by=None)))
    assert list(both) == ["order_already_shipped"] * 2
    await order.handle.cancel()  # Temporal's own cancel is told the same
    await order.called(STOP_PARCELS, 3)
    await order.parcels_end(ParcelEnd.SIGNED)
    await order.at("delivered")
    assert await refused(order.cancel()) == "order_already_shipped"
    await order.confirm()
    assert await order.result() == COMPLETED
    assert REFUND not in steps.names()


async def test_temporals_cancel_after_delivery_changes_nothing(order: OneOrder, steps: Scripted) -> None:
    await order.delivered()
    await order.handle.cancel()
    await order.later(days=8)
    assert await order.result() == COMPLETED


async def test_a_cancel_that_comes_while_the_order_completes_is_not_called_cancelled(
    order: OneOrder, steps: Scripted
) -> None:
    await order.delivered()
    steps.fail(ADVANCE)
    confirming = asyncio.create_task(order.confirm())
    await order.called(ADVANCE, 6)
    cancelling = await order.asks_to_cancel()
    steps.heal(ADVANCE)
    await confirming
    assert await refused(cancelling) == "order_not_open"
    assert await order.result() == COMPLETED


async def test_a_free_order_that_is_cancelled_puts_its_goods_back_without_a_refund(
    order: OneOrder, steps: Scripted
) -> None:
    order.costs(sku("green tea", 0), sku("tea pot", 0))
    await order.place()
    await order.at("fulfilling")
    answer = await order.cancel()
    assert answer.refunding is None
    assert await order.result() == CANCELLED
    assert steps.names()[-3:] == [STOP_PARCELS, ADVANCE, RESTOCK]
    (restock,) = steps.told(RESTOCK)
    assert [line.quantity for line in restock.lines] == [2, 1]


@pytest.mark.parametrize("step", [STOP_PARCELS, REFUND])
async def test_a_step_of_giving_back_that_fails_for_a_while_succeeds_in_the_end(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    await order.fulfilling()
    steps.fail(step, 5)
    await order.cancel()
    assert await order.result() == CANCELLED
    assert len(steps.told(step)) == 6


# ---- stock that cannot be committed ----------------------------------------------------------------------------------


def failing_commit(steps: Scripted, times: int = 1_000) -> None:
    """The stock cannot be committed."""
    steps.refuse(COMMIT, NothingReserved("Nothing is held."), times)


@BOTH
async def test_an_operator_tries_the_commit_again(order: OneOrder, steps: Scripted) -> None:
    failing_commit(steps, times=2)
    await order.paid()
    progress = await order.at("stock not committed")
    assert "nothing_reserved" in progress.waiting_for
    await order.called(PUBLISH)
    (batch,) = steps.told(PUBLISH)
    assert batch.events[0].event_id == f"stock_commit_failed/{order.order_id}"
    await order.decide(CommitDecision.RETRY)
    await order.called(COMMIT, 2)
    await order.at("stock not committed")
    await order.decide(CommitDecision.RETRY)
    await order.at("fulfilling")
    assert await refused(order.decide(CommitDecision.RETRY)) == "nothing_to_decide"


@BOTH
async def test_an_operator_refunds_instead(order: OneOrder, steps: Scripted) -> None:
    failing_commit(steps)
    await order.paid()
    await order.at("stock not committed")
    await order.decide(CommitDecision.REFUND)
    assert await order.result() == CANCELLED
    assert [name for name in since_paid(steps) if name != PUBLISH] == [
        *(COMMIT, MONEY_CAME),
        *(RELEASE, ADVANCE, REFUND),
    ]
    (refund,) = steps.told(REFUND)
    assert (refund.reason, refund.restock) == (RefundReason.STOCK_COMMIT_FAILED, False)
    assert order.last_step() == (CANCELLED, CancelReason.STOCK_COMMIT_FAILED)


async def test_of_two_decisions_the_second_is_refused(order: OneOrder, steps: Scripted) -> None:
    failing_commit(steps, times=1)
    await order.paid()
    await order.at("stock not committed")
    decisions = [asyncio.create_task(order.decide(CommitDecision.RETRY)) for _ in range(2)]
    await asyncio.wait(decisions)
    answers = [await refused(task) if task.exception() else "heard" for task in decisions]
    assert sorted(answers) == ["heard", "nothing_to_decide"]
    await order.at("fulfilling")


async def test_without_a_decision_the_money_goes_back_after_the_limit(order: OneOrder, steps: Scripted) -> None:
    failing_commit(steps)
    await order.paid()
    await order.at("stock not committed")
    await order.later(hours=23)
    assert (await order.at("stock not committed")).step == "stock not committed"
    await order.later(hours=2)
    assert await order.result() == CANCELLED
    assert order.last_step() == (CANCELLED, CancelReason.STOCK_COMMIT_FAILED)


@pytest.mark.parametrize("who", ["buyer", "temporal"])
async def test_a_cancel_takes_the_place_of_the_decision(order: OneOrder, steps: Scripted, who: str) -> None:
    failing_commit(steps)
    await order.paid()
    await order.at("stock not committed")
    if who == "buyer":
        assert (await order.cancel()).refunding == TOTAL
    else:
        await order.handle.cancel()
    assert await order.result() == CANCELLED
    (refund,) = steps.told(REFUND)
    assert (refund.reason, refund.restock) == (RefundReason.ORDER_CANCELLED, False)


async def test_a_commit_that_keeps_failing_asks_an_operator_too(order: OneOrder, steps: Scripted) -> None:
    """A fault, not a refusal: nobody knows whether the stock left the books. Releasing it finds out."""
    order.terms = order.terms.model_copy(update={"commit_tries": timedelta(seconds=1)})
    steps.fail(COMMIT)
    steps.refuse(RELEASE, ReservationCommitted.of(order.order_id))
    await order.paid()
    await order.at("stock not committed")
    await order.decide(CommitDecision.REFUND)
    assert await order.result() == CANCELLED
    (refund,) = steps.told(REFUND)
    assert (refund.reason, refund.restock) == (RefundReason.STOCK_COMMIT_FAILED, True)


async def test_an_order_that_somebody_else_ended_after_it_was_paid_still_pays_back(
    order: OneOrder, steps: Scripted
) -> None:
    steps.refuse(HAND_OVER, OrderNotOpen("The order is cancelled."), times=1)
    await order.paid()
    assert await order.result() == CANCELLED
    (refund,) = steps.told(REFUND)
    assert refund.restock
    assert order.last_step() == (CANCELLED, CancelReason.REFUSED)


# ---- what is told, and how it ends -----------------------------------------------------------------------------------


async def test_an_event_that_kafka_did_not_take_is_published_before_the_end(order: OneOrder, steps: Scripted) -> None:
    event = OrderCompleted(occurred_at=NOW, order_id=order.order_id, user_id=BUYER, total=Money(minor=1))
    steps.answer(ADVANCE, lambda step: Done(unannounced=(event,) if step.to is COMPLETED else ()))
    steps.fail(PUBLISH)
    await order.delivered()
    await order.confirm()
    await order.called(PUBLISH, 2)
    assert (await order.at("over")).waiting_for == "nothing"
    await order.handle.cancel()
    assert await refused(order.cancel()) == "order_not_open"
    assert await refused(order.confirm()) == "order_not_open"
    assert await refused(order.place(None)) == "order_not_open"
    steps.heal(PUBLISH)
    assert await order.result() == COMPLETED
    assert steps.told(PUBLISH)[-1].events == (event,)


async def test_the_saga_goes_on_while_an_event_waits_for_kafka(order: OneOrder, steps: Scripted) -> None:
    event = OrderPaid(occurred_at=NOW, order_id=order.order_id, user_id=BUYER, total=Money(minor=1), lines=())
    steps.answer(HAND_OVER, Done(unannounced=(event,)))
    steps.fail(PUBLISH)
    await order.fulfilling()
    await order.called(PUBLISH, 2)
    steps.heal(PUBLISH)


async def test_nothing_can_be_asked_of_an_order_that_is_over(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    await order.payment_ends(SettlementKind.EXPIRED)
    await order.result()
    with pytest.raises(Exception, match="already completed"):
        await order.cancel()


async def test_no_handler_is_left_unfinished(
    order: OneOrder, steps: Scripted, recwarn: pytest.WarningsRecorder
) -> None:
    await order.fulfilling()
    steps.fail(STOP_PARCELS)
    cancelling = [await order.asks_to_cancel(by=by) for by in (BUYER, None)]
    await order.called(STOP_PARCELS, 5)
    steps.heal(STOP_PARCELS)
    assert [(await each).refunding for each in cancelling] == [TOTAL, TOTAL]
    await order.result()
    assert not [warning for warning in recwarn.list if "unfinished" in str(warning.message).lower()]
    assert DISCARD not in steps.names()
