"""Callbacks that never came, channels that do not answer, and orders that nobody looks after, on real servers."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.search_attributes import attributes
from activities.siblings import Siblings
from activities.supplement import SupplementActivities
from channels.payment.registry import PaymentChannels
from hanse.settings import Settings
from hanse.temporal import connect
from models.orders.messages import CheckoutInput, SettlementKind, checkout_id
from models.orders.types import CancelReason, Order, OrderStatus
from models.payments.messages import OpenPayment, payment_timeout_id
from models.payments.supplement import (
    AskAttempts,
    FindStranded,
    StrandedCase,
    Supplemented,
    SupplementInput,
    TakeUpWindow,
)
from models.payments.types import Payment
from stores.payments import PaymentStore
from tests.integration.orders.shop import Shop, opening, to
from tests.integration.payments.counter import Counter, eventually
from tests.integration.payments.test_paying_over_http import is_paid
from tests.integration.payments.till import OpenDatabase
from workflows.options import TaskQueue
from workflows.supplement import Supplement

AT_ONCE = SupplementInput(pending_for=timedelta(0))


async def supplement(counter: Counter, start: SupplementInput = AT_ONCE) -> Supplemented:
    """One run, as the schedule starts it."""
    return await counter.shop.temporal.execute_workflow(
        Supplement.run, start, id=f"supplement-{secrets.token_hex(4)}", task_queue=TaskQueue.CHECKOUT
    )


async def test_a_payment_whose_callback_was_lost_is_found_and_completed(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt, "lost")
    done = await supplement(counter)
    assert done.paid >= 1
    assert (await counter.until(payment, is_paid)).captured.minor == 10_000
    assert await counter.shop.payments.callbacks(attempt.json()["attempt_id"], limit=1) == ()


async def test_late_money_whose_callback_was_lost_is_found_and_goes_back(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.shop.payments.close_window(payment.order_id, SettlementKind.CANCELLED, datetime.now(UTC))
    await counter.buyer_pays(attempt, "lost")
    await supplement(counter)
    (back,) = await counter.refunds_that_ended(payment)
    assert (back.reason, back.amount.minor) == ("late_payment", 10_000)


async def test_what_a_channel_does_not_answer_is_asked_again_in_the_next_run(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    await counter.buyer_pays(await buyer.pay(payment), "lost")
    await counter.sandbox.set_faults({"fault": "unavailable", "on": "query"})
    ask = AskAttempts(channel="sandbox_card", moment=datetime.now(UTC))
    said = await ActivityEnvironment().run(counter.built.supplement.ask_attempts, ask)
    assert (said.down, said.paid, said.after) == (True, 0, None)
    await counter.sandbox.set_faults()
    assert (await ActivityEnvironment().run(counter.built.supplement.ask_attempts, ask)).paid == 1
    await counter.until(payment, is_paid)


async def test_a_young_payment_is_left_alone(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    attempt = await buyer.pay(payment)
    await counter.buyer_pays(attempt, "lost")
    await supplement(counter, SupplementInput(pending_for=timedelta(minutes=5)))
    assert not is_paid(await counter.shop.payments.payment(payment.payment_id))
    await supplement(counter)
    await counter.until(payment, is_paid)


# ---- orders that nobody looks after ----------------------------------------------------------------------------------


@dataclass
class Lost:
    """An order of which only the books know."""

    shop: Shop
    payments: PaymentStore
    client: Client
    activities: SupplementActivities

    async def placed(self, name: str = "order") -> Order:
        return await self.shop.orders.open_once(opening(f"{name} {secrets.token_hex(4)}"))

    async def owed(self, order: Order) -> Payment:
        return await self.payments.open_payment(
            OpenPayment(
                order_id=order.order_id,
                payment_id=order.payment_id,
                user_id=order.user_id,
                amount=order.total,
                due_at=order.placed_at + timedelta(minutes=30),
                at=order.placed_at,
                placement="inline",
            )
        )

    async def checkout_runs(self, order: Order) -> None:
        await self.client.start_workflow(
            "Checkout",
            CheckoutInput(order_id=order.order_id, user_id=order.user_id),
            id=checkout_id(order.order_id),
            task_queue="nobody serves this",
        )

    async def found(self, after: timedelta = timedelta(hours=1)) -> set[tuple[str, StrandedCase]]:
        moment = opening().placed_at + after
        answer = await ActivityEnvironment().run(self.activities.find_stranded, FindStranded(moment=moment))
        return {(each.order_id, each.case) for each in answer.found}


@pytest.fixture
async def lost(database: OpenDatabase, temporal: str, settings: Settings) -> Lost:
    shop, payments = Shop(await database("orders")), PaymentStore(await database("payments"))
    client = await connect(settings)
    activities = SupplementActivities(
        payments, shop.orders, PaymentChannels([]), Siblings(client), lambda: datetime.now(UTC), placement="inline"
    )
    return Lost(shop, payments, client, activities)


async def test_an_order_without_its_saga_is_found_and_one_that_runs_or_is_over_is_not(lost: Lost) -> None:
    gone, runs, over = [await lost.placed() for _ in range(3)]
    await lost.checkout_runs(runs)
    await lost.shop.orders.advance(to(over.order_id, OrderStatus.CANCELLED, CancelReason.PAYMENT_TIMEOUT))
    assert await lost.found() == {(gone.order_id, StrandedCase.ORDER_WITHOUT_SAGA)}
    assert await lost.found(after=timedelta(0)) == set()


async def test_running_checkouts_are_found_in_one_list_from_the_first_order_to_the_last(lost: Lost) -> None:
    orders = sorted([(await lost.placed()).order_id for _ in range(4)])
    for order_id in orders[:3]:
        await lost.client.start_workflow(
            "Checkout",
            CheckoutInput(order_id=order_id, user_id=opening().user_id),
            id=checkout_id(order_id),
            task_queue="nobody serves this",
            search_attributes=attributes(OrderId=order_id),
        )
    siblings = Siblings(lost.client)
    await eventually(lambda: siblings.checkouts_listed(orders[0], orders[3]), lambda found: found == set(orders[:3]))
    assert await siblings.checkouts_listed(orders[1], orders[2]) == set(orders[1:3])


async def test_an_order_that_did_not_hear_of_its_payment_is_found(lost: Lost) -> None:
    deaf, waits = await lost.placed("deaf"), await lost.placed("waits")
    for order in (deaf, waits):
        await lost.owed(order)
        await lost.checkout_runs(order)
    at = deaf.placed_at + timedelta(minutes=31)
    await lost.payments.close_window(deaf.order_id, SettlementKind.EXPIRED, at)
    assert await lost.found(after=timedelta(minutes=30)) == set()
    assert await lost.found() == {
        (deaf.order_id, StrandedCase.SETTLEMENT_UNHEARD),
        (waits.order_id, StrandedCase.WINDOW_WITHOUT_SAGA),
    }


async def test_a_payment_window_that_does_not_run_is_found_and_taken_up_once(lost: Lost) -> None:
    order = await lost.placed()
    await lost.owed(order)
    await lost.checkout_runs(order)
    stranded = {(order.order_id, StrandedCase.WINDOW_WITHOUT_SAGA)}
    assert await lost.found(after=timedelta(minutes=30)) == set()
    assert await lost.found() == stranded
    for _ in range(2):
        await lost.activities.take_up_window(TakeUpWindow(order_id=order.order_id, placement="inline"))
    window = await lost.client.get_workflow_handle(payment_timeout_id(order.order_id)).describe()
    assert window.raw_description.workflow_execution_info.history_length <= 5


async def test_an_order_whose_window_was_terminated_ends_after_a_run(counter: Counter) -> None:
    buyer = await counter.person()
    payment = await counter.owed_by(buyer, minutes=0.03)
    await counter.shop.temporal.get_workflow_handle(payment_timeout_id(payment.order_id)).terminate()
    done = await supplement(counter, SupplementInput(grace=-timedelta(minutes=1)))
    assert (payment.order_id, StrandedCase.WINDOW_WITHOUT_SAGA) in {
        (each.order_id, each.case) for each in done.repaired
    }
    await counter.until(payment, lambda now: now.state == "closed")
    assert await counter.shop.payments.attempts_open(payment.order_id) == ()
