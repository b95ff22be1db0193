"""Parcels that were not planned: one that becomes two, one that is sent in exchange; and one that nobody signs for."""

import pytest

from models.fulfillment.errors import IllegalShipmentStep
from models.fulfillment.messages import ExceptionDecision
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus
from models.orders.messages import ParcelEnd
from models.orders.types import LineRequest
from tests.workflows.parcels import EXCHANGE, FINISH, ITEMS, POT, REFUND, RESTOCK, SPLIT, TEA, WAYBILL, Parcel, report
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted

S = ShipmentStatus


@pytest.fixture
async def on_the_shelf(parcel: Parcel) -> Parcel:
    """A parcel that waits to be let out by hand."""
    await parcel.start(Outbound.MANUAL)
    await parcel.is_now("picking, waiting for the warehouse to let it out")
    return parcel


async def test_a_parcel_becomes_two_and_goes_on_with_what_stays(on_the_shelf: Parcel, steps: Scripted) -> None:
    answer = await on_the_shelf.split(LineRequest(sku_id=POT, quantity=1), LineRequest(sku_id=TEA, quantity=1))
    (opened,) = steps.told(SPLIT)
    assert (answer.status, answer.new_shipment_id) == (S.PICKING, opened.new_id)
    assert opened.new_id != on_the_shelf.shipment_id == opened.shipment_id
    started = opened.start.of_split(opened.new_id, opened.items)
    assert (started.order_id, started.outbound, len(started.items)) == (on_the_shelf.order_id, Outbound.MANUAL, 2)
    assert await refused(on_the_shelf.dispatch(LineRequest(sku_id=POT, quantity=1))) == "picked_too_much"
    await on_the_shelf.dispatch(whole=True)
    await on_the_shelf.is_now(S.SHIPPED)
    await on_the_shelf.sign_off()
    assert await on_the_shelf.ended() is ParcelEnd.SIGNED


@pytest.mark.parametrize(
    "items",
    [
        ITEMS,
        (LineRequest(sku_id=TEA, quantity=3),),
        (LineRequest(sku_id=TEA, quantity=1), LineRequest(sku_id=TEA, quantity=1)),
    ],
    ids=["all of it", "more than is in it", "one SKU twice"],
)
async def test_what_cannot_be_split_off_is_refused(
    on_the_shelf: Parcel, steps: Scripted, items: tuple[LineRequest, ...]
) -> None:
    assert await refused(on_the_shelf.split(*items)) == "split_invalid"
    assert steps.told(SPLIT) == []


async def test_a_parcel_that_left_is_not_split(shipped: Parcel) -> None:
    assert await refused(shipped.split(LineRequest(sku_id=POT, quantity=1))) == "parcel_not_waiting"


async def test_a_split_that_the_store_refuses_changes_nothing(on_the_shelf: Parcel, steps: Scripted) -> None:
    steps.refuse(SPLIT, IllegalShipmentStep("It was let out."), times=1)
    assert await refused(on_the_shelf.split(LineRequest(sku_id=POT, quantity=1))) == "illegal_shipment_step"
    steps.fail(SPLIT, times=2)
    first, again = [await on_the_shelf.split(LineRequest(sku_id=TEA, quantity=1)), steps.told(SPLIT)]
    assert {opened.new_id for opened in again[1:]} == {first.new_shipment_id}, "a fault is repeated under the same id"
    assert await refused(on_the_shelf.split(LineRequest(sku_id=TEA, quantity=1), *ITEMS[1:])) == "split_invalid"


async def test_silence_after_delivery_signs_for_a_parcel(shipped: Parcel, steps: Scripted) -> None:
    await shipped.nobody_complains()
    assert await shipped.ended() is ParcelEnd.SIGNED
    (finish,) = steps.told(FINISH)
    assert (finish.step.to, finish.step.actor) == (S.SIGNED, "time")


async def test_silence_says_nothing_about_a_parcel_in_trouble(shipped: Parcel, steps: Scripted) -> None:
    await shipped.trouble(ExceptionKind.LOST)
    await shipped.is_now("an operator (lost)")
    await shipped.nobody_complains()
    await shipped.decide(ExceptionDecision.REFUND)
    assert await shipped.ended() is ParcelEnd.REFUNDED


async def test_an_exchange_that_arrives_is_told_to_its_aftersale(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(aftersale_id=EXCHANGE)
    await parcel.is_now(S.SHIPPED)
    await parcel.tracked(report(S.SIGNED))
    assert await parcel.ended() is ParcelEnd.SIGNED
    (finish,) = steps.told(FINISH)
    assert (finish.exchange.aftersale_id, finish.exchange.end, finish.exchange.missing) == (
        EXCHANGE,
        ParcelEnd.SIGNED,
        (),
    )


async def test_what_an_exchange_lacks_is_told_and_not_refunded_here(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(Outbound.MANUAL, aftersale_id=EXCHANGE)
    await parcel.dispatch(LineRequest(sku_id=TEA, quantity=2))
    await parcel.is_now(S.SHIPPED)
    await parcel.trouble(ExceptionKind.LOST)
    await parcel.decide(ExceptionDecision.REFUND)
    assert await parcel.ended() is ParcelEnd.REFUNDED
    (finish,) = steps.told(FINISH)
    assert {(item.sku_id, item.quantity) for item in finish.exchange.missing} == {(POT, 1), (TEA, 2)}
    assert (steps.told(REFUND), steps.told(RESTOCK)) == ([], []), "nothing came back, so nothing goes on the shelf"


async def test_an_exchange_that_comes_back_whole_is_on_the_shelf_again(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(aftersale_id=EXCHANGE)
    await parcel.is_now(S.SHIPPED)
    await parcel.trouble(ExceptionKind.REFUSED)
    await parcel.is_now(S.RETURNING)
    await parcel.receive_back()
    assert await parcel.ended() is ParcelEnd.REFUNDED
    (back,) = steps.told(RESTOCK)
    assert (sum(line.quantity for line in back.lines), steps.told(REFUND)) == (3, [])
    assert steps.told(WAYBILL)
