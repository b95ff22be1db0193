"""What an order spends beside money: coupons, points, uses of limited promotions, counts against purchase limits.

Each is taken once, before the step that needs it, and ends where its rule says, whatever becomes of the order.
"""

from typing import Any

import pytest

from api.edge.sagas import ask_starting
from models.inventory.errors import ReservationReleased, SoldOut
from models.orders.messages import CommitDecision, ParcelEnd, PlaceOrder, SettlementKind
from models.orders.types import OrderStatus
from models.promotions.errors import BenefitsReturned, CouponLocked, PromotionUsedUp, PurchaseLimitReached
from models.shared import Refusal
from tests.workflows.orders.one_order import (
    ADVANCE,
    BUYER,
    COMMIT,
    COUNT,
    DISCARD,
    HAND_OVER,
    HOLD,
    MONEY_CAME,
    OPEN,
    OPEN_PAYMENT,
    QUOTE,
    REDEEM,
    REFUND,
    RELEASE,
    RESERVE,
    RETURN,
    STOP_PARCELS,
    STOP_PAYMENT,
    UNDOING,
    OneOrder,
)
from tests.workflows.orders.spending import COUPON, LIMITED, SPENDING, USE, spends
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted
from workflows.checkout import Checkout

BOTH = pytest.mark.parametrize("order", ["inline", "queue"], indirect=True)

PLACING = [QUOTE, COUNT, RESERVE, HOLD, OPEN, OPEN_PAYMENT]


@pytest.fixture
def spending(order: OneOrder) -> OneOrder:
    return spends(order)


@BOTH
async def test_what_an_order_spends_is_held_before_it_is_opened_and_redeemed_when_it_is_paid(
    spending: OneOrder, steps: Scripted
) -> None:
    await spending.paid(SPENDING)
    await spending.at("fulfilling")
    assert steps.names() == [*PLACING, COMMIT, REDEEM, HAND_OVER]
    (count,), (hold,) = steps.told(COUNT), steps.told(HOLD)
    assert (count.lines, count.order_id) == ((LIMITED,), spending.order_id)
    assert (hold.coupons, hold.points, hold.uses) == ((COUPON,), 100, (USE,))
    await spending.parcels_end(ParcelEnd.SIGNED)
    await spending.at("delivered")
    await spending.confirm()
    assert await spending.result() == OrderStatus.COMPLETED
    assert RETURN not in steps.names()


async def test_an_order_that_spends_nothing_pays_nothing_for_it(order: OneOrder, steps: Scripted) -> None:
    await order.fulfilling()
    assert not {COUNT, HOLD, REDEEM, RETURN} & set(steps.names())


async def test_a_prepared_order_counts_while_it_holds_stock_and_spends_when_it_is_placed(
    spending: OneOrder, steps: Scripted
) -> None:
    await spending.prepare(SPENDING)
    assert steps.names() == [QUOTE, COUNT, RESERVE]
    await spending.place(None)
    assert steps.names() == [QUOTE, COUNT, RESERVE, QUOTE, HOLD, OPEN, OPEN_PAYMENT]


async def test_a_hold_that_lapses_gives_the_counts_back(spending: OneOrder, steps: Scripted) -> None:
    await spending.prepare(SPENDING)
    await spending.later(minutes=6)
    assert await spending.result() is None
    assert steps.names() == [QUOTE, COUNT, RESERVE, RETURN, RELEASE]


@pytest.mark.parametrize(
    ("step", "no"),
    [
        (COUNT, PurchaseLimitReached("Two each.")),
        (HOLD, CouponLocked("Another order holds it.")),
        (HOLD, PromotionUsedUp("It ran out.")),
        (OPEN, BenefitsReturned("Too late.")),
        (OPEN_PAYMENT, BenefitsReturned("Too late.")),
    ],
)
@BOTH
async def test_a_refusal_at_any_step_gives_everything_back_once(
    spending: OneOrder, steps: Scripted, step: str, no: Refusal
) -> None:
    steps.refuse(step, no)
    assert await refused(spending.place(SPENDING)) == no.code
    await spending.result()
    assert steps.names() == [*PLACING[: PLACING.index(step) + 1], *UNDOING]


@pytest.mark.parametrize("step", [COUNT, HOLD, REDEEM])
async def test_a_step_that_fails_for_a_while_is_repeated(spending: OneOrder, steps: Scripted, step: str) -> None:
    steps.fail(step, times=3)
    await spending.paid(SPENDING)
    await spending.at("fulfilling")
    assert steps.names().count(step) == 4
    assert len({repr(message) for message in steps.told(step)}) == 1


@pytest.mark.parametrize("kind", [SettlementKind.EXPIRED, SettlementKind.CANCELLED])
@BOTH
async def test_an_order_that_is_not_paid_gives_everything_back(
    spending: OneOrder, steps: Scripted, kind: SettlementKind
) -> None:
    await spending.place(SPENDING)
    await spending.payment_ends(kind)
    assert await spending.result() == OrderStatus.CANCELLED
    assert steps.names() == [*PLACING, RETURN, RELEASE, ADVANCE]


async def test_a_cancel_that_loses_against_the_payment_gives_everything_back(
    spending: OneOrder, steps: Scripted
) -> None:
    await spending.place(SPENDING)
    cancelling = await spending.asks_to_cancel()
    await spending.called(STOP_PAYMENT)
    await spending.payment_ends(SettlementKind.PAID)
    await cancelling
    assert await spending.result() == OrderStatus.CANCELLED
    assert steps.names() == [*PLACING, STOP_PAYMENT, RELEASE, RETURN, ADVANCE, REFUND]


@BOTH
async def test_a_paid_order_that_is_called_off_gives_everything_back(spending: OneOrder, steps: Scripted) -> None:
    await spending.paid(SPENDING)
    await spending.at("fulfilling")
    await spending.cancel()
    assert await spending.result() == OrderStatus.CANCELLED
    assert steps.names() == [*PLACING, COMMIT, REDEEM, HAND_OVER, STOP_PARCELS, RETURN, ADVANCE, REFUND]


async def test_an_order_whose_stock_cannot_be_committed_gives_everything_back(
    spending: OneOrder, steps: Scripted
) -> None:
    steps.refuse(COMMIT, BenefitsReturned("any refusal"))
    await spending.paid(SPENDING)
    await spending.at("stock not committed")
    await spending.decide(CommitDecision.REFUND)
    assert await spending.result() == OrderStatus.CANCELLED
    names = steps.names("bus.publish_events")
    assert names == [*PLACING, COMMIT, MONEY_CAME, RELEASE, RETURN, ADVANCE, REFUND]
    assert REDEEM not in names


async def test_books_that_disagree_about_a_coupon_do_not_stop_a_paid_order(spending: OneOrder, steps: Scripted) -> None:
    steps.refuse(REDEEM, BenefitsReturned("It was given back."))
    await spending.paid(SPENDING)
    await spending.at("fulfilling")
    assert DISCARD not in steps.names()


@pytest.mark.parametrize(
    ("step", "no"),
    [
        (COUNT, PurchaseLimitReached("Two each.")),
        (RESERVE, SoldOut("None is left.")),
    ],
)
async def test_a_refusal_keeps_its_reason_though_its_last_task_is_done_anew(
    spending: OneOrder, steps: Scripted, step: str, no: Refusal
) -> None:
    """The worker undid everything and was then too late for Temporal. What was given back is not taken again under this id,
    which is no reason to tell a buyer."""
    reserved = steps.answer_of(RESERVE)

    def unless(undone: str, refusal: Refusal, answer: Any) -> Any:
        def take(message: Any) -> Any:
            if steps.told(undone):
                raise refusal
            return answer(message)

        return take

    steps.answer(COUNT, unless(RETURN, BenefitsReturned("It was given back."), lambda _: None))
    steps.answer(RESERVE, unless(RELEASE, ReservationReleased("It was given back."), reserved))
    steps.refuse(step, no, times=1)

    async def somebody_reports() -> None:
        await spending.payment_ends(SettlementKind.EXPIRED)

    steps.meanwhile(RELEASE, somebody_reports)
    with pytest.raises(Refusal) as refusal:
        await ask_starting(
            spending.client,
            Checkout.place,
            PlaceOrder(asked_by=BUYER, basket=SPENDING),
            spending.starting(),
            "place/1",
            spending.workflow_id,
        )
    assert refusal.value.code == no.code
    await spending.result()
    assert await spending.counted("WORKFLOW_TASK_FAILED") == 1
    assert len(steps.told(step)) == 1


async def test_an_order_that_took_nothing_is_refused_without_a_pause(order: OneOrder, steps: Scripted) -> None:
    steps.refuse(RESERVE, SoldOut("None is left."))
    assert await refused(order.place()) == "sold_out"
    await order.result()
    assert await order.counted("TIMER_STARTED") == 0
