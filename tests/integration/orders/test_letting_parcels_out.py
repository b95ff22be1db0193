"""An automatic warehouse lets a parcel out with its waybill, in one transaction; what people say about parcels is kept."""

import pytest

from models.fulfillment.errors import IllegalShipmentStep, ShipmentStopped
from models.fulfillment.messages import AdvanceShipment, BookWaybill
from models.fulfillment.rules import replacement_id
from models.fulfillment.types import ExceptionKind, Shipment, ShipmentStatus
from tests.integration.orders.shop import LATER, Shop

S = ShipmentStatus


async def booked(shop: Shop, parcel: Shipment, *, let_out: bool) -> Shipment:
    sent = await shop.parcels.parcel_to_send(parcel.shipment_id)
    booking = BookWaybill(
        shipment_id=parcel.shipment_id, order_id=parcel.order_id, carrier="sandbox", at=LATER, let_out=let_out
    )
    return await shop.parcels.bind_waybill_once(booking, "W1", sent)


async def steps_told(shop: Shop, parcel: Shipment) -> list[str]:
    timeline = await shop.orders.timeline(parcel.order_id)
    return [entry.step for entry in timeline if entry.step.startswith("parcel_")]


async def test_a_parcel_goes_from_the_shelf_to_its_carrier_in_one_step(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    shipped = await booked(shop, parcel, let_out=True)
    assert (shipped.status, shipped.waybill) == (S.SHIPPED, "W1")
    assert await booked(shop, parcel, let_out=True) == shipped
    assert await steps_told(shop, parcel) == ["parcel_picking", "parcel_outbound", "parcel_shipped"]
    assert await shop.breaks() == []


async def test_a_parcel_that_waits_for_the_warehouse_gets_no_waybill(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    with pytest.raises(IllegalShipmentStep):
        await booked(shop, parcel, let_out=False)
    assert await steps_told(shop, parcel) == ["parcel_picking"]


async def test_a_stopped_parcel_is_not_let_out(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    await shop.stop(parcel.order_id)
    with pytest.raises(ShipmentStopped):
        await booked(shop, parcel, let_out=True)


async def test_what_an_operator_says_about_a_parcel_stands_in_the_timeline(shop: Shop) -> None:
    parcel = await shop.shipped()
    step = AdvanceShipment(
        shipment_id=parcel.shipment_id,
        order_id=parcel.order_id,
        to=S.EXCEPTION,
        at=LATER,
        actor="operator:1",
        exception=ExceptionKind.LOST,
        detail="the carrier closed its search",
    )
    await shop.parcels.advance(step)
    details = [entry.detail for entry in await shop.orders.timeline(parcel.order_id)]
    assert f"{parcel.shipment_id} lost: the carrier closed its search" in details


async def test_each_packing_takes_its_goods_under_a_name_of_its_own(shop: Shop) -> None:
    parcel = await shop.shipped()
    await shop.moved(parcel, S.EXCEPTION, exception=ExceptionKind.LOST)
    again = await shop.moved(parcel, S.PICKING)
    assert len({parcel.order_id, replacement_id(parcel, 2), replacement_id(parcel, 3)}) == 3
    # Whoever plans the second packing once more, since nobody heard that it was begun, does not take goods twice.
    assert replacement_id(again, 2) == replacement_id(parcel, 2)
