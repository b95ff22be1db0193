"""A confirmation that Temporal loses, because a signal came while the run answered and ended, is asked again or looked up; one
that comes a moment before the report of the last parcel waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.edge.sagas import Fulfilled, ask_running, ask_until_heard
from models.orders.errors import OrderNotOpen, ParcelsUnderWay
from models.orders.messages import ConfirmReceipt, OrderRef, ParcelEnd
from models.shared import Refusal
from tests.workflows.orders.one_order import ADVANCE, BUYER, HAND_OVER, OneOrder
from tests.workflows.scripted import Scripted
from workflows.checkout import Checkout

LATER = datetime.now(UTC) + timedelta(hours=1)


async def _failed_tasks(handle: Any) -> int:
    events = [event async for event in handle.fetch_history_events()]
    return sum(event.HasField("workflow_task_failed_event_attributes") for event in events)


async def test_a_wish_that_a_run_lost_is_asked_again(order: OneOrder, steps: Scripted) -> None:
    """A confirmed order ends in the task that answers, so that no order pays a timer; a signal then makes Temporal forget
    the confirmation, and the run waits again."""
    await order.delivered()
    parcel = (await order.at("delivered")).parcels_ended[0]

    async def a_report_comes() -> None:
        await order.handle.signal(Checkout.parcel_ended, parcel)

    steps.meanwhile(ADVANCE, a_report_comes)
    answer = await ask_running(
        order.handle, Checkout.confirm_receipt, ConfirmReceipt(asked_by=BUYER), "confirm/1", OrderNotOpen("Over.")
    )
    assert answer.order_id == order.order_id
    assert await _failed_tasks(order.handle) > 0
    again = await ask_running(
        order.handle, Checkout.confirm_receipt, ConfirmReceipt(asked_by=BUYER), "confirm/1", OrderNotOpen("Over.")
    )
    assert again == answer


@pytest.mark.parametrize(("first_seen_at", "is_theirs"), [(datetime(2020, 1, 1, tzinfo=UTC), True), (LATER, False)])
async def test_a_run_that_ended_without_an_answer_is_looked_up_in_the_store(
    order: OneOrder, first_seen_at: datetime, is_theirs: bool
) -> None:
    await order.delivered()
    await order.confirm()
    await order.handle.result()

    async def completed() -> OrderRef:
        return OrderRef(order_id=order.order_id)

    asking = ask_running(
        order.handle,
        Checkout.confirm_receipt,
        ConfirmReceipt(asked_by=BUYER),
        "confirm/lost",
        OrderNotOpen("Over."),
        Fulfilled(first_seen_at, completed),
    )
    if is_theirs:
        assert (await asking).order_id == order.order_id
    else:
        with pytest.raises(OrderNotOpen):
            await asking


async def test_a_receipt_is_confirmed_though_the_order_hears_of_its_last_parcel_only_now(
    order: OneOrder, steps: Scripted
) -> None:
    await order.fulfilling()
    reporting: list[asyncio.Task[None]] = []

    async def all_have_ended_in_the_books(refusal: Refusal) -> bool:
        assert refusal.code == ParcelsUnderWay.code
        if not reporting:
            parcels = len(steps.told(HAND_OVER)[0].parcels)
            reporting.append(asyncio.create_task(order.parcels_end(*[ParcelEnd.SIGNED] * parcels)))
        return True

    async def asked() -> OrderRef:
        wish = ConfirmReceipt(asked_by=BUYER)
        return await ask_running(order.handle, Checkout.confirm_receipt, wish, "confirm/1", OrderNotOpen("Over."))

    assert (await ask_until_heard(asked, all_have_ended_in_the_books)).order_id == order.order_id
    await reporting[0]
