"""Status, money and timeline move together, and of two that race one wins."""

import asyncio
from datetime import timedelta
from itertools import product

import asyncpg
import pytest

from models.orders.errors import IllegalTransition, OrderConflict, OrderNotPaid, RefundAboveTotal
from models.orders.messages import AdvanceOrder, NoteStep, PaymentReceived, RefundRecorded
from models.orders.rules import NEXT_STATUS
from models.orders.types import CancelReason, Order, OrderStatus, PaymentStatus, TimelineEntry
from models.shared import Money
from models.shared.ids import RefundId
from models.shared.refusals import NotFound
from tests.integration.orders.shop import LATER, NOW, Shop, named, opening, to

TIMEOUT = CancelReason.PAYMENT_TIMEOUT


def reason_for(status: OrderStatus) -> CancelReason | None:
    return TIMEOUT if status is OrderStatus.CANCELLED else None


async def an_order_that_is(shop: Shop, status: OrderStatus, name: str) -> Order:
    order = await shop.orders.open_once(opening(name))
    way = {OrderStatus.PENDING_PAYMENT: [], OrderStatus.COMPLETED: [OrderStatus.PAID, OrderStatus.COMPLETED]}
    for step in way.get(status, [status]):
        order = await shop.orders.advance(to(order.order_id, step, reason_for(step)))
    return order


async def test_the_store_takes_legal_steps_and_refuses_every_other(shop: Shop) -> None:
    for current, wanted in product(OrderStatus, OrderStatus):
        order = await an_order_that_is(shop, current, f"{current} to {wanted}")
        step = to(order.order_id, wanted, reason_for(wanted), LATER + timedelta(hours=1))
        if wanted is current:
            assert await shop.orders.advance(step) == order
        elif wanted in NEXT_STATUS[current]:
            after = await shop.orders.advance(step)
            assert (after.status, after.version) == (wanted, order.version + 1)
        else:
            with pytest.raises(IllegalTransition):
                await shop.orders.advance(step)
            assert await shop.orders.order(order.order_id) == order


async def test_each_step_writes_its_time_and_its_timeline_entry(shop: Shop) -> None:
    order = await shop.paid()
    until = LATER + timedelta(days=15)
    done = AdvanceOrder(
        order_id=order.order_id, to=OrderStatus.COMPLETED, at=LATER, actor="buyer", aftersale_until=until
    )
    completed = await shop.orders.advance(done)
    assert (completed.paid_at, completed.completed_at, completed.aftersale_until) == (LATER, LATER, until)
    entries = await shop.orders.timeline(order.order_id)
    assert [(entry.step, entry.actor) for entry in entries] == [
        ("opened", "buyer"),
        ("paid", "saga"),
        ("completed", "buyer"),
    ]
    assert {entry.workflow_id for entry in entries} == {f"checkout/{order.order_id}"}


async def test_a_cancel_and_a_payment_at_once_never_forget_the_money(shop: Shop) -> None:
    for number in range(20):
        order = await shop.orders.open_once(opening(str(number)))
        paid, cancelled = await asyncio.gather(
            shop.orders.advance(to(order.order_id, OrderStatus.PAID)),
            shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_USER)),
            return_exceptions=True,
        )
        after = await shop.orders.order(order.order_id)
        assert after == cancelled
        lost = isinstance(paid, IllegalTransition)
        assert after.payment_status is (PaymentStatus.UNPAID if lost else PaymentStatus.REFUNDING)
        assert after.version == (2 if lost else 3)


async def test_a_completion_and_a_cancel_at_once_never_both_happen(shop: Shop) -> None:
    for number in range(20):
        order = await shop.paid(str(number))
        results = await asyncio.gather(
            shop.orders.advance(to(order.order_id, OrderStatus.COMPLETED)),
            shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_OPERATOR)),
            return_exceptions=True,
        )
        refused = [result for result in results if isinstance(result, IllegalTransition)]
        assert len(refused) == 1
        assert (await shop.orders.order(order.order_id)).version == order.version + 1


async def test_twenty_repetitions_of_a_step_are_one_step(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    await asyncio.gather(*(shop.orders.advance(to(order.order_id, OrderStatus.PAID)) for _ in range(20)))
    assert (await shop.orders.order(order.order_id)).version == 2
    assert [entry.step for entry in await shop.orders.timeline(order.order_id)] == ["opened", "paid"]


async def test_cancelling_takes_a_reason_and_nothing_else_does(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    for wrong in (to(order.order_id, OrderStatus.CANCELLED), to(order.order_id, OrderStatus.PAID, TIMEOUT)):
        with pytest.raises(ValueError, match="cancel_reason"):
            await shop.orders.advance(wrong)


async def test_an_unpaid_order_that_is_cancelled_owes_nothing(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    cancelled = await shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, TIMEOUT))
    assert (cancelled.payment_status, cancelled.paid_at) == (PaymentStatus.UNPAID, None)
    with pytest.raises(OrderNotPaid):
        await shop.orders.record_refund(refund(order, 1))


@pytest.mark.parametrize("how", ["received before", "said with the step", "no stock for it"])
async def test_an_order_cancelled_with_its_money_there_is_refunding(shop: Shop, how: str) -> None:
    order = await shop.orders.open_once(opening())
    step = to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_USER)
    match how:
        case "received before":
            received = PaymentReceived(order_id=order.order_id, at=LATER)
            paid = await shop.orders.record_payment(received)
            assert (paid.status, paid.payment_status) == (OrderStatus.PENDING_PAYMENT, PaymentStatus.PAID)
            assert await shop.orders.record_payment(received) == paid
        case "said with the step":
            step = step.model_copy(update={"paid_at": LATER})
        case _:
            step = to(order.order_id, OrderStatus.CANCELLED, CancelReason.STOCK_COMMIT_FAILED)
    cancelled = await shop.orders.advance(step)
    assert (cancelled.payment_status, cancelled.paid_at) == (PaymentStatus.REFUNDING, LATER)
    back = await shop.orders.record_refund(refund(order, order.total.minor))
    assert (back.payment_status, back.refunded) == (PaymentStatus.REFUNDED, order.total)


def refund(order: Order, minor: int, name: str = "refund") -> RefundRecorded:
    return RefundRecorded(order_id=order.order_id, refund_id=named(RefundId, name), amount=Money(minor=minor), at=LATER)


async def test_twenty_recordings_of_one_refund_count_once(shop: Shop) -> None:
    order = await shop.paid()
    await asyncio.gather(*(shop.orders.record_refund(refund(order, 1000)) for _ in range(20)))
    after = await shop.orders.order(order.order_id)
    assert (after.refunded, after.payment_status) == (Money(minor=1000), PaymentStatus.PART_REFUNDED)
    assert await shop.breaks() == []


async def test_refunds_at_once_never_exceed_what_was_paid(shop: Shop) -> None:
    order = await shop.paid()
    results = await asyncio.gather(
        *(shop.orders.record_refund(refund(order, 1500, str(n))) for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, RefundAboveTotal) for result in results) == 7
    assert (await shop.orders.order(order.order_id)).refunded == Money(minor=4500)


async def test_a_refund_id_names_one_refund(shop: Shop) -> None:
    order = await shop.paid()
    await shop.orders.record_refund(refund(order, 1000))
    with pytest.raises(OrderConflict):
        await shop.orders.record_refund(refund(order, 999))


async def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    unknown = opening().order_id
    for call in (shop.orders.order(unknown), shop.orders.advance(to(unknown, OrderStatus.PAID))):
        with pytest.raises(NotFound):
            await call


async def test_the_timeline_takes_steps_from_before_the_order_and_each_once(shop: Shop) -> None:
    order_id = opening().order_id
    entry = TimelineEntry(at=NOW - timedelta(seconds=9), step="stock_held", actor="saga", detail="x" * 900)
    for _ in range(2):
        await shop.orders.note_step(NoteStep(order_id=order_id, entry=entry))
    await shop.orders.open_once(opening())
    assert [noted.step for noted in await shop.orders.timeline(order_id)] == ["stock_held", "opened"]


@pytest.mark.parametrize("statement", ["UPDATE order_timeline SET step = 'x'", "DELETE FROM order_timeline"])
async def test_the_timeline_cannot_be_rewritten(shop: Shop, statement: str) -> None:
    await shop.orders.open_once(opening())
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await shop.db.pool.execute(statement)


async def test_the_database_itself_refuses_rows_that_contradict_themselves(shop: Shop) -> None:
    await shop.orders.open_once(opening())
    for change in (
        "status = 'lost'",
        "total_minor = total_minor + 1",
        "refunded_minor = total_minor + 1",
        "refunded_minor = -1",
        "status = 'cancelled'",
        "status = 'paid'",
        "payment_status = 'paid'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await shop.db.pool.execute(f"UPDATE orders SET {change}")


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        (
            "UPDATE order_lines SET discount_minor = 1, total_minor = total_minor - 1 WHERE line_no = 1",
            "total_unexplained",
        ),
        ("UPDATE orders SET refunded_minor = 1", "refunded_unexplained"),
        ("UPDATE orders SET paid_at = '2020-01-01'", "not_handed_over"),
    ],
)
async def test_the_audit_finds_what_was_tampered_with(shop: Shop, sabotage: str, found: str) -> None:
    await shop.paid()
    assert await shop.breaks() == []
    await shop.db.pool.execute(sabotage)
    assert found in await shop.breaks()


async def test_the_audit_finds_an_order_that_waits_too_long(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    assert await shop.breaks(order.payment_due_at + timedelta(minutes=59)) == []
    assert await shop.breaks(order.payment_due_at + timedelta(minutes=61)) == ["payment_overdue"]


async def test_the_audit_finds_a_step_that_the_timeline_does_not_tell(shop: Shop) -> None:
    await shop.orders.open_once(opening())
    await shop.db.pool.execute(
        "UPDATE orders SET status = 'cancelled', cancelled_at = now(), cancel_reason = 'by_user'"
    )
    assert await shop.breaks() == ["step_untold"]


async def test_the_audit_finds_a_step_that_the_timeline_tells_twice(shop: Shop) -> None:
    await shop.orders.open_once(opening())
    await shop.db.pool.execute(
        "INSERT INTO order_timeline (order_id, at, step, actor, detail)"
        " SELECT order_id, at + interval '1 s', step, actor, detail FROM order_timeline"
    )
    assert await shop.breaks() == ["step_told_twice"]
