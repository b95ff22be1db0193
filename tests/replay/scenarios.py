"""The ways through `Checkout` and `PaymentTimeout` whose histories are kept: each must replay for as long as such orders live."""

import asyncio
from collections.abc import Awaitable, Callable

from models.inventory.errors import NothingReserved
from models.orders.errors import PriceNotAdjustable, UnknownSku
from models.orders.messages import CommitDecision, ParcelEnd, SettlementKind
from models.orders.types import LineRequest
from models.payments.messages import ChannelAnswer, OpenAttempts, SettleResult
from models.shared import Money
from models.shared.ids import MerchantId, WarehouseId
from tests.unit.orders.baskets import named, sku
from tests.workflows.orders import one_order as orders
from tests.workflows.orders import one_window as windows
from tests.workflows.orders.one_order import HERE, THERE, TOTAL, TWO_TEAS_AND_A_POT, OneOrder
from tests.workflows.orders.one_window import CARD, WALLET, OneWindow, report, worth
from tests.workflows.sagas import refused

OrderScenario = Callable[[OneOrder], Awaitable[None]]
WindowScenario = Callable[[OneWindow], Awaitable[None]]

GOODS = tuple(sku(f"good {n}", 1000 * n, merchant=named(MerchantId, f"merchant {n % 3}")) for n in range(1, 5))
"""Of three merchants."""


async def completed_by_time(order: OneOrder) -> None:
    await order.delivered()
    await order.later(days=8)


async def prepared_two_parcels_confirmed(order: OneOrder) -> None:
    order.warehouses = [HERE, THERE]
    await order.prepare()
    order.costs(sku("tea pot", 3500))
    await refused(order.place(None, expected=TOTAL))
    await order.place(None, expected=Money(minor=5500))
    await order.payment_ends()
    await order.parcels_end(ParcelEnd.REFUNDED, ParcelEnd.SIGNED)
    await order.at("delivered")
    await refused(order.cancel())
    await order.confirm()


async def five_parcels_each_failing_differently(order: OneOrder) -> None:
    order.warehouses = [named(WarehouseId, f"house {n}") for n in range(4)]
    order.costs(*GOODS)
    lines = tuple(LineRequest(sku_id=good.sku_id, quantity=2) for good in GOODS)
    await order.paid(TWO_TEAS_AND_A_POT.model_copy(update={"lines": lines}))
    await order.at("fulfilling")
    await order.splits_the_last()
    await order.parcels_end(ParcelEnd.SIGNED, ParcelEnd.REFUNDED, ParcelEnd.REFUNDED, ParcelEnd.SIGNED)
    await order.at("fulfilling")
    await order.split_one_ends(ParcelEnd.REFUNDED)
    await order.at("delivered")
    await order.confirm()


async def hold_lapsed(order: OneOrder) -> None:
    await order.prepare()
    await order.later(minutes=6)


async def wish_lost(order: OneOrder) -> None:
    await order.start_without_a_wish()
    await order.at("preparing")
    await order.later(minutes=6)


async def payment_refused_while_placing(order: OneOrder) -> None:
    order.steps.refuse(orders.OPEN_PAYMENT, UnknownSku.of([orders.TEA.sku_id]))
    await refused(order.place())


async def not_paid_in_time(order: OneOrder) -> None:
    await order.place()
    await order.payment_ends(SettlementKind.EXPIRED)


async def paid_at_another_price(order: OneOrder) -> None:
    order.steps.refuse(orders.CHANGE_AMOUNT, PriceNotAdjustable("The payment may be paid at this moment."), times=1)
    await order.place()
    await refused(order.reprice(4500))
    await order.reprice(4000, "second")
    await order.payment_ends()
    await order.parcels_end(ParcelEnd.SIGNED)
    await order.at("delivered")
    await order.confirm()


async def cancelled_but_paid(order: OneOrder) -> None:
    await order.place()
    cancelling = asyncio.create_task(order.cancel())
    await order.called(orders.STOP_PAYMENT)
    await order.payment_ends()
    await cancelling


async def cancelled_after_payment(order: OneOrder) -> None:
    await order.fulfilling()
    await order.cancel()


async def free_and_cancelled(order: OneOrder) -> None:
    order.costs(sku("green tea", 0), sku("tea pot", 0))
    await order.place()
    await order.at("fulfilling")
    await order.cancel()


async def commit_retried_then_refunded_by_time(order: OneOrder) -> None:
    order.steps.refuse(orders.COMMIT, NothingReserved("Nothing is held."))
    await order.paid()
    await order.at("stock not committed")
    await order.decide(CommitDecision.RETRY)
    await order.called(orders.COMMIT, 2)
    await order.at("stock not committed")
    await order.later(hours=25)


async def stores_broken_for_a_while(order: OneOrder) -> None:
    for step in (orders.RESERVE, orders.COMMIT, orders.PUBLISH):
        order.steps.fail(step, 5 if step != orders.PUBLISH else 1)
    await order.delivered()
    await order.confirm()


async def cancelled_in_temporal_while_placing(order: OneOrder) -> None:
    order.steps.fail(orders.OPEN)
    placing = asyncio.create_task(order.place())
    await order.called(orders.OPEN, 5)
    await order.handle.cancel()
    await refused(placing)


async def cancelled_in_temporal_while_shipping(order: OneOrder) -> None:
    await order.fulfilling()
    await order.handle.cancel()


async def paid_by_callback(window: OneWindow) -> None:
    await window.open()
    await window.reported(report())


async def paid_in_parts_with_an_attempt_left_open(window: OneWindow) -> None:
    window.steps.answer(windows.SETTLE, worth(SettleResult.PART))
    await window.open()
    await window.reported(report())
    await window.settled()
    window.steps.answer(windows.SETTLE, worth(SettleResult.PAID, still_open=(CARD,)))
    await window.reported(report(WALLET, "e2"))


async def expired(window: OneWindow) -> None:
    await window.open()
    await window.later(minutes=31)


async def lost_callback_found(window: OneWindow) -> None:
    paid = ChannelAnswer(attempt_id=CARD, state="paid", report=report(source="poll"))
    window.steps.answer(windows.OPEN_ATTEMPTS, OpenAttempts(attempt_ids=(CARD,)))
    window.steps.answer(windows.ASK, paid)
    await window.open()
    await window.later(minutes=31)


async def stopped(window: OneWindow) -> None:
    await window.open()
    await window.stop()


async def late_money(window: OneWindow) -> None:
    window.steps.answer(windows.SETTLE, worth(SettleResult.SURPLUS))
    await window.open(closed=True)


ORDERS: tuple[OrderScenario, ...] = (
    completed_by_time,
    prepared_two_parcels_confirmed,
    five_parcels_each_failing_differently,
    hold_lapsed,
    wish_lost,
    payment_refused_while_placing,
    not_paid_in_time,
    paid_at_another_price,
    cancelled_but_paid,
    cancelled_after_payment,
    free_and_cancelled,
    commit_retried_then_refunded_by_time,
    stores_broken_for_a_while,
    cancelled_in_temporal_while_placing,
    cancelled_in_temporal_while_shipping,
)
ORDERS_QUEUED: tuple[OrderScenario, ...] = (completed_by_time, payment_refused_while_placing, cancelled_after_payment)
WINDOWS: tuple[WindowScenario, ...] = (
    paid_by_callback,
    paid_in_parts_with_an_attempt_left_open,
    expired,
    lost_callback_found,
    stopped,
    late_money,
)
WINDOWS_QUEUED: tuple[WindowScenario, ...] = (paid_by_callback, expired)
