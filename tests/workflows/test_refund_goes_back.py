"""Money that goes back without trouble: whole, in part, over one channel or several, at once or after a while."""

import pytest

from models.inventory.messages import Restock
from models.inventory.types import SkuQuantity
from models.payments.messages import RefundDecision, RefundLegState
from models.payments.types import RefundReason, RefundState
from models.shared.ids import AttemptId
from tests.workflows.refunds import CARD, PROCESSING, T0, TEA, WALLET, WENT_BACK, Refunding, cny, says
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted
from workflows.refund import Refund

STRAIGHT = [
    "payments.hold_refund",
    "payments.send_refund_leg",
    "payments.book_refund",
    "inventory.restock",
    "orders.record_refund",
    "promotions.settle_refund",
]


async def test_all_that_is_left_goes_back_and_the_goods_with_it(refunding: Refunding, steps: Scripted) -> None:
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == STRAIGHT
    (restock,), (recorded,) = steps.told("inventory.restock"), steps.told("orders.record_refund")
    lines = (SkuQuantity(sku_id=TEA, quantity=2),)
    assert restock == Restock(order_id=refunding.order_id, key=refunding.refund_id, lines=lines)
    assert (recorded.amount, recorded.refund_id, recorded.sku_ids) == (cny(7_000), refunding.refund_id, (TEA,))


async def test_the_one_who_asks_hears_at_once_what_is_held(refunding: Refunding, steps: Scripted) -> None:
    steps.answer("payments.send_refund_leg", PROCESSING)
    answer = await refunding.begin()
    assert (answer.amount, answer.state) == (cny(7_000), RefundState.HELD)
    assert not steps.told("payments.book_refund")


async def test_an_amount_alone_brings_no_goods_back(refunding: Refunding, steps: Scripted) -> None:
    await refunding.start(amount=cny(1_000), lines=())
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == [name for name in STRAIGHT if name != "inventory.restock"]
    assert steps.told("payments.hold_refund")[0].amount == cny(1_000)


async def test_lines_that_stay_with_the_buyer_are_not_restocked(refunding: Refunding, steps: Scripted) -> None:
    await refunding.start(restock=False)
    await refunding.ended()
    assert "inventory.restock" not in steps.names()
    assert steps.told("orders.record_refund")[0].sku_ids == (TEA,)


async def test_units_bring_back_what_was_paid_for_them_and_what_paid_for_it(
    refunding: Refunding, steps: Scripted
) -> None:
    refunding.brings(cny(7_000), points=30)
    await refunding.start(by_lines=True, shipping=False)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == ["orders.take_return", *STRAIGHT]
    (take,), (hold,) = steps.told("orders.take_return"), steps.told("payments.hold_refund")
    assert ([(line.sku_id, line.quantity) for line in take.lines], take.shipping) == ([(TEA, 2)], False)
    assert (hold.amount, hold.refund_id) == (cny(7_000), refunding.refund_id)
    (settle,) = steps.told("promotions.settle_refund")
    assert (settle.refunded, settle.points, settle.whole) == (cny(7_000), 30, False)


async def test_units_that_cost_nothing_go_back_without_money(refunding: Refunding, steps: Scripted) -> None:
    refunding.brings(cny(0), points=30, whole=True)
    await refunding.start(by_lines=True)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == ["orders.take_return", "inventory.restock", "promotions.settle_refund"]
    (settle,) = steps.told("promotions.settle_refund")
    assert (settle.points, settle.whole) == (30, True)


async def test_an_order_that_is_over_gives_its_coupons_and_points_back_itself(
    refunding: Refunding, steps: Scripted
) -> None:
    await refunding.start(reason=RefundReason.ORDER_CANCELLED)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == STRAIGHT[:-1]


async def test_surplus_money_goes_back_without_a_word_to_the_order(refunding: Refunding, steps: Scripted) -> None:
    await refunding.start(attempt_id=AttemptId.derive(T0, "card"), lines=(), restock=False)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert "orders.record_refund" not in steps.names()


async def test_every_leg_is_sent_before_one_is_waited_for(refunding: Refunding, steps: Scripted, sagas: Sagas) -> None:
    refunding.goes_over(CARD, WALLET)
    steps.answer("payments.send_refund_leg", lambda ref: PROCESSING.model_copy(update={"leg_id": ref.leg_id}))
    await refunding.start()
    await sagas.called("payments.send_refund_leg", times=2)
    for part in (WALLET, CARD):
        await refunding.handle.signal(Refund.refund_reported, says(RefundLegState.SUCCEEDED, part))
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert "payments.ask_refund_leg" not in steps.names()
    assert steps.told("orders.record_refund")[0].amount == cny(10_000)


async def test_a_callback_ends_the_waiting(refunding: Refunding, steps: Scripted, sagas: Sagas) -> None:
    steps.answer("payments.send_refund_leg", PROCESSING)
    await refunding.start()
    await sagas.until(refunding.handle, "works on")
    await refunding.handle.signal(Refund.refund_reported, PROCESSING)
    await refunding.handle.signal(Refund.refund_reported, WENT_BACK)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert "payments.ask_refund_leg" not in steps.names()


async def test_a_callback_may_overtake_the_answer_of_the_call(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    async def channel_calls_back() -> None:
        await refunding.handle.signal(Refund.refund_reported, WENT_BACK)

    steps.answer("payments.send_refund_leg", PROCESSING)
    steps.meanwhile("payments.send_refund_leg", channel_calls_back)
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert "payments.ask_refund_leg" not in steps.names()


async def test_without_a_callback_the_channel_is_asked_until_it_knows(refunding: Refunding, steps: Scripted) -> None:
    words = [PROCESSING, PROCESSING, WENT_BACK]
    steps.answer("payments.send_refund_leg", PROCESSING)
    steps.answer("payments.ask_refund_leg", lambda _: words.pop(0))
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert len(steps.told("payments.ask_refund_leg")) == 3
    assert len(steps.told("payments.send_refund_leg")) == 1


@pytest.mark.proof
async def test_questions_come_further_and_further_apart(refunding: Refunding, steps: Scripted, sagas: Sagas) -> None:
    steps.answer("payments.send_refund_leg", PROCESSING)
    steps.answer("payments.ask_refund_leg", PROCESSING)
    await refunding.start()
    await sagas.until(refunding.handle, "works on")
    await sagas.later(refunding.handle, hours=6)
    asked = len(steps.told("payments.ask_refund_leg"))
    assert 10 <= asked <= 14  # at 30 s, 90 s … 1 h, then hourly
    await refunding.handle.signal(Refund.refund_reported, WENT_BACK)
    assert await refunding.ended() is RefundState.SUCCEEDED


@pytest.mark.parametrize("name", STRAIGHT)
async def test_a_step_that_fails_a_while_is_repeated_and_all_comes_right(
    refunding: Refunding, steps: Scripted, name: str
) -> None:
    steps.fail(name, times=5)
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert len(steps.told(name)) == 6
    assert list(dict.fromkeys(steps.names())) == STRAIGHT
    assert len(set(map(repr, steps.told(name)))) == 1  # the same message, so the same key, every time


async def test_temporal_cannot_cancel_money_that_was_promised(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    steps.answer("payments.send_refund_leg", PROCESSING)
    await refunding.begin()
    await sagas.until(refunding.handle, "works on")
    await refunding.handle.cancel()
    await sagas.later(refunding.handle, seconds=1)
    await refunding.handle.signal(Refund.refund_reported, WENT_BACK)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.names() == STRAIGHT


async def test_nobody_decides_about_a_refund_that_goes_on_by_itself(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    steps.answer("payments.send_refund_leg", PROCESSING)
    await refunding.begin()
    assert await refused(refunding.decide(RefundDecision.RETRY)) == "no_refund_decision_needed"
