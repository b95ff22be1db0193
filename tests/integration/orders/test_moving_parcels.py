"""Parcels are opened once, move forward, and take their order with them; stopping is all or nothing."""

import asyncio
from datetime import timedelta
from itertools import permutations

import asyncpg
import pytest

from models.fulfillment.errors import IllegalShipmentStep, PickedTooMuch, ShipmentStopped
from models.fulfillment.types import ExceptionKind, Shipment, ShipmentSearch, ShipmentStatus
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen
from models.orders.types import CancelReason, FulfillmentStatus, LineRequest, OrderStatus, PaymentStatus
from models.shared.refusals import NotFound
from tests.integration.orders.shop import HOUSE, LATER, NOW, OTHER_HOUSE, POT, TEA, Shop, hand_over, opening, report, to

S = ShipmentStatus


async def fulfillment_of(shop: Shop, parcel: Shipment) -> FulfillmentStatus:
    return (await shop.orders.order(parcel.order_id)).fulfillment_status


async def test_twenty_hand_overs_at_once_open_each_parcel_once(shop: Shop) -> None:
    order = await shop.orders.open_once(opening(parcels=2))
    answers = await asyncio.gather(*(shop.parcels.open_shipments(hand_over(order)) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert [parcel.items for parcel in await shop.parcels.shipments_of(order.order_id)] == [
        parcel.items for parcel in sorted(order.parcels, key=lambda parcel: parcel.shipment_id)
    ]
    steps = [entry.step for entry in await shop.orders.timeline(order.order_id)]
    assert steps[1:] == ["paid", "parcel_picking", "parcel_picking"]
    handed_over = await shop.orders.order(order.order_id)
    assert handed_over == answers[0][0]
    assert (handed_over.status, handed_over.payment_status) == (OrderStatus.PAID, PaymentStatus.PAID)
    assert handed_over.paid_at == LATER
    assert handed_over.version == order.version + 1, "it is never seen paid and without parcels"


async def test_an_order_that_is_over_or_was_stopped_is_not_handed_over(shop: Shop) -> None:
    cancelled = [await shop.orders.open_once(opening("unpaid")), await shop.paid("paid")]
    for order in cancelled:
        await shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_USER))
        with pytest.raises(OrderNotOpen):
            await shop.parcels.open_shipments(hand_over(order))
        assert await shop.parcels.shipments_of(order.order_id) == []


async def test_a_parcel_takes_its_order_from_unfulfilled_to_delivered(shop: Shop) -> None:
    first, second = await shop.handed_over(parcels=2)
    for parcel, waybill in ((first, "W1"), (second, "W2")):
        await shop.moved(parcel, S.OUTBOUND)
        assert await fulfillment_of(shop, parcel) is (
            FulfillmentStatus.UNFULFILLED if parcel is first else FulfillmentStatus.PART_SHIPPED
        )
        shipped = await shop.booked(parcel, waybill)
        assert (shipped.status, shipped.carrier, shipped.waybill) == (S.SHIPPED, "sandbox", waybill)
    assert await fulfillment_of(shop, first) is FulfillmentStatus.SHIPPED
    for parcel in (first, second):
        signed = await shop.moved(parcel, S.SIGNED)
        assert signed.signed_at == LATER
    assert await fulfillment_of(shop, first) is FulfillmentStatus.DELIVERED
    assert await shop.breaks() == []


async def test_a_repeated_step_changes_nothing_and_an_impossible_one_is_refused(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    packed = await shop.moved(parcel, S.OUTBOUND)
    assert await shop.moved(parcel, S.OUTBOUND) == packed
    for impossible in (S.SIGNED, S.SHIPPED, S.RETURNED, S.PICKING):
        with pytest.raises(IllegalShipmentStep):
            await shop.moved(parcel, impossible)
    assert await shop.parcels.shipment(parcel.shipment_id) == packed


async def test_a_short_pick_is_kept_and_weighed_and_more_than_asked_is_refused(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    one_tea = (LineRequest(sku_id=TEA.sku_id, quantity=1),)
    with pytest.raises(PickedTooMuch):
        await shop.moved(parcel, S.OUTBOUND, picked=(LineRequest(sku_id=POT.sku_id, quantity=2),))
    assert (await shop.parcels.parcel_to_send(parcel.shipment_id)).weight_g == 300
    assert (await shop.moved(parcel, S.OUTBOUND, picked=one_tea)).picked == one_tea
    assert (await shop.parcels.parcel_to_send(parcel.shipment_id)).weight_g == 100
    await shop.moved(parcel, S.EXCEPTION, exception=ExceptionKind.DAMAGED)
    assert (await shop.moved(parcel, S.PICKING)).picked == one_tea, "a reshipment is of what was in the parcel"


async def test_stopping_takes_every_parcel_or_none(shop: Shop) -> None:
    first, second = await shop.handed_over(parcels=2)
    await shop.moved(first, S.OUTBOUND)
    await shop.booked(first)
    with pytest.raises(OrderAlreadyShipped):
        await shop.stop(first.order_id)
    assert (await shop.parcels.shipment(second.shipment_id)).status is S.PICKING


async def test_stopping_is_repeatable_and_stops_the_order(shop: Shop) -> None:
    first, _ = await shop.handed_over(parcels=2)
    stopped = await shop.stop(first.order_id)
    assert {parcel.status for parcel in stopped} == {S.STOPPED}
    assert await shop.stop(first.order_id) == stopped
    assert await fulfillment_of(shop, first) is FulfillmentStatus.STOPPED


async def test_of_stopping_and_shipping_at_once_exactly_one_happens(shop: Shop) -> None:
    outcomes = set()
    for number in range(30):
        (parcel,) = await shop.handed_over(str(number))
        await shop.moved(parcel, S.OUTBOUND)
        stopped, shipped = await asyncio.gather(
            shop.stop(parcel.order_id), shop.booked(parcel, waybill=f"W{number}"), return_exceptions=True
        )
        after = await shop.parcels.shipment(parcel.shipment_id)
        if isinstance(stopped, OrderAlreadyShipped):
            assert shipped == after
            assert after.status is S.SHIPPED
        else:
            assert isinstance(shipped, ShipmentStopped)
            assert after.status is S.STOPPED
        outcomes.add(after.status)
    assert await shop.breaks() == []


async def test_twenty_bookings_at_once_bind_one_waybill(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    await shop.moved(parcel, S.OUTBOUND)
    bound = await asyncio.gather(*(shop.booked(parcel, waybill=f"W{n}") for n in range(20)))
    assert len({shipment.waybill for shipment in bound}) == 1
    found = await shop.parcels.heard_under("sandbox", str(bound[0].waybill), LATER)
    assert found is not None
    assert found.shipment_id == parcel.shipment_id


async def test_a_waybill_belongs_to_one_parcel(shop: Shop) -> None:
    await shop.shipped("first")
    (other,) = await shop.handed_over("second")
    await shop.moved(other, S.OUTBOUND)
    with pytest.raises(asyncpg.UniqueViolationError):
        await shop.booked(other, waybill="W-first")


async def test_reports_in_any_order_end_at_the_furthest_point_and_are_all_kept(shop: Shop) -> None:
    reports = [report(S.SHIPPED, 1), report(S.DELIVERED, 2), report(S.SIGNED, 3)]
    for number, order in enumerate(permutations(reports)):
        parcel = await shop.shipped(str(number))
        for said in order:
            await shop.parcels.add_tracking(parcel.shipment_id, said)
        after = await shop.parcels.shipment(parcel.shipment_id)
        assert (after.status, after.signed_at) == (S.SIGNED, NOW + timedelta(minutes=3))
        assert [event.status for event in after.tracking] == ["shipped", "delivered", "signed"]
        assert await fulfillment_of(shop, parcel) is FulfillmentStatus.DELIVERED


async def test_twenty_copies_of_a_report_count_once(shop: Shop) -> None:
    parcel = await shop.shipped()
    tracked = await asyncio.gather(
        *(shop.parcels.add_tracking(parcel.shipment_id, report(S.DELIVERED, 5)) for _ in range(20))
    )
    assert {(one.shipment.status, one.moved) for one in tracked} == {(S.DELIVERED, True)}
    assert [event.status for event in (await shop.parcels.shipment(parcel.shipment_id)).tracking] == ["delivered"]


async def test_a_report_is_answered_again_as_long_as_the_parcel_is_where_it_led(shop: Shop) -> None:
    parcel, refused = await shop.shipped(), report(S.EXCEPTION, 5, exception=ExceptionKind.REFUSED)
    for _ in range(2):  # the saga's worker died before Temporal heard of the first
        tracked = await shop.parcels.add_tracking(parcel.shipment_id, refused)
        assert (tracked.moved, tracked.shipment.exception) == (True, ExceptionKind.REFUSED)
    await shop.moved(parcel, S.RETURNING)
    assert not (await shop.parcels.add_tracking(parcel.shipment_id, refused)).moved


async def test_a_report_before_hand_over_is_kept_and_moves_nothing(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    tracked = await shop.parcels.add_tracking(parcel.shipment_id, report(S.SIGNED, 5))
    assert (tracked.moved, tracked.shipment.status, len(tracked.shipment.tracking)) == (False, S.PICKING, 1)


async def test_an_exception_without_a_kind_is_a_mistake_in_code(shop: Shop) -> None:
    parcel = await shop.shipped()
    with pytest.raises(ValueError, match="kind"):
        await shop.parcels.add_tracking(parcel.shipment_id, report(S.EXCEPTION, 5))
    with pytest.raises(ValueError, match="kind"):
        await shop.moved(parcel, S.EXCEPTION)


async def test_a_lost_parcel_is_packed_again_under_a_new_waybill(shop: Shop) -> None:
    parcel = await shop.shipped()
    lost = report(S.EXCEPTION, 5, exception=ExceptionKind.LOST)
    assert (await shop.parcels.add_tracking(parcel.shipment_id, lost)).moved
    again = await shop.moved(parcel, S.PICKING)
    assert (again.round, again.waybill, again.exception) == (2, None, None)
    assert await shop.parcels.heard_under("sandbox", "W-order", LATER) is None
    with pytest.raises(NotFound):
        await shop.parcels.heard_under("sandbox", "W-of-nobody", LATER)
    with pytest.raises(OrderAlreadyShipped):
        await shop.stop(parcel.order_id)
    assert await fulfillment_of(shop, parcel) is FulfillmentStatus.UNFULFILLED
    await shop.moved(parcel, S.OUTBOUND)
    assert (await shop.booked(parcel, waybill="W-new")).waybill == "W-new"
    assert await shop.breaks() == []


async def test_a_refused_parcel_comes_back_and_remembers_why(shop: Shop) -> None:
    parcel = await shop.shipped()
    refused = report(S.EXCEPTION, 5, exception=ExceptionKind.REFUSED)
    await shop.parcels.add_tracking(parcel.shipment_id, refused)
    for step in (S.RETURNING, S.RETURNED):
        after = await shop.moved(parcel, step)
    assert after.exception is ExceptionKind.REFUSED
    assert await fulfillment_of(shop, parcel) is FulfillmentStatus.STOPPED


async def test_queues_of_work_are_found_by_what_parcels_wait_for(shop: Shop) -> None:
    first, second = await shop.handed_over(parcels=2)
    await shop.moved(second, S.EXCEPTION, exception=ExceptionKind.DAMAGED)
    houses = {parcel.shipment_id: parcel.warehouse_id for parcel in (first, second)}
    assert set(houses.values()) == {HOUSE, OTHER_HOUSE}
    searches = [
        (ShipmentSearch(status=S.PICKING), [first]),
        (ShipmentSearch(exception=ExceptionKind.DAMAGED), [second]),
        (ShipmentSearch(warehouse_id=houses[second.shipment_id]), [second]),
        (ShipmentSearch(exception=ExceptionKind.LOST), []),
        (ShipmentSearch(), [first, second]),
    ]
    for wanted, found in searches:
        ids = [parcel.shipment_id for parcel in await shop.parcels.search(wanted, limit=9)]
        assert ids == [parcel.shipment_id for parcel in found], wanted
    following = await shop.parcels.search(ShipmentSearch(), limit=9, after=first.shipment_id)
    assert [parcel.shipment_id for parcel in following] == [second.shipment_id]


async def test_parcels_in_trouble_are_looked_up_and_not_searched_for_among_all(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    await shop.moved(parcel, S.EXCEPTION, exception=ExceptionKind.DAMAGED)
    async with shop.db.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        question = "WHERE exception = 'damaged' ORDER BY shipment_id LIMIT 50"
        plan = await tx.fetch(f"EXPLAIN SELECT * FROM shipments {question}")
    assert "shipments_troubled" in "".join(line[0] for line in plan)


async def test_each_parcel_under_way_is_polled_by_one_poller_and_not_too_often(shop: Shop) -> None:
    for number in range(6):
        await shop.shipped(str(number))
    every, now = timedelta(minutes=10), LATER + timedelta(minutes=20)
    assert await shop.parcels.heard_under("sandbox", "W-5", now) is not None
    taken = await asyncio.gather(*(shop.parcels.take_for_polling(now, now - every, 2) for _ in range(5)))
    ids = [parcel.shipment_id for some in taken for parcel in some]
    assert len(ids) == len(set(ids)) == 5, "the one that was just heard of is not asked about"
    later = now + timedelta(minutes=9)
    assert await shop.parcels.take_for_polling(later, later - every, 9) == []


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        ("UPDATE orders SET fulfillment_status = 'delivered'", "fulfillment_unexplained"),
        ("UPDATE orders SET status = 'pending_payment'", "parcels_without_payment"),
        ("UPDATE orders SET status = 'completed', completed_at = now()", "completed_on_the_way"),
        (
            "UPDATE orders SET status = 'cancelled', cancelled_at = '2020-01-01', cancel_reason = 'by_user'",
            "cancelled_but_packed",
        ),
    ],
)
async def test_the_audit_finds_orders_that_disagree_with_their_parcels(shop: Shop, sabotage: str, found: str) -> None:
    await shop.handed_over()
    assert await shop.breaks() == []
    await shop.db.pool.execute(sabotage)
    assert found in await shop.breaks()
