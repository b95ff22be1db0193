"""From the first wish to an order that waits for its payment, and every way in which that does not come about."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import is_cancelled_exception

from models.orders.errors import OrderConflict, UnknownSku
from models.orders.messages import Basket, CommitDecision
from models.orders.types import LineRequest, OrderStatus
from models.shared import Money
from models.shared.ids import AddressId
from tests.unit.orders.baskets import named, sku
from tests.workflows.orders.one_order import (
    BUYER,
    CLOSE_PAYMENT,
    COMMIT,
    DISCARD,
    HAND_OVER,
    HERE,
    OPEN,
    OPEN_PAYMENT,
    PLACING,
    POT,
    QUOTE,
    RELEASE,
    RESERVE,
    RETURN,
    SOMEONE_ELSE,
    STOP_PAYMENT,
    TEA,
    THERE,
    TOTAL,
    TWO_TEAS_AND_A_POT,
    UNDOING,
    OneOrder,
)
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted

BOTH = pytest.mark.parametrize("order", ["inline", "queue"], indirect=True)
NO = UnknownSku.of([TEA.sku_id])


@BOTH
async def test_an_order_is_placed_at_once(order: OneOrder, steps: Scripted) -> None:
    placed = await order.place(expected=TOTAL)
    assert (placed.total, placed.status) == (TOTAL, OrderStatus.PENDING_PAYMENT)
    assert steps.names() == PLACING
    assert (await order.at("awaiting payment")).waiting_for.startswith("payment of 50.00 CNY")
    shown = await order.shows()
    assert (shown["OrderStatus"], shown["PaymentStatus"]) == ("pending_payment", "unpaid")


@BOTH
async def test_an_order_is_prepared_and_then_placed_on_the_stock_that_is_held(order: OneOrder, steps: Scripted) -> None:
    prepared = await order.prepare()
    assert prepared.quote.total == TOTAL
    placed = await order.place(None, expected=TOTAL)
    assert placed.quote == prepared.quote
    assert steps.names() == [QUOTE, RESERVE, QUOTE, OPEN, OPEN_PAYMENT]
    await order.later(minutes=6)  # the hold is dropped: nothing lapses
    assert (await order.at("awaiting payment")).step == "awaiting payment"
    assert steps.names()[5:] == []


async def test_placing_at_once_starts_no_timer(order: OneOrder) -> None:
    await order.place()
    assert await order.counted("TIMER_STARTED") == 0


async def test_a_free_order_is_paid_already(order: OneOrder, steps: Scripted) -> None:
    order.costs(sku("green tea", 0), sku("tea pot", 0))
    await order.place()
    await order.called(HAND_OVER)
    assert steps.names() == [QUOTE, RESERVE, OPEN, COMMIT, HAND_OVER]


async def test_the_same_wish_again_gets_the_same_answer_and_does_nothing(order: OneOrder, steps: Scripted) -> None:
    first = await order.place(key="k")
    assert await order.place(key="k") == first
    assert steps.names() == PLACING


@pytest.mark.parametrize("step", PLACING)
@BOTH
async def test_a_refused_step_is_told_and_everything_is_undone_newest_first_and_once(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    # Everything, not only what this worker did: one that died before its first task was written down may have gone further.
    steps.refuse(step, NO)
    assert await refused(order.place()) == "unknown_sku"
    await order.result()
    done = PLACING[: PLACING.index(step) + 1]
    assert steps.names() == done + UNDOING
    stood = step in (OPEN, OPEN_PAYMENT)
    assert (await order.shows())["OrderStatus"] == ("cancelled" if stood else "given_up")


@pytest.mark.parametrize("step", [OPEN, OPEN_PAYMENT])
async def test_an_order_refused_after_a_prepare_gives_the_hold_back_too(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    await order.prepare()
    steps.refuse(step, NO)
    assert await refused(order.place(None)) == "unknown_sku"
    await order.result()
    done = [QUOTE, RESERVE, QUOTE, OPEN, OPEN_PAYMENT]
    done = done[: done.index(step) + 1]
    assert steps.names() == done + UNDOING


@pytest.mark.parametrize("step", PLACING)
@pytest.mark.parametrize(
    ("order", "times"),
    [("inline", 2), ("inline", 5), ("queue", 2)],
    indirect=["order"],
    ids=["inline", "fallen", "queue"],
)
async def test_a_step_that_fails_for_a_while_succeeds_in_the_end(
    order: OneOrder, steps: Scripted, step: str, times: int
) -> None:
    steps.fail(step, times)
    await order.place()
    assert len(steps.told(step)) == times + 1
    assert [name for number, name in enumerate(steps.names()) if name not in steps.names()[:number]] == PLACING


async def test_a_store_that_hangs_is_tried_on_as_an_ordinary_activity(order: OneOrder, steps: Scripted) -> None:
    steps.fail(RESERVE, 3)

    async def the_last_local_try_hangs() -> None:
        if len(steps.told(RESERVE)) < 4:
            steps.meanwhile(RESERVE, the_last_local_try_hangs)
        else:
            await asyncio.sleep(60)

    steps.meanwhile(RESERVE, the_last_local_try_hangs)
    await order.place()
    assert len(steps.told(RESERVE)) == 5
    assert await order.counted("ACTIVITY_TASK_SCHEDULED") == 1


@BOTH
async def test_an_undo_that_fails_is_tried_until_it_succeeds_before_the_next(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(OPEN, NO)
    times = 5 if order.terms.placement == "inline" else 2
    steps.fail(DISCARD, times)
    assert await refused(order.place()) == "unknown_sku"
    await order.result()
    assert steps.names() == [QUOTE, RESERVE, OPEN, CLOSE_PAYMENT, *[DISCARD] * (times + 1), RETURN, RELEASE]


async def test_an_undo_that_is_refused_does_not_keep_the_others_from_running(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(OPEN_PAYMENT, NO)
    steps.refuse(DISCARD, NO)
    assert await refused(order.place()) == "unknown_sku"
    await order.result()
    assert steps.names() == PLACING + UNDOING


# ---- prices ----------------------------------------------------------------------------------------------------------


async def test_a_changed_price_is_told_with_the_new_quote_and_nothing_is_reserved(
    order: OneOrder, steps: Scripted
) -> None:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await order.place(expected=Money(minor=4999))
    note = failed.value.cause.details[0]  # type: ignore[attr-defined]
    assert (note["code"], note["fields"]["quote"]["total"]["minor"]) == ("price_changed", 5000)
    assert await order.result() is None
    assert steps.names() == [QUOTE, *UNDOING]


async def test_a_price_that_changed_after_prepare_leaves_the_hold_so_the_buyer_can_agree(
    order: OneOrder, steps: Scripted
) -> None:
    await order.prepare()
    order.costs(sku("tea pot", 3500))
    assert await refused(order.place(None, expected=TOTAL)) == "price_changed"
    placed = await order.place(None, expected=Money(minor=5500))
    assert placed.total == Money(minor=5500)
    assert steps.names() == [QUOTE, RESERVE, QUOTE, QUOTE, OPEN, OPEN_PAYMENT]


async def test_a_hold_cannot_be_placed_for_other_lines(order: OneOrder, steps: Scripted) -> None:
    await order.prepare()
    more = Basket(lines=(LineRequest(sku_id=TEA.sku_id, quantity=9),), address_id=TWO_TEAS_AND_A_POT.address_id)
    assert await refused(order.place(more)) == OrderConflict.code
    elsewhere = TWO_TEAS_AND_A_POT.model_copy(update={"address_id": named(AddressId, "work"), "note": "ring"})
    await order.place(elsewhere)
    (opening,) = steps.told(OPEN)
    assert (opening.address_id, opening.note) == (elsewhere.address_id, "ring")


async def test_placing_without_basket_or_hold_is_refused(order: OneOrder, steps: Scripted) -> None:
    assert await refused(order.place(None)) == "not_prepared"
    assert await order.result() is None
    assert steps.names() == []


async def test_each_warehouse_of_each_merchant_gets_one_parcel(order: OneOrder, steps: Scripted) -> None:
    order.warehouses = [HERE, THERE]
    await order.place()
    (opening,) = steps.told(OPEN)
    carried = {parcel.warehouse_id: [item.sku_id for item in parcel.items] for parcel in opening.parcels}
    assert carried == {HERE: [TEA.sku_id], THERE: [POT.sku_id]}


# ---- holds -----------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_hold_that_nobody_places_is_given_back_and_the_order_never_existed(
    order: OneOrder, steps: Scripted
) -> None:
    await order.prepare()
    await order.later(minutes=4, seconds=30)
    assert (await order.at("held")).step == "held"
    await order.later(minutes=1)
    assert await order.result() is None
    assert steps.names() == [QUOTE, RESERVE, RETURN, RELEASE]
    assert (await order.shows())["OrderStatus"] == "given_up"


async def test_a_held_order_is_cancelled_at_once(order: OneOrder, steps: Scripted) -> None:
    await order.prepare()
    answer = await order.cancel()
    assert (answer.status, answer.refunding) == (OrderStatus.CANCELLED, None)
    assert await order.result() is None
    assert steps.names() == [QUOTE, RESERVE, RETURN, RELEASE]


async def test_a_start_whose_wish_was_lost_gives_up_by_itself(order: OneOrder, steps: Scripted) -> None:
    await order.start_without_a_wish()
    await order.at("preparing")
    await order.later(minutes=6)
    assert await order.result() is None
    assert steps.names() == UNDOING  # a worker may have begun with it, and died before Temporal heard of it


async def test_a_wish_that_comes_after_a_lost_one_is_served(order: OneOrder, steps: Scripted) -> None:
    await order.start_without_a_wish()
    await order.place()
    await order.later(minutes=6)
    assert (await order.at("awaiting payment")).step == "awaiting payment"
    assert steps.names() == PLACING


async def test_two_wishes_for_one_order_are_not_both_granted(order: OneOrder, steps: Scripted) -> None:
    await order.prepare()
    both = [asyncio.create_task(order.place(None, key=key)) for key in ("a", "b")]
    await asyncio.wait(both)
    answers = [await refused(task) if task.exception() else "placed" for task in both]
    assert sorted(answers) == ["order_already_placed", "placed"]
    assert steps.names().count(OPEN) == 1


async def test_a_second_prepare_under_the_same_id_is_refused(order: OneOrder, steps: Scripted) -> None:
    both = [asyncio.create_task(order.prepare(key=key)) for key in ("a", "b")]
    await asyncio.wait(both)
    answers = [await refused(task) if task.exception() else "held" for task in both]
    assert sorted(answers) == ["held", "order_already_placed"]
    assert await refused(order.prepare(key="c")) == "order_already_placed"
    assert steps.names() == [QUOTE, RESERVE]


# ---- wishes at a wrong time, and of the wrong person -----------------------------------------------------------------


async def test_what_cannot_be_asked_yet_is_refused(order: OneOrder) -> None:
    await order.prepare()
    assert await refused(order.confirm()) == "parcels_under_way"
    assert await refused(order.decide(CommitDecision.RETRY)) == "nothing_to_decide"
    await order.place(None)
    assert await refused(order.prepare()) == "order_already_placed"
    assert await refused(order.place(None)) == "order_already_placed"
    assert await refused(order.confirm()) == "parcels_under_way"
    assert await refused(order.decide(CommitDecision.REFUND)) == "nothing_to_decide"


async def test_someone_elses_order_is_not_found(order: OneOrder, steps: Scripted) -> None:
    await order.prepare()
    assert await refused(order.place(None, by=SOMEONE_ELSE)) == "not_found"
    assert await refused(order.cancel(by=SOMEONE_ELSE)) == "not_found"
    assert await refused(order.confirm(by=SOMEONE_ELSE)) == "not_found"
    assert steps.names() == [QUOTE, RESERVE]
    await order.place(None, by=BUYER)


# ---- Temporal's own cancel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", PLACING)
async def test_temporals_cancel_ends_a_step_that_keeps_failing_and_undoes_it(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    steps.fail(step)
    placing = asyncio.create_task(order.place())
    await order.called(step, 5)
    await order.handle.cancel()
    assert is_cancelled_exception(await order.failure())
    assert await refused(placing) == "order_not_open"
    done = PLACING[: PLACING.index(step) + 1]
    assert [name for number, name in enumerate(steps.names()) if name not in steps.names()[:number]] == [
        *done,
        *UNDOING,
    ]


@pytest.mark.parametrize("step", PLACING)
@BOTH
async def test_temporals_cancel_in_the_middle_of_a_step_waits_for_its_end(
    order: OneOrder, steps: Scripted, step: str
) -> None:
    async def operator_cancels() -> None:
        await order.handle.cancel()
        await asyncio.sleep(0.2)

    steps.meanwhile(step, operator_cancels)
    await order.place()
    await order.called(STOP_PAYMENT)  # the order stands, and is called off like any other
    assert steps.names() == [*PLACING, STOP_PAYMENT]


async def test_temporals_cancel_of_a_held_order_releases_the_stock(order: OneOrder, steps: Scripted) -> None:
    await order.prepare()
    await order.handle.cancel()
    assert await order.result() is None
    assert steps.names() == [QUOTE, RESERVE, RETURN, RELEASE]


async def test_temporals_cancel_during_an_undo_does_not_break_it_off(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(OPEN_PAYMENT, NO)
    steps.fail(DISCARD)
    placing = asyncio.create_task(order.place())
    await order.called(DISCARD, 5)
    await order.handle.cancel()
    await order.called(DISCARD, 6)
    steps.heal(DISCARD)
    assert await refused(placing) == "unknown_sku"
    assert await order.result() == OrderStatus.CANCELLED
    assert steps.names() == [*PLACING, CLOSE_PAYMENT, *[DISCARD] * 7, RETURN, RELEASE]
