"""An operator asks less for an order that waits for its payment: checked first, then the payment, then the order."""

import asyncio

import pytest

from models.orders.errors import PriceNotAdjustable
from models.orders.messages import SettlementKind
from models.orders.types import OrderStatus
from models.shared import Money
from models.shared.refusals import StaleVersion
from tests.workflows.orders.one_order import (
    ADJUST_PRICE,
    CHANGE_AMOUNT,
    CHECK_PRICE,
    CLOSE_ATTEMPTS,
    PLACING,
    STOP_PAYMENT,
    OneOrder,
)
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted

CHANGING = [CHECK_PRICE, CLOSE_ATTEMPTS, CHANGE_AMOUNT, ADJUST_PRICE]
LESS = Money(minor=4000)
PAID = PriceNotAdjustable("The payment is paid.")


def since_placed(steps: Scripted) -> list[str]:
    return steps.names()[len(PLACING) :]


@pytest.mark.parametrize("order", ["inline", "queue"], indirect=True)
async def test_payment_and_order_ask_less_and_all_that_follows_does(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    assert (await order.reprice(4000)).order_id == order.order_id
    assert since_placed(steps) == CHANGING
    (change,), (checked,), (adjusted,) = (steps.told(name) for name in (CHANGE_AMOUNT, CHECK_PRICE, ADJUST_PRICE))
    assert (change.key, change.amount) == ("first", LESS)
    assert checked == adjusted
    assert "40.00" in (await order.at("awaiting payment")).waiting_for
    assert (await order.shows())["Amount"] == 4000
    await order.payment_ends()
    await order.at("fulfilling")
    assert (await order.cancel()).refunding == LESS
    assert await order.result() == OrderStatus.CANCELLED
    assert (await order.shows())["Amount"] == 4000


async def test_a_price_can_be_changed_again(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    await order.reprice(4000)
    await order.reprice(4500, "second")
    assert [(change.key, change.amount.minor) for change in steps.told(CHANGE_AMOUNT)] == [
        ("first", 4000),
        ("second", 4500),
    ]
    assert (await order.shows())["Amount"] == 4500


async def test_what_the_order_refuses_is_refused_before_anything_is_touched(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(CHECK_PRICE, StaleVersion("Order is at version 2, not 1.", version=2))
    await order.place()
    assert await refused(order.reprice(4000)) == "stale_version"
    assert since_placed(steps) == [CHECK_PRICE]
    await order.payment_ends()
    assert (await order.at("fulfilling")).step == "fulfilling"


async def test_money_that_came_at_the_old_price_refuses_the_new_one(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(CHANGE_AMOUNT, PAID)
    steps.meanwhile(CLOSE_ATTEMPTS, order.payment_ends)
    await order.place()
    assert await refused(order.reprice(4000)) == "price_not_adjustable"
    await order.at("fulfilling")
    assert ADJUST_PRICE not in steps.names()
    assert (await order.shows())["Amount"] == 5000


async def test_a_payment_at_the_new_price_is_heard_once_the_order_asks_it_too(order: OneOrder, steps: Scripted) -> None:
    steps.meanwhile(CHANGE_AMOUNT, order.payment_ends)
    await order.place()
    await order.reprice(4000)
    await order.at("fulfilling")
    assert since_placed(steps)[: len(CHANGING)] == CHANGING
    assert (await order.shows())["Amount"] == 4000


async def test_a_channel_that_does_not_answer_leaves_the_word_to_the_payment(order: OneOrder, steps: Scripted) -> None:
    steps.fail(CLOSE_ATTEMPTS)
    steps.refuse(CHANGE_AMOUNT, PriceNotAdjustable("The payment may be paid at this moment."))
    await order.place()
    asking = await order.asks_less(4000)
    await order.called(CLOSE_ATTEMPTS)
    await order.later(seconds=11)
    assert await refused(asking) == "price_not_adjustable"
    assert ADJUST_PRICE not in steps.names()


async def test_stores_that_fail_for_a_while_change_the_price_in_the_end(order: OneOrder, steps: Scripted) -> None:
    for step in (CHECK_PRICE, CHANGE_AMOUNT, ADJUST_PRICE):
        steps.fail(step, 4)
    await order.place()
    await order.reprice(4000)
    assert list(dict.fromkeys(since_placed(steps))) == CHANGING
    assert {change.key for change in steps.told(CHANGE_AMOUNT)} == {"first"}


async def test_the_price_of_a_paid_order_stays(order: OneOrder, steps: Scripted) -> None:
    await order.fulfilling()
    assert await refused(order.reprice(4000)) == "price_not_adjustable"
    assert CHECK_PRICE not in steps.names()


async def test_an_order_that_is_being_cancelled_is_not_changed(order: OneOrder, steps: Scripted) -> None:
    await order.place()
    cancelling = await order.asks_to_cancel()
    await order.called(STOP_PAYMENT)
    assert await refused(order.reprice(4000)) == "price_not_adjustable"
    await order.payment_ends(SettlementKind.CANCELLED)
    await cancelling
    assert await order.result() == OrderStatus.CANCELLED
    assert CHECK_PRICE not in steps.names()


async def test_temporals_cancel_is_heard_after_the_change(order: OneOrder, steps: Scripted) -> None:
    async def cancelled() -> None:
        await order.handle.cancel()

    steps.meanwhile(CLOSE_ATTEMPTS, cancelled)
    await order.place()
    asking = asyncio.create_task(order.reprice(4000))
    await order.called(STOP_PAYMENT)
    await asking
    await order.payment_ends(SettlementKind.CANCELLED)
    assert await order.result() == OrderStatus.CANCELLED
    assert since_placed(steps)[: len(CHANGING) + 1] == [*CHANGING, STOP_PAYMENT]
